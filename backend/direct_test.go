package backend_test

import (
	"math"
	"slices"
	"testing"

	"example.org/demote/backend"
	"example.org/demote/backend/devicetest"
	"example.org/demote/search"
)

// TestInputsOnBothGrids holds that a device whose nodes do not compare runs no block whose samples lie on both grids
// of the holder that is given them, where that holder alone has changed, and decides the same.
func TestInputsOnBothGrids(t *testing.T) {
	const on = 3 * toyBlock // samples of the first three blocks
	toy := devicetest.NewToy(toyBlock, toySamples, 43)
	for sample := range on {
		for at := range 4 {
			toy.Set(sample, at, float32(sample-at)/2)
		}
	}
	for name, cuts := range map[string][]int{"in one piece": {0, 4}, "in parts": {0, 1, 2, 3, 4}} {
		t.Run(name, func(t *testing.T) {
			e := opened(t, toy, backend.Options{Metric: named(t, "top1"), Kind: kinds()["a queue"], Cache: 1 << 30, KeepOrder: true, Cuts: cuts})
			if _, err := e.Plan(); err != nil {
				t.Fatal(err)
			}
			blocks := (toySamples + toyBlock - 1) / toyBlock
			for b := range blocks {
				if got := e.NoOps(b); slices.Contains(got, 0) != (b < 3) || len(got) > 1 {
					t.Errorf("block %d: %v change nothing", b, got)
				}
			}
			base, one := search.NewMask(e.Holders()), search.NewMask(e.Holders())
			one.Demote(0)
			if _, err := e.Score(t.Context(), base); err != nil {
				t.Fatal(err)
			}
			before := e.Stats()
			got, err := e.Scan(t.Context(), base, []search.Mask{one}, search.Bound{Above: math.Inf(-1), Floor: math.Inf(1)})
			if err != nil {
				t.Fatal(err)
			}
			want, err := opened(t, toy, backend.Options{Metric: named(t, "top1"), Naive: true}).Score(t.Context(), one)
			if err != nil || got.Score != want {
				t.Errorf("%+v, want %+v, %v", got, want, err)
			}
			after := e.Stats()
			if ran, spared := after.Blocks-before.Blocks, after.NoOps-before.NoOps; spared != 3 || ran != blocks-3 {
				t.Errorf("%d blocks run, %d spared, want %d and 3", ran, spared, blocks-3)
			}
			sameDecisions(t, e, opened(t, toy, backend.Options{Metric: named(t, "top1"), Naive: true}), toy.Want)
			if !slices.Contains(e.NoOps(0), 0) {
				t.Error("with another base it is not known any more")
			}
		})
	}
}
