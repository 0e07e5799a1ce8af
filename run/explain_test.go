package run

import (
	"math/bits"
	"testing"

	"example.org/demote/internal/tasktest"
)

// TestWhyHoldersStay holds what a result says of the holders that stay at int16 against the journal: the score with
// one more of them at int8, or the most that a stopped trial can come to, and histograms of all calibration values.
func TestWhyHoldersStay(t *testing.T) {
	const samples = 60
	cfg := tasktest.TinyConfig(t, samples)
	cfg.RangeLow, cfg.Target = "mse", "16bit-0.02"
	r := mustSearch(t, cfg)
	whole, part := kept(t, cfg.Out, len(r.Holders), samples)
	mask := make([]byte, len(r.Holders))
	for i, h := range r.Holders {
		mask[i] = '0'
		if h.Precision == "int8" {
			mask[i] = '1'
		}
	}
	scores, limits := 0, 0
	for i, h := range r.Holders {
		if h.Precision == "int8" {
			if h.Demoted != nil || h.Histogram != nil {
				t.Errorf("%s is in int8, and the result says why it stays: %+v, %+v", h.Name, h.Demoted, h.Histogram)
			}
			continue
		}
		sum := uint64(0)
		for _, n := range h.Histogram.Counts {
			sum += n
		}
		if len(h.Histogram.Counts) != 64 || sum == 0 || sum%32 != 0 || h.Histogram.Min != h.Seen.Min || h.Histogram.Max != h.Seen.Max {
			t.Errorf("%s: %d values of 32 samples from %v to %v, seen %+v", h.Name, sum, h.Histogram.Min, h.Histogram.Max, *h.Seen)
		}
		mask[i] = '1'
		all, some := whole[string(mask)], part[string(mask)]
		mask[i] = '0'
		switch d := h.Demoted; {
		case all != nil:
			right := 0
			for _, b := range all {
				right += bits.OnesCount8(b)
			}
			if d == nil || d.Score == nil || d.AtMost != nil || *d.Score.Correct != right {
				t.Errorf("%s: %+v, and the journal has %d right", h.Name, d, right)
			}
			scores++
		case some != nil:
			if d == nil || d.AtMost == nil || d.Score != nil || *d.AtMost.Correct >= samples || !(*d.AtMost.Value <= r.Target.Value) {
				t.Errorf("%s: %+v, of a trial that was stopped below %v", h.Name, d, r.Target.Value)
			}
			limits++
		default:
			if d != nil {
				t.Errorf("%s: %+v, and the journal has no such mix", h.Name, d)
			}
		}
	}
	if scores+limits == 0 {
		t.Errorf("the test has seen nothing: %d holders stay", len(r.Promotion))
	}
	t.Logf("%d scores, %d limits, of %d holders that stay", scores, limits, len(r.Promotion))
	if len(r.Holders[0].From) != 0 || len(r.Holders[1].From) == 0 || len(r.Holders[1].Ops) == 0 {
		t.Errorf("the network as a graph: %v, %v", r.Holders[0].From, r.Holders[1].From)
	}
}
