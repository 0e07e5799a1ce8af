package cli

import (
	"fmt"
	"io"

	"example.org/demote/result"
)

// holdout tells what samples that the search never saw said of its mix.
func holdout(w io.Writer, h *result.Holdout, of *result.Widths) {
	if h == nil {
		return
	}
	fmt.Fprintf(w, "\non %d samples that the search never saw:\n", h.Samples)
	scoreRows(w, h.Score, of)
	if a := h.Against; a != nil {
		fmt.Fprintf(w, "  %-20s %.4f against all %s (%d lost, %d gained); %g confidence interval %.4f to %.4f\n", "loss of the mix", a.Loss, of.HighName(), a.OnlyHigh, a.OnlyMix, a.Covers, a.Interval[0], a.Interval[1])
	}
	switch {
	case h.Promise != nil:
		promise(w, h.Promise, of)
	case h.Sure != nil:
		fmt.Fprintf(w, "confidence %s that on unseen samples the mix %s\n", percent(*h.Sure), h.Claim)
	}
}

// promise tells how the promise was tested and what came of it.
func promise(w io.Writer, p *result.Promise, of *result.Widths) {
	for _, s := range p.Steps {
		verdict := "holds"
		if !s.Held {
			verdict = "not proven"
		}
		fmt.Fprintf(w, "  %3d in %-14s %s, p = %.2g: %s\n", s.Int8, of.LowName(), scoreText(s.Holdout), s.PValue, verdict)
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
func scoreRows(w io.Writer, scores result.Scores, of *result.Widths) {
	for _, row := range []struct {
		name string
		s    *result.Score
	}{{"float", scores.Float}, {"all " + of.HighName(), scores.High}, {"all " + of.LowName(), scores.Low}, {"the mix", scores.Mixed}} {
		if row.s != nil {
			fmt.Fprintf(w, "  %-20s %s\n", row.name, scoreText(row.s))
		}
	}
}
