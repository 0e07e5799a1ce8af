package search

import "math"

// promiseShares are the parts of a mix's demotions at which a promise is tested, safest first. They are few and fixed
// beforehand: each is one more test that must pass before the next, and each rejected one leaves the step before it.
var promiseShares = []float64{0.25, 0.5, 0.75, 0.875, 1}

// NestedSteps are the mixes that a promise is tested on: the first units of an order on top of base, at the preset shares
// of all of them. The order is that in which a search demoted the units of its mix, each a list of holders. The last mix has all.
func NestedSteps(base Mask, order [][]int) []Mask {
	var steps []Mask
	done := 0
	mask := base.Clone()
	for _, share := range promiseShares {
		upTo := int(math.Ceil(share * float64(len(order))))
		if upTo == done {
			continue
		}
		for ; done < upTo; done++ {
			mask.demoteAll(order[done])
		}
		steps = append(steps, mask.Clone())
	}
	return steps
}
