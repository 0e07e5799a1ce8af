package trial

import "context"

// Score is the value of a metric for a mask. Higher is better: the evaluator negates a metric that is better when
// lower.
type Score struct {
	Count, Total int     // countable metrics, such as top1: Count of Total samples, Total > 0
	Value        float64 // other metrics, Total == 0: the score in the metric's own unit; may be infinite or NaN
}

// Float returns the number that the search compares: Count/Total in float64 for countable metrics, else Value. Every
// comparison with NaN is false, so a NaN is above no target and reaches no floor.
func (s Score) Float() float64 {
	if s.Total > 0 {
		return float64(s.Count) / float64(s.Total)
	}
	return s.Value
}

// Bound is the question of a scan. Its three common forms:
//
//	{Above: T, Floor: f}           the first candidate above T, or else the best that reaches f (strategy demotion)
//	{Above: T, Floor: +Inf}        whether one holds: candidates that cannot pass may be left early, at any place
//	{Above: +Inf, Floor: -Inf}     the best of all (strategy greedy)
type Bound struct {
	Above float64 // a candidate passes if its score is > Above; +Inf: none passes
	// a candidate is the best so far if its score is >= Floor and >= the best before it; +Inf: no best is wanted
	Floor float64
	Last  bool // also return the full score of the last candidate that was looked at
}

// Found is the answer of a scan. A score that is full is the one of all samples; those of other candidates, on which an
// evaluator may have saved work, are not told.
type Found struct {
	Index  int   // of the first candidate that passes, else of the best, the later one of a tie; -1: none reached Floor
	Passed bool  // Index passed Above
	Score  Score // full score of Index; zero if Index is -1
	Last   Score // if Bound.Last: full score of the last candidate looked at, which is Index if it passed; else zero
}

// Evaluator scores masks: a network with its samples and its metric, or anything that has a score for a mask. The
// search calls it from one goroutine at a time.
//
// An implementation may cache anything, but every answer must be the one of NaiveScan over a pure score function. The
// search owns the masks and reuses their memory after the call: clone a mask to keep it. After an error, which includes
// a cancelled context, the search does not use the answer.
type Evaluator interface {
	// Score returns the full score of a mask.
	Score(ctx context.Context, mask Mask) (Score, error)
	// Scan answers a scan of the candidates in their order. base is the current base of the search; most candidates
	// differ from it in one unit. It is a hint for caching and never changes the answer.
	Scan(ctx context.Context, base Mask, candidates []Mask, b Bound) (Found, error)
}

// OutcomesEvaluator is an Evaluator that returns the outcome of every sample. Prove needs one.
type OutcomesEvaluator interface {
	// Outcomes returns one bit per sample, sample i in bit i%64 of word i/64. A bit is 1 if the metric counts the
	// sample, for top1 if it is classified correctly. The caller owns the slice.
	Outcomes(ctx context.Context, mask Mask) ([]uint64, error)
}

// ArrangingEvaluator is an Evaluator whose samples have an order that decides how soon a candidate that fails is left.
// A proof, which refutes many masks near one, finds it by type assertion.
type ArrangingEvaluator interface {
	// ArrangeFor puts the samples in an order in which masks near the given one fail early. It changes no answer.
	ArrangeFor(ctx context.Context, mask Mask) error
}

// HeadEvaluator is an Evaluator of counts that knows its head: the samples that the network without demotions decides
// by the smallest margins. Most of what a mask changes is seen on them. Strategies find it by type assertion.
type HeadEvaluator interface {
	// Head returns how many samples of the head count under a mask: a function of the mask alone, the same whatever was
	// run before. base is a hint, as in Evaluator.Scan. ok is false where there is no head, and then always.
	Head(ctx context.Context, base, mask Mask) (count int, ok bool, err error)
}

// FrontEvaluator is an Evaluator of counts that knows its front: the samples that the network without demotions gets
// wrong, those of its head, and those of the next margins. Nearly all that a mix near the target loses, it loses there.
// Strategies find it by type assertion.
type FrontEvaluator interface {
	// Front returns how many samples of the front do not count under a mask, or most+1 if more than most do not: a
	// function of mask and most alone, the same whatever was run before. It runs less the sooner they are too many,
	// and a score of the mask goes on from there. base is a hint, as in Evaluator.Scan. ok is false where there is no
	// front, and then always.
	Front(ctx context.Context, base, mask Mask, most int) (wrong int, ok bool, err error)
}

// DistanceEvaluator is an Evaluator that can cheaply estimate the sensitivity of a unit. Strategies find it by type
// assertion.
type DistanceEvaluator interface {
	// Distance returns the mean squared error of the network's outputs against those of the 16-bit network, on a few
	// batches. It is 0 if nothing changes. The search uses it for an order of the units, and for nothing else.
	Distance(ctx context.Context, mask Mask) (float64, error)
}
