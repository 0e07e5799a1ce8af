package fleet

// near is how much slower than the fastest a member may be and still be dealt as many blocks: speeds are measured
// beside other work.
const near = 0.9

// Deal says which member each of so many blocks goes to, in the order of the layout: round the members, weighted by
// their speeds (smooth weighted round robin), so that the first blocks of a trial, however many, are shared in
// proportion. A member whose speed is 0 gets none.
func Deal(blocks int, speeds []float64) (owner []int) {
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
	for range blocks {
		best := -1
		for i, w := range weights {
			credit[i] += w
			if w > 0 && (best < 0 || credit[i] > credit[best]) {
				best = i
			}
		}
		credit[best] -= all
		owner = append(owner, best)
	}
	return owner
}
