//go:build cuda

package run

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"example.org/demote/backend/device"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trial"
	"example.org/demote/internal/trialtest"

	"example.org/demote/config"
	"example.org/demote/search"
)

// TestEmulatedBounds holds that a trial on the device asks for the very blocks of one worker of the CPU, and that the
// device, which goes on while the host looks, runs three blocks more at most, which are thrown away.
func TestEmulatedBounds(t *testing.T) {
	cfg := tasktest.TinyConfig(t, 90)
	cfg.Labels = labelled(t, 90)
	t.Run("samples", func(t *testing.T) { ends(t, cfg) })
	t.Run("sequences", func(t *testing.T) {
		const n, steps = 90, 3
		cfg, x := tasktest.StepNet(t, tasktest.GruStep(), n, steps, "hn:h")
		y := tasktest.NPYHeader("|u1", n, steps)
		for i := range n * steps {
			y = append(y, byte(i*i%7%5))
		}
		tasktest.WriteArrays(t, cfg.Data, map[string][]byte{"x": tasktest.FloatsNPY(x, n, steps, 6), "y": y})
		cfg.Output = "y"
		ends(t, cfg)
	})
}

// ends compares the blocks that trials of 90 samples run.
func ends(t *testing.T, cfg config.Config) {
	t.Helper()
	emulated(t)
	cfg.Block, cfg.Workers, cfg.Metric = 4, 1, "top1"
	cpu, gpu := trialtest.OnDevice(t, "cpu", cfg), trialtest.OnDevice(t, "cuda:0", cfg)
	blocks := (90 + cfg.Block - 1) / cfg.Block
	ctx, rng := context.Background(), rand.New(rand.NewPCG(11, 11))
	ended, tried, more := map[int]int{}, map[string]bool{}, 0
	for range 60 {
		mask := randomMask(rng, len(cpu.Records))
		if tried[mask.Key()] {
			continue // it would be taken up where it was left
		}
		tried[mask.Key()] = true
		b := search.Bound{Above: 0.3 + 0.7*rng.Float64(), Floor: math.Inf(1)}
		var ran [2]int
		var found [2]search.Found
		for i, s := range []*trial.Runner{cpu, gpu} {
			before := s.Ev.Stats()
			var err error
			if found[i], err = s.Ev.Scan(ctx, search.NewMask(mask.Len()), []search.Mask{mask}, b); err != nil {
				t.Fatal(err)
			}
			after := s.Ev.Stats()
			ran[i] = after.Stats.Blocks - before.Stats.Blocks
			if i == 0 {
				continue
			}
			thrown := after.Thrown - before.Thrown
			if more += thrown; after.Blocks-before.Blocks != ran[i]+thrown || thrown >= device.Marks {
				t.Errorf("the device ran %d blocks for %d that were asked for, %d thrown away", after.Blocks-before.Blocks, ran[i], thrown)
			}
		}
		if found[0] != found[1] {
			t.Errorf("the CPU answers %+v, the device %+v", found[0], found[1])
		}
		if ran[1] != ran[0] {
			t.Errorf("above %.3f: of %d blocks the CPU was asked for %d, the device for %d", b.Above, blocks, ran[0], ran[1])
		}
		ended[ran[1]]++
	}
	if len(ended) < 4 || more == 0 {
		t.Errorf("trials ended after blocks (count) %v, %d blocks thrown away: too little variety for a test", ended, more)
	}
}
