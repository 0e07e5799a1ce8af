package cli

import (
	"fmt"
	"io"

	"example.org/demote/result"
	"example.org/demote/run"
)

// holdout tells what samples that the search never saw said of its mix.
func holdout(w io.Writer, r *run.Result) {
	h := r.Holdout
	if h == nil {
		return
	}
	high, low := r.WholeNames()
	fmt.Fprintf(w, "\non %d samples that the search never saw:\n", h.Samples)
	scoreRows(w, h.Score, high, low)
	if a := h.Against; a != nil {
		fmt.Fprintf(w, "  %-20s %.4f against %s (%d lost, %d gained); %g confidence interval %.4f to %.4f\n", "loss of the mix", a.Loss, high, a.OnlyHigh, a.OnlyMix, a.Covers, a.Interval[0], a.Interval[1])
	}
	switch {
	case h.Promise != nil:
		promise(w, h.Promise, areLow(r))
	case h.Sure != nil:
		fmt.Fprintf(w, "confidence %s that on unseen samples the mix %s\n", percent(*h.Sure), h.Claim)
	}
}

// areLow says of what a ladder's second step counts that it is in the lowest of its widths, see result.AreLow.
func areLow(r *run.Result) string {
	if r.Ladder != nil {
		return "in " + r.Ends().LowName()
	}
	return r.AreLow()
}

// promise tells how the promise was tested and what came of it.
func promise(w io.Writer, p *result.Promise, areLow string) {
	for _, s := range p.Steps {
		verdict := "holds"
		if !s.Held {
			verdict = "not proven"
		}
		fmt.Fprintf(w, "  %3d %-17s %s, p = %.2g: %s\n", s.Int8, areLow, scoreText(s.Holdout), s.PValue, verdict)
	}
	fmt.Fprintf(w, "promise: %s\n", p.Statement)
}

// percent writes a probability that is neither shown as 0 nor as 1 unless it is.
func percent(v float64) string {
	switch {
	case v > 0 && v < 0.001:
		return "less than 0.1 %"
	case v < 1 && v > 0.999:
		return "more than 99.9 %"
	}
	return fmt.Sprintf("%.1f %%", 100*v)
}

// scoreRows lists the scores of the networks.
func scoreRows(w io.Writer, scores result.Scores, high, low string) {
	wide := max(20, len(high), len(low))
	for _, row := range []struct {
		name string
		s    *result.Score
	}{{"float", scores.Float}, {high, scores.High}, {low, scores.Low}, {"the mix", scores.Mixed}} {
		if row.s != nil {
			fmt.Fprintf(w, "  %-*s %s\n", wide, row.name, scoreText(row.s))
		}
	}
}
