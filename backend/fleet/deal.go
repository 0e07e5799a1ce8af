package fleet

import "slices"

// near is how much slower than the fastest a member may be and still be dealt as many blocks: speeds are measured
// beside other work.
const near = 0.9

// Deal says which member each of so many blocks goes to, all of which take as long. See DealCosts.
func Deal(blocks int, speeds []float64) (owner []int) {
	return DealCosts(slices.Repeat([]float64{1}, blocks), speeds)
}

// DealCosts says which member each block goes to, in the order of the layout, by how long each takes: round the
// members, weighted by their speeds (smooth weighted round robin), so that the first blocks of a trial, however many,
// are shared in proportion. A member whose speed is 0 gets none.
func DealCosts(costs, speeds []float64) (owner []int) {
	fastest := 0.0
	for _, s := range speeds {
		fastest = max(fastest, s)
	}
	weights, all := make([]float64, len(speeds)), 0.0
	for i, s := range speeds {
		if weights[i] = s / fastest; weights[i] >= near {
			weights[i] = 1
		}
		all += weights[i]
	}
	credit := make([]float64, len(speeds))
	for _, cost := range costs {
		best := -1
		for i, w := range weights {
			credit[i] += w * cost
			if w > 0 && (best < 0 || credit[i] > credit[best]) {
				best = i
			}
		}
		credit[best] -= all * cost
		owner = append(owner, best)
	}
	return owner
}
