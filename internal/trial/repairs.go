package trial

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"example.org/demote/backend"
	"example.org/demote/config"
	"example.org/demote/internal/record"
	"example.org/demote/internal/segments"
	"example.org/demote/internal/stage"
	"example.org/demote/internal/task"
	"example.org/demote/result"
	"example.org/demote/search"
)

// Repairs are the repairs that a run has tried, and those that its network has taken.
type Repairs struct {
	Taken []string        `json:"taken"`
	Tried []result.Repair `json:"tried"`
	Given *result.Given   `json:"given"` // the network without them; nil: none was taken
}

// Taken are the repairs that the network has taken.
func (r Ranges) Taken() []string {
	if r.Repairs == nil {
		return nil
	}
	return r.Repairs.Taken
}

// chooseRepairs tries the repairs that are asked for, each on top of those that were taken before it, with the range
// methods that were chosen for the network as given: one is taken if all int8 scores better with it on the samples, or
// if it is named by the user. Those that are not named are left out if all int16 misses a target with them that it
// meets without. Like the ranges they are chosen before the first trial, and looks at no search's end.
// What Chosen has of an earlier session is taken as it is.
func (s *Runner) chooseRepairs(ctx context.Context, check func(*task.Task, *segments.Source) error) error {
	c := s.Config
	list, forced, err := c.Repairs()
	if err != nil || len(list) == 0 || c.Repaired != nil {
		return err
	}
	switch {
	case s.CanRepair():
	case s.Chosen.Repairs != nil: // the evaluator is opened again
		return nil
	default:
		c.Say("no repairs: the network is quantized already")
		return nil
	}
	defer s.Repaired()
	if s.Chosen.Repairs == nil {
		if s.Chosen.Repairs, err = s.tryRepairs(ctx, list, forced, check); err != nil {
			return err
		}
	}
	taken := s.Chosen.Repairs.Taken
	if len(taken) > 0 {
		r, err := s.Repair(ctx, taken, s.Chosen.Methods)
		if err != nil {
			return err
		}
		notes, err := s.Take(r)
		if err != nil {
			return err
		}
		for _, w := range notes {
			if s.Result == nil || !slices.Contains(s.Result.Warnings, w) {
				s.Caution(w.ID, w.Text, w.Cure)
			}
		}
	}
	s.recordRepairs()
	return nil
}

// recordRepairs writes the repairs, and the grids that they have changed, into the result.
func (s *Runner) recordRepairs() {
	if s.Result == nil {
		return
	}
	s.Result.Repairs, s.Result.Given = s.Chosen.Repairs.Tried, s.Chosen.Repairs.Given
	if s.Chosen.Methods != nil {
		s.Result.Ranges = s.Chosen.Scores
	}
	for i := range s.Result.Holders {
		h, r := &s.Result.Holders[i], s.Records[i]
		h.Low, h.High = record.Grid(r.Low), record.Grid(r.High)
		if i < len(s.Chosen.Methods) { // weights have none
			h.Range = s.Chosen.Methods[i]
		}
		if s.Seen != nil {
			h.Seen = &result.Range{Min: float64(s.Seen[i].Min), Max: float64(s.Seen[i].Max)}
		}
	}
}

// tryRepairs scores all int8 with each repair, and chooses.
func (s *Runner) tryRepairs(ctx context.Context, list []string, forced bool, check func(*task.Task, *segments.Source) error) (*Repairs, error) {
	work := s.Config.Begin(stage.Repairs, "repairs", len(list), 0)
	defer func() { s.choosing += work.End() }()
	chosen := &Repairs{}
	s.Chosen.Whole = s.Chosen.Whole || s.Chosen.Methods == nil
	given, err := s.scoreGiven(ctx, check)
	if err != nil {
		return nil, err
	}
	best := given
	for i, name := range list {
		if s.halfOver() && !forced {
			s.Caution("repairs-cut", fmt.Sprintf("half of the time is over: %d of %d repairs were tried", i, len(list)), "a longer --time tries all, --repair LIST chooses some")
			s.Chosen.Whole = false
			break
		}
		one, score, err := s.tryRepair(ctx, append(slices.Clone(chosen.Taken), name), best, forced)
		if err != nil {
			return nil, err
		}
		if one.Taken {
			best, chosen.Taken = score, append(chosen.Taken, name)
		}
		chosen.Tried = append(chosen.Tried, one)
		work.One()
	}
	if len(chosen.Taken) == 0 {
		s.sayRepairs(chosen, given, best)
		return chosen, nil
	}
	if chosen.Given, err = s.givenScores(ctx); err != nil {
		return nil, err
	}
	r, err := s.Repair(ctx, chosen.Taken, s.Chosen.Methods)
	if err != nil {
		return nil, err
	}
	if !forced {
		if undone, err := s.undoUnmet(ctx, chosen, r); undone || err != nil {
			return chosen, err
		}
	}
	s.sayRepairs(chosen, given, best)
	return chosen, s.chooseRangesAgain(ctx, r, best)
}

// undoUnmet leaves all repairs out if all int16 of the repaired network misses a target that it meets without them.
func (s *Runner) undoUnmet(ctx context.Context, chosen *Repairs, r *task.Version) (undone bool, err error) {
	if s.Unmet == nil {
		return false, nil
	}
	var high search.Score
	err = s.withRepaired(ctx, r, func(e *backend.Evaluator) (err error) {
		high, err = e.Score(ctx, search.NewMask(len(s.Records)))
		return err
	})
	if err != nil {
		return false, err
	}
	given := s.measuredFrom(search.Endpoints{Float: s.FloatScore}, chosen.Given.High, chosen.Given.Low)
	target, err := s.Unmet(given, high)
	if target == "" || err != nil {
		return false, err
	}
	s.Config.Say(fmt.Sprintf("repairs: none; with %s all int16 scores %s, which misses the target %s, and without %s",
		strings.Join(chosen.Taken, ", "), s.Text(high), target, s.Text(given.High)))
	chosen.Taken, chosen.Given = nil, nil
	for i := range chosen.Tried {
		chosen.Tried[i].Taken, chosen.Tried[i].Score = false, nil
	}
	return true, nil
}

// chooseRangesAgain chooses the low grids of the repaired network among those of its own calibration: the ones by the
// methods that were chosen for the network as given, which score best so far, or better ones.
func (s *Runner) chooseRangesAgain(ctx context.Context, r *task.Version, best search.Score) (err error) {
	if r.Candidates == nil || s.Chosen.Methods == nil {
		return nil
	}
	network, records, candidates := s.Network, s.Records, s.Candidates
	s.Network, s.Records, s.Candidates = r.Network, r.Records, r.Candidates
	defer func() { s.Network, s.Records, s.Candidates = network, records, candidates }()
	if s.holdsWeights() { // that score is with all of them low, and methods are compared with all of them high
		if best, err = s.scoreAnew(ctx, nil, s.lowestActivations()); err != nil {
			return err
		}
	}
	whole, before, was := s.Chosen.Whole, len(s.Chosen.Scores), best
	s.Chosen.Whole = false
	best, err = s.compareRanges(ctx, nil, &harms{units: s.activationUnits()}, best)
	s.Chosen.Whole = s.Chosen.Whole && whole
	for i := range s.Chosen.Scores[before:] {
		s.Chosen.Scores[before+i].Repaired = true
	}
	if err == nil && best != was {
		s.Config.Say(fmt.Sprintf("ranges of int8 behind the repairs by %s, with which %s scores best: %s", s.Chosen.text(), s.lowestText(), s.Text(best)))
	}
	return err
}

// sayRepairs tells the user what was chosen.
func (s *Runner) sayRepairs(r *Repairs, given, best search.Score) {
	for _, one := range r.Tried {
		if one.Changed == 0 {
			s.Config.Say(fmt.Sprintf("repair %s: %s; skipped", one.Name, nothingFor[one.Name]))
		}
	}
	if len(r.Taken) == 0 {
		s.Config.Say(fmt.Sprintf("repairs: none; %s scores best without: %s", s.comparedText(), s.Text(given)))
		return
	}
	s.Config.Say(fmt.Sprintf("repairs: %s; %s scores %s, without %s", strings.Join(r.Taken, ", "), s.comparedText(), s.Text(best), s.Text(given)))
}

// nothingFor says what a repair has not found.
var nothingFor = map[string]string{
	config.Equalize:    "there is no pair of layers with nothing between them that factors of channels could not pass",
	config.Migrate:     "no normalization has a factor for each channel, and weights behind it alone",
	config.FitWeights:  "there are no weights",
	config.CorrectBias: "no layer has a bias",
}

// scoreGiven scores all int8 of the network as given as repairs are compared, if the choice of ranges has not.
func (s *Runner) scoreGiven(ctx context.Context, check func(*task.Task, *segments.Source) error) (search.Score, error) {
	if s.lowest != nil && !s.holdsWeights() { // else it has other weights
		return *s.lowest, nil
	}
	return s.scoreAnew(ctx, check, s.lowestMask())
}

// scoreAnew scores a mask of the present network as repairs and ranges are compared.
func (s *Runner) scoreAnew(ctx context.Context, check func(*task.Task, *segments.Source) error, low search.Mask) (score search.Score, err error) {
	err = s.withEvaluator(ctx, check, func(e *backend.Evaluator) (err error) {
		score, _, err = s.scoreLowest(ctx, e, low, search.Score{}, true)
		return err
	})
	return score, err
}

// givenScores are the scores of the network as given on all samples, from which targets are measured.
func (s *Runner) givenScores(ctx context.Context) (*result.Given, error) {
	g := &result.Given{}
	err := s.withEvaluator(ctx, nil, func(e *backend.Evaluator) error {
		for _, end := range []struct {
			mask search.Mask
			to   **result.Score
		}{{search.NewMask(len(s.Records)), &g.High}, {task.LowMask(s.Network.Holders), &g.Low}} {
			score, err := e.Score(ctx, end.mask)
			if err != nil {
				return err
			}
			*end.to = record.Score(score, s.Metric.Lower)
		}
		return nil
	})
	return g, err
}

// tryRepair scores all int8 with some repairs, the last of which is on trial.
func (s *Runner) tryRepair(ctx context.Context, repairs []string, best search.Score, forced bool) (one result.Repair, score search.Score, err error) {
	one.Name = repairs[len(repairs)-1]
	r, err := s.Repair(ctx, repairs, s.Chosen.Methods)
	if err != nil {
		return one, score, err
	}
	if one.Changed = r.Changed; one.Changed == 0 {
		return one, score, nil
	}
	err = s.withRepaired(ctx, r, func(e *backend.Evaluator) (err error) {
		score, one.Taken, err = s.scoreLowest(ctx, e, s.lowestMask(), best, forced)
		return err
	})
	if one.Taken && err == nil {
		one.Score = record.Score(score, s.Metric.Lower)
	}
	return one, score, err
}

// withRepaired is withEvaluator of a repaired network.
func (s *Runner) withRepaired(ctx context.Context, r *task.Version, f func(*backend.Evaluator) error) error {
	network, records := s.Network, s.Records
	s.Network, s.Records = r.Network, r.Records
	defer func() { s.Network, s.Records = network, records }()
	return s.withEvaluator(ctx, nil, f)
}

// withEvaluator does something with an evaluator of the task's present network and records, which keeps nothing.
func (s *Runner) withEvaluator(ctx context.Context, check func(*task.Task, *segments.Source) error, f func(*backend.Evaluator) error) error {
	o, err := s.TrialOptions()
	if err != nil {
		return s.WithCure(err)
	}
	o.Cache, o.Look = 0, harmSamples
	if !s.Can().OwnMemory { // one network is compiled sooner than several
		o.Members = nil
	}
	e, err := s.openSwitchable(ctx, o, check)
	if err != nil {
		return err
	}
	defer e.Close()
	return f(e)
}

// Endpoints are the scores that targets are measured from: those of the network as given, whatever repairs have made
// of it, and on a ladder those of its first step.
func (s *Runner) Endpoints(ends search.Endpoints) search.Endpoints {
	if s.Config.Second() {
		before := s.Config.Rung.Before.Score
		return s.measuredFrom(ends, before.High, before.Low)
	}
	if s.Chosen.Repairs == nil || s.Chosen.Repairs.Given == nil {
		return ends
	}
	given := s.Chosen.Repairs.Given
	return s.measuredFrom(ends, given.High, given.Low)
}

// measuredFrom are ends with the scores of two results in place of their own.
func (s *Runner) measuredFrom(ends search.Endpoints, high, low *result.Score) search.Endpoints {
	ends.High, ends.Low = record.Search(high, s.Metric.Lower), record.Search(low, s.Metric.Lower)
	return ends
}
