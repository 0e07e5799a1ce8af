package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"example.org/demote/cli/tty"
	"example.org/demote/result"
	"example.org/demote/run"
)

// searchTargets runs a search for a list of targets, and prints what each has found.
func searchTargets(c *cli.Context, cfg run.Config, watch *watcher) error {
	found, err := run.SearchTargets(c.Context, cfg)
	watch.end(err)
	switch {
	case cfg.DryRun:
	case watch.json:
		for _, r := range found {
			writeLine(c.App.Writer, r)
		}
	case len(found) > 0:
		targetsSummary(c.App.Writer, found, cfg.Out)
	}
	if !errors.Is(err, context.Canceled) {
		return err
	}
	if len(found) == 0 {
		return interrupted{err, "interrupted before the first search began; nothing is left of it"}
	}
	return interrupted{err, "interrupted; " + cfg.Out + " has what is ready and the best so far, and the same command goes on"}
}

// widthsOf are the names of a result's widths, the lowest first, and countsOf how many activations each has.
func widthsOf(r *run.Result) []string {
	if r.Ladder != nil {
		return r.Ladder.Widths
	}
	return []string{r.Widths.LowName(), r.Widths.HighName()}
}

func countsOf(r *run.Result) (list []int) {
	if r.Ladder == nil {
		low, all := r.ActivationsLow()
		return []int{low, all - low}
	}
	_, counts := r.WidthCounts()
	for _, name := range r.Ladder.Widths {
		list = append(list, counts[name])
	}
	return list
}

// targetsSummary prints a line for every target.
func targetsSummary(w io.Writer, list []*run.Result, out string) {
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	proofs := slices.ContainsFunc(list, func(r *run.Result) bool { return r.Proof != nil })
	head := append([]string{"target"}, widthsOf(list[0])...)
	weightsLow, weightsHigh, weights := list[0].WeightWidths()
	if weights {
		head = append(head, "weights "+weightsLow, "weights "+weightsHigh)
	}
	if proofs {
		head = append(head, "proof")
	}
	fmt.Fprintln(t, strings.Join(append(head, "score", "passes", "folder"), "\t"))
	passes, ready := 0.0, false
	for _, r := range list {
		score := "-"
		if r.Score.Mixed != nil {
			score = scoreText(r.Score.Mixed)
		}
		own := r.SampleEvals
		if r.Ladder != nil && r.Ladder.Before != nil {
			own += r.Ladder.Before.SampleEvals
		}
		own /= float64(max(r.Samples, 1))
		passes += own
		ready = ready || r.Finished
		fmt.Fprint(t, r.Target.Text+"\t")
		for _, n := range countsOf(r) {
			fmt.Fprintf(t, "%d\t", n)
		}
		if weights {
			low, all := r.WeightsLow()
			fmt.Fprintf(t, "%d\t%d\t", low, all-low)
		}
		if proofs {
			fmt.Fprintf(t, "%s\t", proofOf(r.Proof))
		}
		fmt.Fprintf(t, "%s\t%.1f\t%s%s\n", score, own, tty.Name(r.Config.Out), stateOf(r))
	}
	_ = t.Flush() // to an output that may be gone
	fmt.Fprintf(w, "\nequal to %.1f full passes over the %d samples in all", passes, list[0].Samples)
	if ready {
		fmt.Fprintf(w, "; the curve is in %s", tty.Name(out))
	}
	fmt.Fprintln(w)
}

// proofOf says in a word how good a mix is.
func proofOf(p *result.Proof) string {
	switch {
	case p == nil:
		return "-"
	case p.Minimal:
		return "minimal"
	case p.Least != nil && *p.Least > 0:
		return fmt.Sprintf("at least %d", *p.Least)
	}
	return "open"
}

// stateOf says of a search what its line does not show: empty if it has met its target.
func stateOf(r *run.Result) string {
	switch {
	case !r.Finished:
		return "  (not finished)"
	case !r.Met:
		return "  (cannot be met: this is the best)"
	case r.MissedByDefault() != "":
		return "  (met in the exact session only)"
	}
	return ""
}
