package run

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"example.org/demote/config"
	"example.org/demote/internal/stage"
	"example.org/demote/internal/tasktest"
	"example.org/demote/result"
	"example.org/demote/search"
)

// outlying is a search whose calibration has samples far outside those of the evaluation, which spoil the ranges of
// the extremes.
func outlying(t *testing.T) config.Config {
	c := tasktest.TinyConfig(t, 60)
	c.RangeLow = "auto"
	data, err := os.ReadFile(c.Calib)
	if err != nil {
		t.Fatal(err)
	}
	for at := len(data) - 256; at < len(data); at += 4 { // the last sample, sixteen times as large
		data[at+3] += 2
	}
	tasktest.WriteFile(t, c.Calib, data)
	return c
}

// grids are the low and the high grids of a result.
func grids(r *config.Result) (low, high []result.Grid) {
	for _, h := range r.Holders {
		low, high = append(low, h.Low), append(high, h.High)
	}
	return low, high
}

// TestRangeAuto holds that auto takes the low grids of the method by which all int8 scores best, found by a search
// with each method, where no unit's own method is better; that the high grids and the score of all int16 stay
// minmax's, and that the search is then the one by that method: the same promotion list and scores, in a file that
// computes them bit for bit.
func TestRangeAuto(t *testing.T) {
	c := outlying(t)
	c.Curve = true // which leaves out the last tries
	r := mustSearch(t, c)
	if !r.Verified.Identical || len(r.Ranges) < 4 || r.Ranges[0].Score == nil {
		t.Fatalf("%+v, ranges %+v", r.Verified, r.Ranges)
	}
	best, tried := "", map[string]*config.Result{}
	for _, one := range r.Ranges {
		if one.Method == "each" {
			if one.Score != nil {
				t.Fatalf("each unit's own method is better: %+v", r.Ranges)
			}
			continue
		}
		own := c
		own.RangeLow, own.Out = one.Method, filepath.Join(t.TempDir(), one.Method)
		tried[one.Method] = mustSearch(t, own)
		if score := tried[one.Method].Score.Low; best == "" || *score.Correct > *tried[best].Score.Low.Correct {
			best = one.Method
			if one.Score == nil || *one.Score.Correct != *score.Correct {
				t.Errorf("%s is the best so far with %d, and the result says %+v", best, *score.Correct, one.Score)
			}
		} else if one.Score != nil {
			t.Errorf("%s is not better than %s, and has a score", one.Method, best)
		}
	}
	own := c
	own.RangeLow, own.Out = "minmax", filepath.Join(t.TempDir(), "minmax")
	tried["minmax"] = mustSearch(t, own)
	want := tried[best]
	low, high := grids(r)
	wantLow, wantHigh := grids(want)
	_, minmaxHigh := grids(tried["minmax"])
	if r.Holders[0].Range != best || !slices.Equal(low, wantLow) || !slices.Equal(high, wantHigh) || !slices.Equal(high, minmaxHigh) {
		t.Errorf("the low grids are by %s, the best is %s", r.Holders[0].Range, best)
	}
	if best == "minmax" || *want.Score.Low.Correct <= *tried["minmax"].Score.Low.Correct {
		t.Errorf("minmax, %d, is no worse than %s, %d: nothing was chosen", *tried["minmax"].Score.Low.Correct, best, *want.Score.Low.Correct)
	}
	if !slices.Equal(r.Promotion, want.Promotion) || *r.Score.Mixed.Correct != *want.Score.Mixed.Correct || r.Evaluations != want.Evaluations {
		t.Errorf("auto finds %v, %s %v", r.Promotion, best, want.Promotion)
	}
	naive := c
	naive.Scan, naive.Out = "naive", filepath.Join(t.TempDir(), "naive")
	if n := mustSearch(t, naive); !slices.Equal(n.Promotion, r.Promotion) || n.Holders[0].Range != best {
		t.Errorf("the naive scan chooses %s and finds %v", n.Holders[0].Range, n.Promotion)
	}
}

// TestRangeAutoIsChosenOnce holds that what was chosen is used again when the run goes on, is verified, or exported.
func TestRangeAutoIsChosenOnce(t *testing.T) {
	c := outlying(t)
	c.Curve = true // which leaves out the last tries
	stages := map[string]int{}
	c.Entered = func(name string) { stages[name]++ }
	ctx, cancel := context.WithCancel(context.Background())
	broken := c
	broken.Progress = func(search.Event) { cancel() }
	first, err := Search(ctx, broken)
	if err == nil || len(first.Ranges) == 0 {
		t.Fatalf("%v, ranges %+v", err, first.Ranges)
	}
	again := mustSearch(t, c)
	if stages[stage.Ranges] != 1 || first.Holders[0].Range != again.Holders[0].Range || len(again.Ranges) != len(first.Ranges) {
		t.Errorf("chosen %d times, by %s and %s", stages[stage.Ranges], first.Holders[0].Range, again.Holders[0].Range)
	}
	own := config.Config{}
	own.Entered = c.Entered
	if v, err := Verify(context.Background(), c.Out, own); err != nil || !v.Identical {
		t.Errorf("%+v, %v", v, err)
	}
	if e, err := Export(context.Background(), c.Out, "qdq-ms", filepath.Join(t.TempDir(), "ms.onnx"), own); err != nil || !e.Verified.Identical {
		t.Errorf("%+v, %v", e, err)
	}
	if stages[stage.Ranges] != 1 {
		t.Errorf("chosen %d times", stages[stage.Ranges])
	}
}

// TestRangeAutoWithBiases holds that biases on int32 grids are on those of the grids that were chosen.
func TestRangeAutoWithBiases(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	c := outlying(t)
	c.Bias = "int32"
	r := mustSearch(t, c)
	own := c
	own.RangeLow, own.Out = r.Holders[0].Range, filepath.Join(t.TempDir(), "own")
	if want := mustSearch(t, own); !r.Verified.Identical || !slices.Equal(r.Promotion, want.Promotion) || *r.Score.Low.Correct != *want.Score.Low.Correct {
		t.Errorf("auto %v %+v, by %s %v %+v", r.Promotion, r.Score.Low, own.RangeLow, want.Promotion, want.Score.Low)
	}
}

// TestRangeAutoLeavesTimeToSearch holds that the choice takes no more than half of --time: the first method is left,
// and the search says so.
func TestRangeAutoLeavesTimeToSearch(t *testing.T) {
	c := outlying(t)
	c.Time = time.Nanosecond
	r, err := Search(context.Background(), c)
	if r == nil || len(r.Ranges) != 1 || !slices.ContainsFunc(r.Warnings, func(w result.Warning) bool { return w.ID == "ranges-cut" }) {
		t.Fatalf("%v: %+v", err, r)
	}
}

// TestRangeAutoOfManySamples holds that methods are compared on a share of many samples, and that a search whose scans
// are naive chooses the same.
func TestRangeAutoOfManySamples(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	c := tasktest.TinyConfig(t, 700)
	c.RangeLow, c.Strategy = "auto", "bisect"
	r := mustSearch(t, c)
	for _, one := range r.Ranges {
		if one.Score != nil && (*one.Score.Total < 500 || *one.Score.Total > 500+r.Config.Block) {
			t.Errorf("%s was scored on %d of 700 samples", one.Method, *one.Score.Total)
		}
	}
	if len(r.Ranges) < 4 || r.Ranges[0].Score == nil || *r.Score.Low.Total != 700 {
		t.Errorf("ranges %+v, all int8 %+v", r.Ranges, r.Score.Low)
	}
	naive := c
	naive.Scan, naive.Out = "naive", c.Out+"-naive"
	n := mustSearch(t, naive)
	low, high := grids(r)
	wantLow, wantHigh := grids(n)
	if !slices.Equal(low, wantLow) || !slices.Equal(high, wantHigh) || decisions(t, r) != decisions(t, n) {
		t.Errorf("fast: %s\nnaive: %s", decisions(t, r), decisions(t, n))
	}
}
