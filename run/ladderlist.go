package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"example.org/demote/config"
	"example.org/demote/internal/journal"
	"example.org/demote/mistake"
)

// searchLadders is SearchTargets between three widths: a ladder for each target, one after another, in a folder of its
// own. Each step takes over the ranges and the scores that the same step of the others has, as --reuse does; with
// --force, which begins them anew, of those before it. So each answer is that of a ladder for this target alone.
func searchLadders(ctx context.Context, c config.Config) ([]*config.Result, error) {
	names, err := targetsOf(c)
	if err == nil {
		err = refuseOwn(c)
	}
	if err != nil {
		return nil, err
	}
	ladders := make([]config.Config, len(names))
	for i, name := range names {
		one := c
		one.Target, one.Shared = name, nil
		if c.Out != "" {
			one.Out = filepath.Join(c.Out, name)
			for k, other := range names {
				if k < i || k > i && !c.Force { // what --force is about to repeat may be another search's
					one.Shared = append(one.Shared, filepath.Join(c.Out, other))
				}
			}
		}
		if next := c.Next; next != nil {
			one.Next = func(step string) { next(name + ", " + step) }
		}
		if ended := c.Ended; ended != nil {
			one.Ended = func(step string, r *config.Result) { ended(name+", "+step, r) }
		}
		if err := one.CheckGiven(); err != nil {
			return nil, err
		}
		ladders[i] = one
	}
	say := c.Filled().Say
	if c.DryRun || c.Out == "" {
		say(fmt.Sprintf("%d targets, %s: what follows is of the first; the others share what it has found", len(names), strings.Join(names, ", ")))
		r, err := Search(ctx, ladders[0])
		if r == nil {
			return nil, err
		}
		return []*config.Result{r}, err
	}
	if err := journal.CheckList(c.Out, names); err != nil {
		return nil, err
	}
	defer announce(ladders[1:])()
	return inTurn(ctx, c, ladders, say)
}

// inTurn runs the ladders of a list. One whose target cannot be met, or that is finished, ends no other.
func inTurn(ctx context.Context, c config.Config, ladders []config.Config, say func(string)) (results []*config.Result, _ error) {
	var missed []error
	finished := 0
	for i, one := range ladders {
		say(fmt.Sprintf("target %d of %d: %s", i+1, len(ladders), one.Target))
		r, err := Search(ctx, one)
		if errors.Is(err, journal.ErrFinished) {
			finished++
			r, err = ReadResult(one.Out)
		}
		if r != nil && (err == nil || r.Score.Mixed != nil) {
			results = append(results, r)
		}
		if code := ExitCode(err); err != nil && code != ExitUnreachable && code != ExitExport {
			return results, err
		}
		if err != nil {
			missed = append(missed, fmt.Errorf("target %s: %w", one.Target, err))
		}
		if err := writeList(c.Out, say, results); err != nil {
			return results, err
		}
	}
	if finished == len(ladders) {
		return nil, mistake.Errorf("%s: %w for every target of the list; %s", c.Out, journal.ErrFinished, journal.JournalCure)
	}
	return results, joined(missed)
}

// announce makes the folders of a list's ladders that are to come, so that whoever watches the first sees that there
// are more. What it returns removes the ones that stayed empty.
func announce(ladders []config.Config) (withdraw func()) {
	var made []string
	for _, one := range ladders {
		for _, dir := range []string{filepath.Dir(one.Out), one.Out, LadderFolder(one.Out)} {
			// where it cannot be made the search says so
			if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) && os.MkdirAll(dir, 0o777) == nil {
				made = append(made, dir)
			}
		}
	}
	return func() {
		for _, dir := range slices.Backward(made) {
			_ = os.Remove(dir) // none that has files
		}
	}
}
