package trial

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"example.org/demote/backend"
	"example.org/demote/internal/record"
	"example.org/demote/internal/segments"
	"example.org/demote/internal/stage"
	"example.org/demote/internal/task"
	"example.org/demote/result"
	"example.org/demote/search"
)

// Ranges are the range methods that a run has chosen.
type Ranges struct {
	Methods []string            `json:"methods"` // by activation holder
	Scores  []result.RangeScore `json:"scores"`  // of all int8 by each method that was tried
	Whole   bool                `json:"whole"`   // no end of time has cut the choice short

	// Apart are the holders that all int8 was scored without in the end, since they do nearly all of its harm: see
	// dominant.
	Apart []int `json:"apart,omitempty"`

	Repairs *Repairs `json:"repairs,omitempty"` // chosen behind the ranges; nil: none were to be
}

// text names the methods for the user.
func (r Ranges) text() string {
	var different []string
	for _, m := range r.Methods {
		if !slices.Contains(different, m) {
			different = append(different, m)
		}
	}
	if len(different) == 1 {
		return different[0]
	}
	return fmt.Sprintf("%d methods, each activation's own", len(different))
}

// chooseRanges chooses the low grids among the candidates of a calibration: those of the method by which all int8
// scores best on the samples, the first of equals; or, if all int8 scores better so, for each unit those with which it
// alone moves the outputs least. Where a few units do nearly all of the harm, that is their choice, and the others'
// is made again without them. It looks at no search's end, and is over before the first trial: grids do not change
// under a score. Methods that fall behind the best so far are left as soon as that is certain.
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
		s.lowest = &best
		low, _ = s.LowBy(s.Chosen.Methods)
		s.Config.Say(fmt.Sprintf("ranges of int8 by %s, with which %s scores best: %s", s.Chosen.text(), s.lowestText(), s.Text(best)))
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
	for i := range min(len(s.Chosen.Methods), len(s.Result.Holders)) {
		s.Result.Holders[i].Range, s.Result.Holders[i].Low = s.Chosen.Methods[i], record.Grid(low[i])
	}
	return nil
}

// scoreRanges fills Chosen by the scores of all int8, and returns the best of them.
func (s *Runner) scoreRanges(ctx context.Context, check func(*task.Task, *segments.Source) error) (search.Score, error) {
	own := s.Records
	defer func() { s.Records = own }()
	s.Chosen, s.choosing = Ranges{}, 0
	harm := harms{units: s.activationUnits()}
	best, err := s.compareRanges(ctx, check, &harm, search.Score{})
	apart := harm.dominant()
	if err != nil || !s.Chosen.Whole || len(apart) == 0 {
		return best, err
	}
	all := s.Chosen
	s.Chosen = Ranges{Apart: apart}
	best, err = s.compareRanges(ctx, nil, &harm, search.Score{})
	for _, h := range apart {
		s.Chosen.Methods[h] = all.Methods[h]
	}
	s.Chosen.Scores = append(all.Scores, s.Chosen.Scores...)
	return best, err
}

// compareRanges scores the candidates on the mask that they are compared by, and makes the best the chosen one. harm
// has the harm of the units with each, and measures what it has not. best is the score of what was chosen before, if
// anything was.
func (s *Runner) compareRanges(ctx context.Context, check func(*task.Task, *segments.Source) error, harm *harms, best search.Score) (_ search.Score, err error) {
	work := s.Config.Begin(stage.Ranges, "methods", len(s.Candidates)+1, 0)
	defer func() { s.choosing += work.End() }()
	holders := len(s.Network.Activations())
	for i, c := range s.Candidates {
		if !c.Same {
			if s.halfOver() && i > 0 {
				s.Caution("ranges-cut", fmt.Sprintf("half of the time is over: %d of %d range methods were tried", i, len(s.Candidates)), "a longer --time tries all, --range METHOD chooses one")
				return best, nil
			}
			measure := func(e *backend.Evaluator) error { return harm.measure(ctx, e, string(c.Method), c.Low) }
			methods := slices.Repeat([]string{string(c.Method)}, holders)
			if best, err = s.tryRanges(ctx, string(c.Method), methods, best, check, measure); err != nil {
				return best, err
			}
			check = nil // the others are as the first one but for numbers
		}
		work.One()
	}
	present, _ := s.LowBy(s.Chosen.Methods)
	methods, changed := harm.least(s.Chosen.Methods, present)
	switch {
	case changed == 0:
	case s.halfOver():
		s.Caution("ranges-cut", "half of the time is over: the methods of single activations were not tried", "a longer --time tries them, --range METHOD chooses one for all")
		return best, nil
	default:
		if best, err = s.tryRanges(ctx, result.EachItsOwn, methods, best, nil, nil); err != nil {
			return best, err
		}
	}
	s.Chosen.Whole = true
	work.One()
	return best, nil
}

// halfOver reports whether half of the user's time is over.
func (s *Runner) halfOver() bool { return s.Config.Time > 0 && time.Since(s.Started) > s.Config.Time/2 }

// tryRanges scores all int8 with the low grids of methods, by holder, and makes them the chosen ones if that is better
// than the best so far, or the first. then is called with their evaluator; nil: nothing is.
func (s *Runner) tryRanges(ctx context.Context, name string, methods []string, best search.Score, check func(*task.Task, *segments.Source) error, then func(*backend.Evaluator) error) (search.Score, error) {
	low, _ := s.LowBy(methods)
	s.Records = s.WithLow(low)
	var score search.Score
	var better bool
	err := s.withEvaluator(ctx, check, func(e *backend.Evaluator) (err error) {
		score, better, err = s.scoreLowest(ctx, e, s.lowestActivations(), best, s.Chosen.Scores == nil)
		if err == nil && then != nil {
			err = then(e)
		}
		return err
	})
	if err != nil {
		return best, err
	}
	one := result.RangeScore{Method: name, Int16: s.apartNames()}
	if better {
		best, one.Score = score, record.Score(score, s.Metric.Lower)
		s.Chosen.Methods = methods
	}
	s.Chosen.Scores = append(s.Chosen.Scores, one)
	return best, nil
}

// holdsWeights tells whether weights are searched beside activations.
func (s *Runner) holdsWeights() bool { return len(s.Network.Activations()) < len(s.Network.Holders) }

// activationUnits are the units whose activations have ranges to choose, weights among them left out.
func (s *Runner) activationUnits() (list [][]int) {
	n := len(s.Network.Activations())
	for _, unit := range s.Units() {
		if unit = slices.DeleteFunc(slices.Clone(unit), func(h int) bool { return h >= n }); len(unit) > 0 {
			list = append(list, unit)
		}
	}
	return list
}

// lowestActivations is lowestMask with all weights high, which ranges are not about.
func (s *Runner) lowestActivations() search.Mask {
	low := s.lowestMask()
	for _, h := range s.Network.Holders[len(s.Network.Activations()):] {
		low.Promote(h.Index)
	}
	return low
}

// lowestMask has everything demoted that may be, but for what the choice of ranges has set apart.
func (s *Runner) lowestMask() search.Mask {
	low := task.LowMask(s.Network.Holders)
	for _, h := range slices.Concat(s.Layout.High, s.Chosen.Apart) { // Layout.High: held at int16 by a constraint
		low.Promote(h)
	}
	return low
}

// lowestText names lowestActivations for the user.
func (s *Runner) lowestText() string { return s.butApart("all int8") }

// comparedText names lowestMask.
func (s *Runner) comparedText() string {
	if s.holdsWeights() {
		return s.butApart(fmt.Sprintf("all int8 with weights of %d bits", s.Records[len(s.Network.Activations())].Low.Bits))
	}
	return s.lowestText()
}

// butApart adds to a name what the choice of ranges has set apart.
func (s *Runner) butApart(low string) string {
	switch names := s.apartNames(); len(names) {
	case 0:
		return low
	case 1:
		return low + " but " + names[0]
	default:
		return fmt.Sprintf("%s but %d activations", low, len(names))
	}
}

// apartNames are the names of the holders that the choice of ranges has set apart.
func (s *Runner) apartNames() (names []string) {
	for _, h := range s.Chosen.Apart {
		names = append(names, s.Network.Holders[h].Name)
	}
	return names
}

// rangeSamples is how many samples methods are compared on where there are more: a method that scores a hundredth
// better there is seldom the worse one of a whole search, and seven passes over all samples would be its half.
const rangeSamples = 500

// scoreLowest scores a mask with everything demoted that is compared, on rangeSamples; better tells whether that is
// above the best so far, which the first is always. Otherwise the score is not known.
func (s *Runner) scoreLowest(ctx context.Context, e *backend.Evaluator, low search.Mask, best search.Score, first bool) (score search.Score, better bool, err error) {
	if s.Data.Len() > rangeSamples {
		s.share.Samples = rangeSamples
		if first {
			return s.share.Better(ctx, e, low, nil)
		}
		return s.share.Better(ctx, e, low, &best)
	}
	if first {
		score, err = e.Score(ctx, low)
		return score, true, err
	}
	found, err := e.Scan(ctx, search.NewMask(low.Len()), []search.Mask{low}, search.Bound{Above: best.Float(), Floor: math.Inf(1)})
	return found.Score, found.Passed, err
}
