package cli

import (
	"fmt"
	"io"
	"strings"

	"example.org/demote/run"
)

// ladderCounts says how many activations a ladder has left at each of its widths.
func ladderCounts(r *run.Result) string {
	widths, counts := r.WidthCounts()
	var parts []string
	for _, name := range widths {
		parts = append(parts, fmt.Sprintf("%d in %s", counts[name], name))
	}
	return fmt.Sprintf("%d activations: %s", len(r.Holders), strings.Join(parts, ", "))
}

// ladderSteps tells both steps of a ladder, each with what stays at its high width.
func ladderSteps(w io.Writer, r *run.Result) {
	before := r.Ladder.Before
	if len(before.Repairs) > 0 {
		fmt.Fprintln(w, "repaired, for both steps: "+strings.Join(before.Repairs, ", "))
	}
	_, stayed := r.Stayed()
	for i, step := range []struct {
		low, high string
		target    float64
		score     string
		names     []string
	}{
		{before.Low, before.High, before.Target, scoreText(before.Score.Mixed), before.Promotion},
		{r.Widths.LowName(), r.Widths.HighName(), r.Target.Value, scoreText(r.Score.Mixed), stayed[r.Widths.HighName()]},
	} {
		fmt.Fprintf(w, "step %d, from %s to %s: target %.6g, the mix scores %s; %d stay %s\n", i+1, step.high, step.low, step.target, step.score, len(step.names), step.high)
		promoted(w, step.names)
	}
}
