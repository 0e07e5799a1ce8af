package both

import (
	"context"
	"math"

	"example.org/demote/search"
)

// An Evaluator has for a mask the lower of two scores. The second is dear, and asked for only where the first does not
// settle the answer. Answers are those of search.NaiveScan over Score.
type Evaluator struct {
	First interface {
		search.Evaluator
		search.DistanceEvaluator
		search.ArrangingEvaluator
	}
	Second search.ScoreFunc // a pure function of the mask
	// a mask that has the first score alone: the one that a search begins with, so that it may look for a mask that
	// is good by both where this one is not
	Exempt search.Mask
}

var (
	_ search.Evaluator          = (*Evaluator)(nil)
	_ search.DistanceEvaluator  = (*Evaluator)(nil)
	_ search.ArrangingEvaluator = (*Evaluator)(nil)
)

// Distance is the first evaluator's.
func (e *Evaluator) Distance(ctx context.Context, m search.Mask) (float64, error) {
	return e.First.Distance(ctx, m)
}

// ArrangeFor is the first evaluator's, which runs most masks.
func (e *Evaluator) ArrangeFor(ctx context.Context, m search.Mask) error {
	return e.First.ArrangeFor(ctx, m)
}

// Score is the lower one of the two scores of a mask; NaN is the lowest.
func (e *Evaluator) Score(ctx context.Context, m search.Mask) (search.Score, error) {
	first, err := e.First.Score(ctx, m)
	if err != nil {
		return search.Score{}, err
	}
	return e.lower(ctx, m, first)
}

// lower is the score of a mask whose first one is known.
func (e *Evaluator) lower(ctx context.Context, m search.Mask, first search.Score) (search.Score, error) {
	if m.Equal(e.Exempt) {
		return first, nil
	}
	second, err := e.Second(ctx, m)
	if err != nil {
		return search.Score{}, err
	}
	if f := second.Float(); math.IsNaN(f) || f < first.Float() {
		return second, nil
	}
	return first, nil
}

// Scan answers a scan. Candidates that the first score rules out are ruled out by its own scan, which ends early.
func (e *Evaluator) Scan(ctx context.Context, base search.Mask, candidates []search.Mask, b search.Bound) (search.Found, error) {
	found := search.Found{Index: -1}
	floor := b.Floor // what the best must reach
	for next := 0; next < len(candidates); {
		// By the first score alone, what is below floor can neither pass nor be the best. Without a floor the first
		// evaluator may look at all that are left; with one it must not pass over a candidate that may be the best.
		among := candidates[next:]
		if !math.IsInf(floor, 1) {
			among = among[:1]
		}
		one, err := e.First.Scan(ctx, base, among, search.Bound{Above: b.Above, Floor: floor})
		if err != nil {
			return search.Found{Index: -1}, err
		}
		if one.Index < 0 {
			next += len(among)
			continue
		}
		i := next + one.Index
		next = i + 1
		score, err := e.lower(ctx, candidates[i], one.Score)
		if err != nil {
			return search.Found{Index: -1}, err
		}
		switch f := score.Float(); {
		case f > b.Above:
			found.Index, found.Passed, found.Score = i, true, score
			if b.Last {
				found.Last = score
			}
			return found, nil
		case f >= floor:
			found.Index, found.Score, floor = i, score, f
		}
	}
	if b.Last && len(candidates) > 0 {
		var err error
		if found.Last, err = e.Score(ctx, candidates[len(candidates)-1]); err != nil {
			return search.Found{Index: -1}, err
		}
	}
	return found, nil
}
