package claim

import "math"

// Constants of the exact test.
const (
	// gammaShare is the share of the level that pays for the confidence interval of the nuisance parameter: 0.0005 of
	// 0.05.
	gammaShare = 0.01
	// gridPoints is the number of values of the nuisance parameter that are tried before the best is refined. The
	// interval is about seven standard errors wide, and the probability is smooth on the scale of one.
	gridPoints = 40
	// refinements is how often the distance to the maximum is halved.
	refinements = 12
	// tieSlack makes outcomes as extreme as the one seen whose Z differs from it by rounding errors alone.
	tieSlack = 1e-9
	// farOff is the number of standard deviations of c on either side that are summed up; the rest counts as extreme.
	farOff = 9
)

// PValue is the exact unconditional p-value of the hypothesis that the true loss of the mix against the reference is
// budget or more: p_b - p_c >= budget. A small one is evidence against the hypothesis. budget is a fraction of the
// samples; one below zero asks for a mix that is better than the reference. alpha is the level with which the p-value
// will be compared. If the hypothesis is true, the p-value is at or below alpha with a probability of at most alpha,
// whatever share of samples changes. Example: with N 2,000, B 31 and C 24 the p-value is 0.046 for a budget of 0.01,
// which is so proven at 0.05, and 0.36 for one of 0.005.
//
// The p-value is the trinomial probability of all (b', c') whose Z is no larger than the one seen, with p_b = p_c +
// budget, maximized over p_c in the Clopper-Pearson interval of c with confidence 1-gamma, plus gamma = alpha/100
// (Berger and Boos, P values maximized over a confidence set for the nuisance parameter, JASA 89, 1994). Z rises with
// b', so a true loss beyond the budget makes every such set less probable, and it is enough to look at the edge of the
// hypothesis.
//
// McNemar's test is the case of budget 0. Tests that condition on b+c do not hold their level for other budgets: a
// Clopper-Pearson bound of b/(b+c), times (b+c)/n, has a true level of up to 0.82 where 0.05 is asked for. The worst
// level of this test that was found by enumeration is 0.0495 (TestLevel).
//
// It takes O(sqrt(n)) terms for each of about 60 values of p_c. PValue panics unless -1 < budget < 1 and 0 < alpha < 1.
func (p Paired) PValue(budget, alpha float64) float64 {
	if !(budget > -1 && budget < 1) || !(alpha > 0 && alpha < 1) {
		panic("search: budget or level out of range")
	}
	gamma := alpha * gammaShare
	low, high := clopperPearson(p.C, p.N, 1-gamma)
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

// region is the set of outcomes that are at least as strong evidence against the hypothesis as the one seen: for each
// c' the largest b'.
type region struct {
	n      int
	budget float64
	first  int   // c' of most[0]
	most   []int // largest b' of each c'; -1: none
}

// region returns the outcomes as extreme as the one seen, for all c' that are within reach of a p_c from low to high.
func (p Paired) region(budget, low, high float64) region {
	first, _ := reach(p.N, low)
	_, last := reach(p.N, high)
	r := region{n: p.N, budget: budget, first: first, most: make([]int, last-first+1)}
	seen := p.z(budget) + tieSlack
	b := -1
	for i := range r.most {
		c := first + i
		extreme := func(b int) bool { return Paired{p.N, b, c}.z(budget) <= seen }
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

// reach returns the range of the counts of n with probability q that are summed up: farOff standard deviations around
// the mean, and as many samples more, since a binomial distribution of a small mean is skewed.
func reach(n int, q float64) (first, last int) {
	mean, far := float64(n)*q, farOff*math.Sqrt(float64(n)*q*(1-q))+farOff
	return max(0, int(mean-far)), min(n, int(mean+far)+1)
}

// probability returns the probability of the region if only the mix is right with probability q, and only the reference
// with q + budget. Counts out of reach count as part of the region, which makes the p-value no smaller.
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
