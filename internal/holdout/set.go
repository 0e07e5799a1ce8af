package holdout

import (
	"fmt"
	"slices"
	"strings"

	"example.org/demote/dataset"
	"example.org/demote/internal/task"
	"example.org/demote/internal/trial"
	"example.org/demote/mistake"
	"example.org/demote/search"
)

// Set is the hold-out: samples that no trial ever sees.
type Set struct {
	Set  *dataset.Set
	path string // of the file that they are from
	Left int    // samples left out, for being copies of samples that the search sees
	ID   string // sha256 of the samples' own sums, in rising order
}

// Open opens the hold-out that --holdout names and refuses one that cannot serve for a target; nil without one.
// What is returned is to be closed, with an error too.
func Open(s *trial.Runner, target search.Target) (*Set, error) {
	c := s.Config
	if c.Holdout == "" {
		return nil, nil
	}
	a := &Set{Set: s.Held, path: c.Data}
	if a.Set == nil { // a file, then
		var err error
		if a.Set, err = task.OpenData(c.Holdout, "", s.Model, c, 0); err != nil {
			return nil, err
		}
		a.path = c.Holdout
		if err := s.BookData("holdout", a.Set); err != nil {
			return a, err
		}
		s.Result.Inputs = s.Files
	}
	s.Held = a.Set
	return a, a.check(s, target)
}

// Close gives the samples back.
func (a *Set) Close() {
	if a != nil && a.Set != nil {
		a.Set.Close()
	}
}

// check refuses a hold-out that cannot serve.
func (a *Set) check(s *trial.Runner, target search.Target) error {
	c := s.Config
	for i := range s.Inputs {
		if mine, theirs := s.Data.Shape(i), a.Set.Shape(i); s.Groups == nil && a.Set.Shapes() == 0 && !slices.Equal(mine, theirs) {
			return mistake.Errorf("%s: samples of the hold-out have shape %v, those of %s %v: give one of that shape, or save both with an array a sample, %s_0, %s_1 and so on", a.path, theirs, c.Data, mine, s.Inputs[i].Name, s.Inputs[i].Name)
		}
	}
	if s.Metric.NeedsLabels && !a.Set.Labelled() {
		return mistake.Errorf("%s: metric %s needs labels, and the hold-out has none: add %s, or hold out a share of --data, --holdout 30%%", a.path, s.Metric.Name, labelsOf(s))
	}
	if s.Command != nil && s.Data.Labelled() && !a.Set.Labelled() {
		return mistake.Errorf("%s: the hold-out has no labels, and --metric-cmd gets those of %s: add %s, or hold out a share of --data, --holdout 30%%", a.path, c.Data, labelsOf(s))
	}
	if c.Confidence != "" && !s.Metric.Countable {
		return mistake.Errorf("--confidence %s: metric %s does not count samples, and only counts can be promised; choose top1, top5 or agreement", c.Confidence, s.Metric.Name)
	}
	if err := a.keepApart(s); err != nil {
		return err
	}
	return a.warnIfTooSmall(s, target)
}

// labelsOf says what labels a file of samples has.
func labelsOf(s *trial.Runner) string {
	switch {
	case s.Metric.Detects():
		return "arrays boxes and offsets"
	case len(s.Config.LabelArrays) > 0:
		return "arrays " + strings.Join(s.Config.LabelArrays, " and ")
	}
	return "an array y"
}

// warnIfTooSmall warns, before anything is searched, of a hold-out on which nothing could be proven.
func (a *Set) warnIfTooSmall(s *trial.Runner, target search.Target) error {
	n, c := a.Set.Len(), s.Config
	if a.Left > 0 {
		s.Caution("holdout-copies", fmt.Sprintf("%d samples of the hold-out are copies of samples that the search sees, and were left out", a.Left), "")
	}
	if c.Confidence == "" || c.First() { // it goes with the target of a whole search
		return nil
	}
	claim := target.Claim(search.Resolved{}, c.Sureness())
	if claim.Reference == search.NoReference || claim.Budget <= 0 {
		return nil
	}
	if least := search.LeastSamples(claim.Budget, claim.Level()); n < least {
		s.Caution("holdout-too-small", fmt.Sprintf("the hold-out has %d samples: a loss below %g can be proven on no fewer than %d, even if no prediction changes", n, claim.Budget, least), "give --holdout more samples, or a target that leaves more room")
	}
	return nil
}
