package run

import (
	"context"
	"path/filepath"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/task"
	"example.org/demote/internal/trialtest"
	"example.org/demote/search"
)

// TestRangeOfEachUnit holds the choice for each unit on a network where all int8 scores better so than by one method:
// a unit has the method with which it alone moves the outputs least, found by a network a method; the score is that of
// all int8 with those grids; the naive scan and a resumed run choose the same.
func TestRangeOfEachUnit(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	c := config.Config{Model: "../testdata/fashion-vit/model.onnx", Calib: "../examples/fashion/calib.npz", Data: "../examples/fashion/eval.npz",
		Target: "16bit-0.02", Limit: 600, Strategy: "gallop", RangeLow: "auto", Version: "test", Out: filepath.Join(t.TempDir(), "run")}
	r := mustSearch(t, c)
	last := r.Ranges[len(r.Ranges)-1]
	t.Logf("%+v", r.Ranges)
	if last.Method != "each" || last.Score == nil {
		t.Fatalf("no choice for each unit: %+v", r.Ranges)
	}
	opened, _, err := reopen(context.Background(), c.Out, config.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	if err := opened.Compile(context.Background()); err != nil {
		t.Fatal(err)
	}
	share, err := opened.Ev.ScoreShare(context.Background(), task.LowMask(opened.Network.Holders), *last.Score.Total)
	if err != nil || *last.Score.Correct != share.Count || *last.Score.Total != share.Total {
		t.Errorf("all int8 scored %d of %d when it was chosen, and %+v, %v again", *last.Score.Correct, *last.Score.Total, share, err)
	}
	best, far := "", map[string][]float64{}
	for _, one := range r.Ranges[:len(r.Ranges)-1] {
		if one.Score != nil {
			best = one.Method
		}
		own := c
		own.RangeLow = one.Method
		s := trialtest.Uncut(t, own)
		for h := range s.Records {
			alone := search.NewMask(len(s.Records))
			alone.Demote(h)
			d, err := s.Ev.Distance(context.Background(), alone)
			if err != nil {
				t.Fatal(err)
			}
			far[one.Method] = append(far[one.Method], d)
		}
		s.Close()
	}
	others := 0
	for h, holder := range r.Holders {
		for method, d := range far {
			if d[h] < far[holder.Range][h] {
				t.Errorf("%s has its low grid by %s, which moves the outputs by %g, and %s by %g", holder.Name, holder.Range, far[holder.Range][h], method, d[h])
			}
		}
		if holder.Range != best {
			others++
			if far[holder.Range][h] == far[best][h] {
				t.Errorf("%s has its low grid by %s, and %s is as good", holder.Name, holder.Range, best)
			}
		}
	}
	if others == 0 {
		t.Error("every unit has the best method: this test shows nothing")
	}
	if v, err := Verify(context.Background(), c.Out, config.Config{}); err != nil || !v.Identical {
		t.Errorf("%+v, %v", v, err)
	}
}
