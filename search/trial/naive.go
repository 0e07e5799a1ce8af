package trial

import "context"

// ScoreFunc returns the full score of a mask; a pure function of the mask.
type ScoreFunc func(ctx context.Context, mask Mask) (Score, error)

// NaiveScan answers a scan by full scores, one candidate after another. It is the definition of a scan
// (search.Demotion, steps 4b and 4c): every other implementation returns the same Found.
//
// An error of score, or a context that is done between two candidates, ends the scan with that error.
func NaiveScan(ctx context.Context, score ScoreFunc, candidates []Mask, b Bound) (Found, error) {
	found := Found{Index: -1}
	best := b.Floor
	for i, c := range candidates {
		if err := ctx.Err(); err != nil {
			return Found{Index: -1}, err
		}
		s, err := score(ctx, c)
		if err != nil {
			return Found{Index: -1}, err
		}
		if b.Last {
			found.Last = s
		}
		f := s.Float()
		if f > b.Above {
			found.Index, found.Passed, found.Score = i, true, s
			return found, nil
		}
		if f >= best {
			found.Index, found.Score, best = i, s, f
		}
	}
	return found, nil
}

// Naive is an Evaluator that calls the function for every score and caches nothing. It is the simplest way to search
// with a function of your own.
type Naive ScoreFunc

var _ Evaluator = Naive(nil)

// Score calls the function.
func (f Naive) Score(ctx context.Context, mask Mask) (Score, error) { return f(ctx, mask) }

// Scan is NaiveScan with the function; base is not used.
func (f Naive) Scan(ctx context.Context, _ Mask, candidates []Mask, b Bound) (Found, error) {
	return NaiveScan(ctx, ScoreFunc(f), candidates, b)
}
