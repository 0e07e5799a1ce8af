package trial_test

import (
	"context"
	"math"
	"testing"

	"gonum.org/v1/gonum/floats"

	"example.org/demote/config"
	"example.org/demote/internal/trialtest"
	"example.org/demote/search"
)

// TestDistancesDoNotDependOnTheMachine holds that the order of strategies is the same whatever the block and the
// workers are.
func TestDistancesDoNotDependOnTheMachine(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	distances := func(block, workers int) []float64 {
		s := trialtest.Compiled(t, config.Config{Model: "../../examples/fashion/model.onnx", Calib: "../../examples/fashion/calib.npz", Data: "../../examples/fashion/eval.npz",
			Limit: 64, Cache: 1 << 28, Block: block, Workers: workers})
		var list []float64
		for _, h := range []int{0, 7, 30, len(s.Records) - 1} {
			m := search.NewMask(len(s.Records))
			m.Demote(h)
			d, err := s.Ev.Distance(context.Background(), m)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, d)
		}
		return list
	}
	want := distances(20, 1)
	if floats.Max(want) == 0 {
		t.Fatal("no holder moves the outputs")
	}
	for _, c := range []struct{ block, workers int }{{20, 2}, {3, 3}, {3, 1}} {
		for i, d := range distances(c.block, c.workers) {
			if math.Float64bits(d) != math.Float64bits(want[i]) {
				t.Errorf("block %d, %d workers: distance %d is %v, want %v", c.block, c.workers, i, d, want[i])
			}
		}
	}
}
