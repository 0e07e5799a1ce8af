package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"example.org/demote/cli/tty"
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

// targetsSummary prints a line for every target.
func targetsSummary(w io.Writer, list []*run.Result, out string) {
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "target\tint8\tint16\tscore\tpasses\tfolder")
	passes := 0.0
	for _, r := range list {
		high, score := len(r.Promotion), "-"
		if r.Score.Mixed != nil {
			score = scoreText(r.Score.Mixed)
		}
		own := r.SampleEvals / float64(max(r.Samples, 1))
		passes += own
		fmt.Fprintf(t, "%s\t%d\t%d\t%s\t%.1f\t%s%s\n", r.Target.Text, len(r.Holders)-high, high, score, own, tty.Name(r.Config.Out), stateOf(r))
	}
	_ = t.Flush() // to an output that may be gone
	fmt.Fprintf(w, "\nequal to %.1f full passes over the %d samples in all; the curve is in %s\n", passes, list[0].Samples, tty.Name(out))
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
