package claim

import (
	"math"

	"example.org/demote/search/trial"
)

// promiseShares are the shares of a mix's demotions at which a promise is tested, the safest first. They are few, and
// fixed before any test: each test must pass before the next one runs, and the last mix that passes is promised.
var promiseShares = []float64{0.25, 0.5, 0.75, 0.875, 1}

// NestedSteps returns the nested mixes on which Prove tests a promise, at most five: base with the first units of order
// demoted, at fixed shares of all of them. order has the units of a mix in the order in which a search demoted them,
// each a list of holders. The last mix has all units. The caller owns the masks. Few units make fewer steps: three
// units make those of 1, 2 and 3.
func NestedSteps(base trial.Mask, order [][]int) []trial.Mask {
	var steps []trial.Mask
	done := 0
	mask := base.Clone()
	for _, share := range promiseShares {
		upTo := int(math.Ceil(share * float64(len(order))))
		if upTo == done {
			continue
		}
		for ; done < upTo; done++ {
			mask.DemoteAll(order[done])
		}
		steps = append(steps, mask.Clone())
	}
	return steps
}
