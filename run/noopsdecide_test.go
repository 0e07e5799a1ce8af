package run

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trialtest"
	"example.org/demote/search"
)

// TestNoOpsDecideAsNaive holds whole searches of the dim network against the naive scan, by a count and by a
// number.
func TestNoOpsDecideAsNaive(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for _, metric := range []string{"agreement", "sqnr"} {
		for _, strategy := range []string{"demotion", "greedy"} {
			t.Run(metric+" "+strategy, func(t *testing.T) {
				cfg := tasktest.DimConfig(t)
				cfg.Metric, cfg.Strategy, cfg.Block = metric, strategy, 2
				if metric == "agreement" {
					cfg.Target = "16bit-0.02"
				}
				fast := mustSearch(t, cfg)
				cfg.Scan, cfg.Workers, cfg.Out = "naive", 1, cfg.Out+"-naive"
				if a, b := decisions(t, mustSearch(t, cfg)), decisions(t, fast); a != b {
					t.Errorf("naive: %s\nfast:  %s", a, b)
				}
				if !fast.Verified.Identical {
					t.Error("the written file does not compute what was searched")
				}
			})
		}
	}
}

// TestWeightsThatFollowAreNoNoOps: on black images a layer without bias makes zeros, which lie on both grids of its
// holder. That bit is a no-op, unless the layer's weights follow it.
func TestWeightsThatFollowAreNoNoOps(t *testing.T) {
	cfg := tinyFollow(t)
	cfg.Metric, cfg.Target = "sqnr", "30%"
	data := tasktest.NPYHeader("<f4", 16, 1, 8, 8)
	for i := range 16 * 64 {
		v := float32(0)
		if i >= 8*64 { // the second block
			v = float32(math.Sin(float64(i)))
		}
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	tasktest.WriteFile(t, cfg.Data, data)
	for _, c := range []struct {
		weights string
		noop    bool
		blocks  int // run of a trial
	}{{"high", true, 1}, {"follow", false, 2}} {
		cfg.Weights = c.weights
		s := trialtest.Compiled(t, cfg)
		const holder = 1
		if h := s.Network.Holders[holder]; h.Tensor != "a1" || c.weights == "follow" && s.Network.Followed[0].Holder != holder {
			t.Fatalf("holder %d is %s", holder, h.Tensor)
		}
		if got := s.Ev.NoOps(0); slices.Contains(got, holder) != c.noop || !slices.Contains(got, 0) {
			t.Errorf("--weights %s: no-ops %v", c.weights, got)
		}
		m := search.NewMask(len(s.Records))
		m.Demote(holder)
		before := s.Ev.Stats()
		trialtest.Pass(t, s, search.NewMask(len(s.Records)), m)
		if run := s.Ev.Stats().Blocks - before.Blocks; run != c.blocks {
			t.Errorf("--weights %s: %d blocks run, of 2, want %d", c.weights, run, c.blocks)
		}
	}
}
