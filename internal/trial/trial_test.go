package trial_test

import (
	"context"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/task"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trialtest"
	"example.org/demote/search"
)

// TestTrialAllocatesNothing holds that a trial allocates nothing on the Go side.
func TestTrialAllocatesNothing(t *testing.T) {
	s := trialtest.Compiled(t, tasktest.TinyConfig(t, 60))
	masks := []search.Mask{task.LowMask(s.Network.Holders), search.NewMask(len(s.Records))}
	masks[1].Demote(2)
	for i := range 50 { // what comes once comes before
		if _, err := s.Ev.Again(context.Background(), masks[i%2]); err != nil {
			t.Fatal(err)
		}
	}
	r := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if _, err := s.Ev.Again(context.Background(), masks[i%2]); err != nil {
				b.Fatal(err)
			}
		}
	})
	// The runtime itself allocates now and then for a goroutine that waits; a trial never does.
	if n := float64(r.MemAllocs) / float64(r.N); n > 0.5 || r.N < 10 {
		t.Errorf("%v allocations a trial over %d trials", n, r.N)
	}
}

// BenchmarkTrial is a full trial of the example's network on 200 samples, with -benchmem.
func BenchmarkTrial(b *testing.B) {
	s := trialtest.Compiled(b, config.Config{Model: "../../examples/fashion/model.onnx", Calib: "../../examples/fashion/calib.npz", Data: "../../examples/fashion/eval.npz",
		Limit: 200, Cache: -1, Block: 50})
	masks := []search.Mask{task.LowMask(s.Network.Holders), search.NewMask(len(s.Records))}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := s.Ev.Again(context.Background(), masks[i%2]); err != nil {
			b.Fatal(err)
		}
	}
}

// TestNothingChanges holds that a demotion which changes no value is found out in the base's own run: images of
// whole numbers lie on both power-of-two grids, so demoting the input runs nothing.
func TestNothingChanges(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	s := trialtest.Compiled(t, config.Config{Model: "../../examples/fashion/model.onnx", Calib: "../../examples/fashion/calib.npz", Data: "../../examples/fashion/eval.npz",
		Limit: 60, Cache: 1 << 30, Block: 20, GridLow: "pow2", GridHigh: "pow2"})
	if s.Ev.Parts() < 2 {
		t.Fatalf("the network is in %d parts", s.Ev.Parts())
	}
	none := search.NewMask(len(s.Records))
	if high, err := s.Ev.Again(context.Background(), none); err != nil || high != s.HighScore {
		t.Fatalf("%v, %v; when the samples were arranged %v", high, err, s.HighScore)
	}
	input := none.Clone()
	input.Demote(0)
	before := s.Ev.Stats()
	if score := trialtest.Pass(t, s, none, input); score != s.HighScore {
		t.Errorf("%v; without the demotion %v", score, s.HighScore)
	}
	if after := s.Ev.Stats(); after.NoOps-before.NoOps != 3 || after.Blocks != before.Blocks || after.Samples != before.Samples {
		t.Errorf("%d blocks needed no run, of 3; %d were run", after.NoOps-before.NoOps, after.Blocks-before.Blocks)
	}
}

// TestCutsOfAsymmetricGrids holds that the example is taken apart on asymmetric grids as well, whose
// values show every change of an order of summation: the evaluator stays with one piece where the
// parts' bits differ from the whole's.
func TestCutsOfAsymmetricGrids(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	s := trialtest.Compiled(t, config.Config{Model: "../../examples/fashion/model.onnx", Calib: "../../examples/fashion/calib.npz", Data: "../../examples/fashion/eval.npz",
		Limit: 60, Cache: 1 << 30, Block: 20})
	if s.Ev.Parts() < 2 {
		t.Errorf("%d part", s.Ev.Parts())
	}
}
