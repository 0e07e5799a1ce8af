package search

import "math"

// Constants of the exact test.
const (
	// gammaShare is the part of a test's level that is spent on the interval of the nuisance parameter: 0.0005 at 0.05.
	gammaShare = 0.01
	// gridPoints is how many values of the nuisance parameter are looked at before the largest is refined. The interval is
	// about seven standard errors wide and the probability smooth on the scale of one.
	gridPoints = 40
	// refinements halve the distance to the maximum that many times.
	refinements = 12
	// tieSlack counts outcomes whose Z differs by rounding alone among those that are as extreme as the one seen.
	tieSlack = 1e-9
	// farOff is how many standard deviations of c are summed up on either side; the rest is counted as if it were all extreme.
	farOff = 9
)

// PValue is the exact unconditional p-value of the hypothesis that the mix truly loses budget or more against the
// reference, p_b - p_c >= budget: a small one speaks against it. alpha is the level that it will be compared with, and
// bounds the probability of a p-value at or below alpha where the hypothesis is true, whatever share of samples changes.
//
// It is the trinomial probability of all (b', c') whose Z is no larger than the one seen, at the largest over p_c in the
// Clopper-Pearson interval of c with confidence 1-gamma, p_b = p_c + budget, plus gamma = alpha/100 (Berger and Boos, P
// values maximized over a confidence set for the nuisance parameter, JASA 89, 1994). A true loss beyond the budget makes
// every such set less probable, because Z rises with b', so the edge of the hypothesis is all that has to be looked at.
//
// McNemar's test is for a budget of zero, and any that takes b+c as given does not hold its level: ALGORITHM 5.
// A budget below zero asks for a mix that is better
// than the reference. It panics unless -1 < budget < 1 and 0 < alpha < 1.
func (p Paired) PValue(budget, alpha float64) float64 {
	if !(budget > -1 && budget < 1) || !(alpha > 0 && alpha < 1) {
		panic("search: budget or level out of range")
	}
	gamma := alpha * gammaShare
	low, high := ClopperPearson(p.C, p.N, 1-gamma)
	low, high = max(low, -budget), min(high, (1-budget)/2) // p_b >= 0, p_b + p_c <= 1
	if low > high {
		return gamma
	}
	r := p.region(budget, low, high)
	step := (high - low) / (gridPoints - 1)
	best, at := 0.0, low
	for i := range gridPoints {
		q := low + float64(i)*step
		if v := r.probability(q); v > best {
			best, at = v, q
		}
	}
	for range refinements {
		step /= 2
		for _, q := range []float64{max(low, at-step), min(high, at+step)} {
			if v := r.probability(q); v > best {
				best, at = v, q
			}
		}
	}
	return min(1, best+gamma)
}

// region holds all outcomes that speak as strongly against the hypothesis as the one seen: for each c' the largest b'.
type region struct {
	n      int
	budget float64
	first  int   // c' of most[0]
	most   []int // largest b' of each c'; -1: none
}

// region finds the outcomes as extreme as the one seen, for all c' that matter for p_c between low and high.
func (p Paired) region(budget, low, high float64) region {
	first, _ := reach(p.N, low)
	_, last := reach(p.N, high)
	r := region{n: p.N, budget: budget, first: first, most: make([]int, last-first+1)}
	seen := p.Z(budget) + tieSlack
	b := -1
	for i := range r.most {
		c := first + i
		extreme := func(b int) bool { return Paired{p.N, b, c}.Z(budget) <= seen }
		for b >= 0 && (b > p.N-c || !extreme(b)) {
			b--
		}
		for b < p.N-c && extreme(b+1) {
			b++
		}
		r.most[i] = b
	}
	return r
}

// reach are the counts of n with probability q that are summed up.
func reach(n int, q float64) (first, last int) {
	mean, far := float64(n)*q, farOff*math.Sqrt(float64(n)*q*(1-q))+farOff
	return max(0, int(mean-far)), min(n, int(mean+far)+1)
}

// probability of the region where the mix alone is right with probability q and the reference alone with q + budget. What
// lies beyond reach counts as part of it.
func (r region) probability(q float64) float64 {
	first, last := reach(r.n, q)
	share := max(0, min(1, (q+r.budget)/(1-q))) // of b' among the samples that are not c'
	sum, rest := 0.0, 1.0
	for c := first; c <= last; c++ {
		mass := binomialMass(c, r.n, q)
		rest -= mass
		sum += mass * binomialAtMost(r.most[c-r.first], r.n-c, share)
	}
	return sum + max(0, rest)
}
