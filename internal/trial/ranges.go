package trial

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"example.org/demote/internal/record"
	"example.org/demote/internal/segments"
	"example.org/demote/internal/stage"
	"example.org/demote/internal/task"
	"example.org/demote/result"
	"example.org/demote/search"
)

// Ranges are the range methods that a run has chosen.
type Ranges struct {
	Methods []string            `json:"methods"` // by holder
	Scores  []result.RangeScore `json:"scores"`  // of all int8 by each method that was tried
}

// chooseRanges chooses the low grids among the candidates of a calibration: those of the method by which all int8
// scores best on the samples, the first of equals. It looks at no search's end, and is over before the first trial:
// grids do not change under a score. A method that falls behind the best so far is left as soon as that is certain.
// What Chosen has of an earlier session is taken as it is. check sees the first network before it is compiled.
func (s *Runner) chooseRanges(ctx context.Context, check func(*task.Task, *segments.Source) error) error {
	if s.Candidates == nil {
		return nil
	}
	low, known := s.LowBy(s.Chosen.Methods)
	if !known {
		best, err := s.scoreRanges(ctx, check)
		if err != nil {
			return err
		}
		low, _ = s.LowBy(s.Chosen.Methods)
		s.Config.Say(fmt.Sprintf("ranges of int8 by %s, with which all int8 scores best: %s", s.Chosen.Methods[0], s.Text(best)))
	}
	notes, err := s.ChooseLow(low, s.Config)
	if err != nil {
		return err
	}
	for _, w := range notes {
		s.Caution(w.ID, w.Text, w.Cure)
	}
	if s.Result == nil {
		return nil
	}
	s.Result.Ranges = s.Chosen.Scores
	for i := range s.Result.Holders {
		s.Result.Holders[i].Range, s.Result.Holders[i].Low = s.Chosen.Methods[i], record.Grid(low[i])
	}
	return nil
}

// scoreRanges fills Chosen by the scores of all int8, and returns the best of them.
func (s *Runner) scoreRanges(ctx context.Context, check func(*task.Task, *segments.Source) error) (best search.Score, err error) {
	work := s.Config.Begin(stage.Ranges, "methods", len(s.Candidates), 0)
	defer func() { s.choosing = work.End() }()
	own := s.Records
	defer func() { s.Records = own }()
	s.Chosen = Ranges{}
	for i, c := range s.Candidates {
		if c.Same {
			work.One()
			continue
		}
		if i > 0 && s.Config.Time > 0 && time.Since(s.Started) > s.Config.Time/2 {
			s.Caution("ranges-cut", fmt.Sprintf("half of the time is over: %d of %d range methods were tried", i, len(s.Candidates)), "a longer --time tries all, --range METHOD chooses one")
			break
		}
		s.Records = s.WithLow(c.Low)
		score, better, err := s.scoreLowest(ctx, best, i == 0, check)
		if err != nil {
			return best, err
		}
		one := result.RangeScore{Method: string(c.Method)}
		if better {
			best, one.Score = score, record.Score(score, s.Metric.Lower)
			s.Chosen.Methods = slices.Repeat([]string{one.Method}, len(own))
		}
		s.Chosen.Scores = append(s.Chosen.Scores, one)
		work.One()
	}
	return best, nil
}

// scoreLowest scores the network with everything demoted that may be; better tells whether that is above the best so
// far, which the first is always. Otherwise the score is not known.
func (s *Runner) scoreLowest(ctx context.Context, best search.Score, first bool, check func(*task.Task, *segments.Source) error) (score search.Score, better bool, err error) {
	o, err := s.TrialOptions()
	if err != nil {
		return score, false, s.WithCure(err)
	}
	o.Cache = 0
	if !first { // the others are as the first one but for numbers
		check = nil
	}
	e, err := s.openSwitchable(ctx, o, check)
	if err != nil {
		return score, false, err
	}
	defer e.Close()
	low := task.LowMask(s.Network.Holders)
	for _, h := range s.Layout.High { // held at int16 by a constraint
		low.Promote(h)
	}
	if first {
		score, err = e.Score(ctx, low)
		return score, true, err
	}
	found, err := e.Scan(ctx, search.NewMask(low.Len()), []search.Mask{low}, search.Bound{Above: best.Float(), Floor: math.Inf(1)})
	return found.Score, found.Passed, err
}
