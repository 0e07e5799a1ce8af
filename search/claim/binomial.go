package claim

import (
	"math"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"
)

// binomialAtMost returns the probability of at most k successes in n trials of probability p: the regularised
// incomplete beta function I_{1-p}(n-k, k+1) (Abramowitz and Stegun 26.5.24).
func binomialAtMost(k, n int, p float64) float64 {
	switch {
	case k < 0:
		return 0
	case k >= n || p <= 0:
		return 1
	case p >= 1:
		return 0
	}
	return mathext.RegIncBeta(float64(n-k), float64(k+1), 1-p)
}

// binomialMass returns the probability of exactly k successes in n trials of probability p.
func binomialMass(k, n int, p float64) float64 {
	switch {
	case k < 0 || k > n:
		return 0
	case p <= 0:
		return float64(b2i(k == 0))
	case p >= 1:
		return float64(b2i(k == n))
	}
	return math.Exp(logChoose(n, k) + float64(k)*math.Log(p) + float64(n-k)*math.Log1p(-p))
}

// b2i is 1 for true.
func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// logChoose returns the natural logarithm of the binomial coefficient n over k.
func logChoose(n, k int) float64 {
	lg := func(x int) float64 { v, _ := math.Lgamma(float64(x + 1)); return v }
	return lg(n) - lg(k) - lg(n-k)
}

// clopperPearson returns the exact two-sided confidence interval of a probability after k successes in n trials
// (Clopper and Pearson, The use of confidence or fiducial limits, Biometrika 26, 1934). It misses the true probability
// with a probability of at most 1 - confidence, half of it on either side. Needs 0 <= k <= n, n > 0 and 0 < confidence
// < 1. Example: 90 of 100 with the confidence 0.95 give 0.824 to 0.951.
func clopperPearson(k, n int, confidence float64) (low, high float64) {
	side := (1 - confidence) / 2
	if k > 0 {
		low = mathext.InvRegIncBeta(float64(k), float64(n-k+1), side)
	}
	high = 1
	if k < n {
		high = mathext.InvRegIncBeta(float64(k+1), float64(n-k), 1-side)
	}
	return low, high
}

// scorePValue returns the p-value of the hypothesis that a network's true score is at most target, a fraction, when it
// gets k of n unseen samples right: the probability of k or more if the true score equals the target. It is at most 1 -
// confidence if and only if the one-sided Clopper-Pearson bound is at least the target. Example: 95 of 100 have the
// p-value 0.058 against a target of 0.9: not enough to prove more than 0.9 at the level 0.05.
func scorePValue(k, n int, target float64) float64 {
	switch {
	case target < 0:
		return 0
	case target >= 1:
		return 1
	}
	return binomialAtMost(n-k, n, 1-target)
}

// normalQuantile is the quantile of the standard normal distribution.
func normalQuantile(p float64) float64 { return distuv.UnitNormal.Quantile(p) }
