package proof

import "math"

// A Space is the set of all mixes of n units. A mix is told by its high units, in ascending order; all others are low.
// It saves the sum of the costs of the low ones.
type Space struct {
	costs   []float64 // by unit
	uniform bool      // all units save the same, and something
	next    queue     // mixes of the levels to come, if costs differ
	wide    int       // about the mixes of the next level, if costs differ
}

// A Level is a set of mixes, all of which save more than those of later levels. If all units save the same, it has the
// mixes with Size units high. If costs differ, Size is -1, and it has those that save more than Over and at most Most.
type Level struct {
	Size       int
	Over, Most float64
	Mixes      float64 // how many they are; with costs that differ, at least so many if it is most
}

// most ends the count of a level by costs, which walks through it.
const most = 1e6

// NewSpace returns the space of units that save so much each, not negative and finite when they are low. The caller
// keeps the slice and does not change it.
func NewSpace(costs []float64) *Space {
	s := &Space{costs: costs, uniform: true, wide: firstLevel}
	for _, c := range costs {
		s.uniform = s.uniform && c == costs[0] && c > 0
	}
	if !s.uniform {
		s.next = newQueue(costs)
	}
	return s
}

// Uniform reports whether all units save the same, so that levels go by the number of high units.
func (s *Space) Uniform() bool { return s.uniform }

// Units returns the number of units.
func (s *Space) Units() int { return len(s.costs) }

// Saved returns what the mix saves whose high units are listed in ascending order. It adds the costs of the low units
// in their order, as a search does, so that both have the same bits. Rounding to nearest is monotone in every addition:
// a mix with one more unit high never saves more.
func (s *Space) Saved(high []int) float64 { return s.savedWith(high, len(s.costs)) }

// savedWith is Saved of the listed units and one more, which is not below them; none if it is the number of units.
func (s *Space) savedWith(high []int, extra int) (sum float64) {
	for u, c := range s.costs {
		switch {
		case len(high) > 0 && high[0] == u:
			high = high[1:]
		case u != extra:
			sum += c
		}
	}
	return sum
}

// Choose returns the number of mixes of n units with k high: n over k.
func Choose(n, k int) float64 {
	if k < 0 || k > n {
		return 0
	}
	c := 1.0
	for i := range min(k, n-k) {
		c = c * float64(n-i) / float64(i+1)
	}
	return math.Round(c)
}

// Below returns the number of mixes of n units with fewer than k high.
func Below(n, k int) (sum float64) {
	for i := range min(k, n+1) {
		sum += Choose(n, i)
	}
	return sum
}
