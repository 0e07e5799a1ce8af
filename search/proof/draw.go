package proof

import (
	"math"
	"math/rand/v2"
	"slices"
)

// doubt is the chance with which AtMost is wrong: it has a confidence of 95 %.
const doubt = 0.05

// Draw returns mixes with so many of n units high, each drawn at random with equal chances and put back, in lexical
// order. The caller owns them.
func Draw(rng *rand.Rand, n, size, mixes int) [][]int {
	list := make([][]int, mixes)
	for i := range list {
		high := rng.Perm(n)[:size]
		slices.Sort(high)
		list[i] = high
	}
	slices.SortFunc(list, slices.Compare[[]int])
	return list
}

// AtMost returns the largest share of a level that may hold, with 95 % confidence, if none of so many drawn mixes does:
// the exact bound 1 - 0.05^(1/m) of Clopper and Pearson for no success, about 3/m. It is 1 without a draw. Example: 300
// drawn mixes give 0.0099.
func AtMost(drawn int) float64 {
	if drawn <= 0 {
		return 1
	}
	return -math.Expm1(math.Log(doubt) / float64(drawn))
}
