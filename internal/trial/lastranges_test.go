package trial_test

import (
	"context"
	"testing"

	"example.org/demote/internal/calibrate"
	"example.org/demote/internal/task"
	"example.org/demote/internal/trial"
	"example.org/demote/onnx"
	"example.org/demote/quant"
	"example.org/demote/search"
)

// TestLastTriesKnown: tries of an earlier session count among those that may be made, and what has no other low grid,
// as weights have not, is not tried. So here nothing is run, and no evaluator is needed.
func TestLastTriesKnown(t *testing.T) {
	grid := func(scale float32) quant.Grid { return quant.Grid{Bits: 8, Scale: scale} }
	s := &trial.Runner{Task: &task.Task{Records: []quant.Record{{Low: grid(1)}, {Low: grid(1)}, {Low: grid(1)}}}}
	s.Network = &onnx.Network{Holders: []onnx.Holder{{Name: "a"}, {Name: "b", Index: 1}, {Name: "weights", Index: 2}}}
	s.Layout = search.Layout{Pinned: search.NewMask(3), Units: [][]int{{0}, {1}, {2}}}
	s.Others = []calibrate.Candidate{{Method: quant.MinMax, Low: []quant.Grid{grid(1), grid(1), grid(1)}}, {Method: quant.MSE, Low: []quant.Grid{grid(2), grid(3), grid(1)}}}
	score := search.Score{Count: 7, Total: 9}
	for left, cut := range map[int]bool{1: true, 2: false, -1: false} {
		known := []trial.LastTry{{Unit: 1, Method: "mse", Held: true, Score: &score}, {Unit: 0, Method: "mse"}}
		known = known[:min(uint(left), uint(len(known)))]
		lt := &trial.LastTries{Mask: search.NewMask(3), High: []int{2, 1, 0}, Left: left, Tries: known}
		err := s.TryLast(context.Background(), lt)
		if err != nil || lt.Cut != cut || len(lt.Tries) != len(known) || lt.Samples != 0 {
			t.Errorf("of %d: %+v, %v", left, lt, err)
		}
		if !lt.Mask.Low(1) || lt.Mask.Low(0) || lt.Mask.Low(2) || lt.Records[1].Low != grid(3) || lt.Records[0].Low != grid(1) || lt.Score != score {
			t.Errorf("of %d: mask %s, records %+v", left, lt.Mask, lt.Records)
		}
	}
}
