package search

import "context"

// Score is what a metric says of a mask. Higher is better: a metric that is better when lower is negated where it is
// read, before it becomes a Score.
type Score struct {
	Count, Total int     // countable metrics: Total > 0, and the score is Count/Total
	Value        float64 // other metrics (Total == 0): the score itself; may be infinite or NaN
}

// Float returns the score as the search compares it: Count/Total in float64 for countable metrics, else Value. NaN is
// above nothing and reaches no floor.
func (s Score) Float() float64 {
	if s.Total > 0 {
		return float64(s.Count) / float64(s.Total)
	}
	return s.Value
}

// Bound says what a scan looks for.
type Bound struct {
	Above float64 // a candidate passes if its score is > Above; +Inf: nobody passes
	Floor float64 // the best so far starts here: a candidate with score >= it takes over; -Inf: any; +Inf: the best is not wanted
	Last  bool    // the full score of the last candidate looked at is wanted too
}

// Found is the answer of a scan.
type Found struct {
	Index  int   // into the candidates: the first that passes, else the best, a tie going to the later; -1: none reached Floor
	Passed bool  // Index passed Above
	Score  Score // full score of Index; zero if Index is -1
	Last   Score // if Bound.Last: full score of the last candidate looked at, which is Index if it passed; else zero
}

// Evaluator runs masks. Implementations may keep anything they learn, but an answer must be the one that NaiveScan over
// a pure score function gives. They must not keep a mask that they are handed: its memory is used again.
//
// After an error (a cancelled context included) the answer is not used.
type Evaluator interface {
	// Score returns the full score of a mask.
	Score(ctx context.Context, mask Mask) (Score, error)
	// Scan answers a scan of the candidates, in their order. base is the mask that the search stands on; most candidates
	// differ from it in one unit. It is a hint about what the evaluator may keep, and never changes the answer.
	Scan(ctx context.Context, base Mask, candidates []Mask, b Bound) (Found, error)
}

// OutcomesEvaluator is an Evaluator that tells the outcome of every sample; found by type assertion.
type OutcomesEvaluator interface {
	// Outcomes returns one bit a sample, sample i in bit i%64 of word i/64: 1 means that the metric counts it.
	Outcomes(ctx context.Context, mask Mask) ([]uint64, error)
}

// DistanceEvaluator is an Evaluator that can say cheaply how far a mask moves the network; found by type assertion.
type DistanceEvaluator interface {
	// Distance returns the mean squared error of the outputs against the 16-bit network on a few blocks: 0 for no change,
	// larger for more. It is only good for an order.
	Distance(ctx context.Context, mask Mask) (float64, error)
}
