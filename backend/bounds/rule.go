package bounds

import (
	"fmt"
	"math"
	"sort"

	"example.org/demote/search"
)

// Kind says what a sample adds to a score.
type Kind int

const (
	// Counted: a sample adds 0 or 1, and the score is the count over the number of samples.
	Counted Kind = iota
	// Mean: a sample adds a float64 of at most Rule.Best, and the score is the mean, or what Rule.Finish makes of the
	// sum.
	Mean
	// Whole: the score depends on all outputs together, so there is no bound. Trials run to their end.
	Whole
	// Folded: the score is what Rule.Fold makes of the outcomes of all samples, and bounds from those of some.
	Folded
)

// Rule says how blocks add up to a score. newScan fills in the tables; after that it is read only, and may be shared.
//
// Sums of Mean and Whole are float64 and depend on their order: a block's sum is the machine's, in whatever order it
// always uses, and the sums of blocks are added in block order, starting from 0. So a stopped and resumed trial gives
// the bits of an uninterrupted one.
type Rule struct {
	Kind  Kind
	Sizes []int // samples of each block that count, padding left out
	// Best is the highest value that a sample can add to a Mean. It must not be NaN or +Inf.
	Best float64
	// Finish turns the sum over all samples into the score of a Mean or Whole; nil divides by the number of samples.
	// For Mean it must never fall when the sum rises.
	Finish func(sum float64) float64
	Fold   Fold // of Folded
	// Rarely: to look at a bound of Folded takes long. Between two looks a trial runs half of the blocks that it has
	// left, and at least a part of all (see stride).
	Rarely bool
	// Outcomes: blocks have at most OutcomeSamples samples, and the machine says in Gain.Hits which of them count. Of
	// Counted only
	Outcomes bool
	// Width is how many blocks the machine runs at once in the time of one; less than 1 counts as 1. Work is rounded
	// up to it.
	Width int

	left  []int     // samples from a block on; one entry more than there are blocks
	lift  []float64 // Mean: the most that each block can add
	lifts []float64 // Mean: about the most that the blocks from each one on can add; one entry more than blocks
}

// Gain is what one block adds to a score.
type Gain struct {
	Count int     // Counted
	Sum   float64 // Mean and Whole; the values of the block's samples
	Hits  HitBits // with Rule.Outcomes: which samples count
	// Folded: what the block's samples have come to
	Outcomes []Outcome
}

// Progress is how far a trial has come: the sum of its first Blocks blocks.
type Progress struct {
	Blocks int
	Count  int
	Sum    float64
	Hits   *Hits // of the same blocks; nil: not kept
	State  State // Folded: what they have come to
}

// add extends a progress by the next block. The order of the additions is that of an uninterrupted trial, so that the
// float64 sum has the same bits.
func (r *Rule) add(p Progress, g Gain) Progress {
	p.Hits.set(p.Blocks, g)
	p.Blocks, p.Count, p.Sum = p.Blocks+1, p.Count+g.Count, p.Sum+g.Sum
	if r.Kind == Folded {
		p.State = r.Fold.Add(p.State, g.Outcomes)
	}
	return p
}

// prepare checks the rule and fills in its tables. It panics on a rule that no metric can have.
func (r *Rule) prepare() {
	r.left = make([]int, len(r.Sizes)+1)
	for b := len(r.Sizes) - 1; b >= 0; b-- {
		if r.Sizes[b] <= 0 {
			panic(fmt.Sprintf("bounds: block %d has %d samples", b, r.Sizes[b]))
		}
		r.left[b] = r.left[b+1] + r.Sizes[b]
	}
	r.Width = max(r.Width, 1)
	if r.Kind != Mean {
		return
	}
	if math.IsNaN(r.Best) || math.IsInf(r.Best, 1) {
		panic(fmt.Sprintf("bounds: best value %v of a sample", r.Best))
	}
	best := shorten(r.Best)
	r.lift = make([]float64, len(r.Sizes))
	for b, n := range r.Sizes {
		r.lift[b] = best * float64(n)
	}
	r.lifts = make([]float64, len(r.Sizes)+1)
	for b := len(r.Sizes) - 1; b >= 0; b-- {
		r.lifts[b] = r.lifts[b+1] + r.lift[b]
	}
}

// shorten rounds a value up to 24 significant bits. Sums of up to 2^29 such values are exact in every order, since
// float64 has 53 bits, so no sum of that many smaller values exceeds them, however it is rounded: after each addition
// it is at most the exact one, since rounding to nearest is monotone (IEEE 754-2019, 4.3.1).
func shorten(v float64) float64 {
	frac, exp := math.Frexp(v)
	return math.Ldexp(math.Ceil(math.Ldexp(frac, 24)), exp-24)
}

// Blocks returns the number of blocks of a whole trial. Without blocks a score is that of no sample.
func (r *Rule) Blocks() int { return len(r.Sizes) }

// total returns the number of samples.
func (r *Rule) total() int { return r.left[0] }

// done reports whether the progress is that of a finished trial.
func (r *Rule) done(p Progress) bool { return p.Blocks == len(r.Sizes) }

// score is the score of a finished trial.
func (r *Rule) score(p Progress) search.Score {
	if r.Kind == Counted {
		return search.Score{Count: p.Count, Total: r.total()}
	}
	if r.Kind == Folded {
		return search.Score{Value: r.Fold.Score(p.State)}
	}
	return search.Score{Value: r.finish(p.Sum)}
}

// scoreOf is about the score of a trial that has come so far: that of its samples, with their sum stretched to all.
func (r *Rule) scoreOf(p Progress) search.Score {
	run := r.total() - r.left[p.Blocks]
	if r.Kind == Counted {
		return search.Score{Count: p.Count, Total: run}
	}
	if r.Kind == Folded {
		return search.Score{Value: r.Fold.Score(p.State)}
	}
	return search.Score{Value: r.finish(p.Sum * float64(r.total()) / float64(run))}
}

// finish is the score of a sum over all samples: its mean, or what the metric makes of it.
func (r *Rule) finish(sum float64) float64 {
	if r.Finish != nil {
		return r.Finish(sum)
	}
	return sum / float64(r.total())
}

// upper is the key of the highest score that the trial can still reach. Rounding is monotone in each addition, so a
// sum over the blocks left at their highest is never below the sum that will come.
func (r *Rule) upper(p Progress) key {
	switch {
	case r.Kind == Counted:
		return key(p.Count + r.left[p.Blocks])
	case r.done(p):
		return r.keyOf(r.score(p))
	case r.Kind == Folded:
		return r.upperFolded(p)
	case r.Kind == Mean:
		sum := p.Sum
		for _, lift := range r.lift[p.Blocks:] {
			sum += lift
		}
		return order(r.finish(sum))
	}
	return unknown
}

// keyOf is the key of a full score.
func (r *Rule) keyOf(s search.Score) key {
	if r.Kind == Counted {
		return key(s.Count)
	}
	return order(s.Value)
}

// passing returns the smallest key whose score is above the threshold, by the float64 comparison of the definition.
func (r *Rule) passing(above float64) key {
	if r.Kind == Counted {
		return r.smallest(func(f float64) bool { return f > above })
	}
	if math.IsNaN(above) || math.IsInf(above, 1) {
		return never
	}
	return order(above) + 1
}

// reaching returns the smallest key whose score is at least the floor.
func (r *Rule) reaching(floor float64) key {
	if r.Kind == Counted {
		return r.smallest(func(f float64) bool { return f >= floor })
	}
	if math.IsNaN(floor) {
		return never
	}
	return order(floor)
}

// smallest finds the smallest count whose float64 quotient satisfies the comparison; one more than the total if none
// does.
func (r *Rule) smallest(satisfies func(float64) bool) key {
	total := r.total()
	return key(sort.Search(total+1, func(c int) bool {
		return satisfies(search.Score{Count: c, Total: total}.Float())
	}))
}

// least is about the smallest count or sum whose score has at least the key: good for a guess. It is +Inf if there is
// none.
func (r *Rule) least(k key) float64 {
	if r.Kind == Counted {
		return float64(k)
	}
	if r.Kind == Folded {
		if r.upper(Progress{}) < k {
			return math.Inf(1)
		}
		return unorder(k)
	}
	low, high := order(math.Inf(-1)), order(r.lifts[0])
	if order(r.finish(r.lifts[0])) < k {
		return math.Inf(1)
	}
	for low < high {
		mid := low + int64(uint64(high-low)/2)
		if order(r.finish(unorder(mid))) >= k {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return unorder(low)
}
