package search

import (
	"math"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"
)

// binomialAtMost is the probability of at most k of n, each with probability p: the regularised incomplete beta function
// I_{1-p}(n-k, k+1).
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

// binomialMass is the probability of exactly k of n.
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

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func logChoose(n, k int) float64 {
	lg := func(x int) float64 { v, _ := math.Lgamma(float64(x + 1)); return v }
	return lg(n) - lg(k) - lg(n-k)
}

// ClopperPearson is the exact interval for a probability of which k of n were seen (Clopper and Pearson, Biometrika 26,
// 1934): it misses the true one with a probability of at most 1 - confidence, half of it on either side.
func ClopperPearson(k, n int, confidence float64) (low, high float64) {
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

// ScorePValue tests that a network scores above a target on unseen samples, of which it gets k of n right: the probability
// of that many or more if it scored the target only. It is at most 1 - confidence exactly where the one-sided
// Clopper-Pearson bound lies above the target.
func ScorePValue(k, n int, target float64) float64 {
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
