package search

import (
	"cmp"
	"fmt"
	"slices"
)

// Bounds of the list of swaps. A swap costs the share of the network from its first change on: an evaluator goes on
// from what it has stored in front of that, so that late changes are cheap.
const (
	swapFrom = 32 // high units of which pairs are made to demote, the least harmful first
	swapUps  = 32 // demoted units of a part of the network that may be promoted, the most harmful first

	autoPatience    = 40  // networks that the swaps of auto may cost before one holds, without a budget
	improvePatience = 200 // the same for improve, and for auto with a budget
)

// A family is the swaps that demote the same units and promote one unit of the same part of the network, or none. All
// are near one mix, the base with these units demoted, and share what comes before the promoted unit.
type family struct {
	down []int
	rank int // of down among the sets, the least harmful one first
	part int // of the network: 0 is the later half, 1 the 30 % before it, 2 the first fifth
}

// swap demotes a set of units and promotes a unit instead, or none, so that more is saved. Families of less harm come
// before those of more, and later parts of the network before earlier ones; within a family the latest promoted unit
// comes first. It takes the first swap that holds, and returns whether there was one. Before a family with which the
// swaps would cost more than patience networks it gives up.
//
// Which set is demoted says most of how a swap does, and the promoted unit is a draw: what a coarse grid does to the
// few samples that decide is as good as random. So all draws of a good set are tried, as long as they are cheap. Those
// of a family that the head refuses are left out, see head; of the others the first that holds is taken.
func (s *session) swap(r ranking, high []int, patience int) (bool, error) {
	s.enter(StepSwaps)
	if s.o.Settled != nil {
		if err := s.o.Settled(s.base); err != nil {
			return false, err
		}
	}
	stand := s.base.Clone()
	head, err := s.headOfBase()
	if err != nil {
		return false, err
	}
	parts := s.parts(r)
	spent := 0
	for _, f := range s.families(r, high) {
		stand.CopyFrom(s.base)
		first := s.o.Holders
		for _, u := range f.down {
			stand.DemoteAll(s.o.Units[u])
			first = min(first, s.place(u))
		}
		swaps := s.swapsOf(f, parts[f.part], stand)
		if len(swaps) == 0 {
			continue
		}
		spent += s.o.Holders - first
		for _, up := range swaps {
			for _, u := range up {
				spent += s.o.Holders - s.place(u)
			}
		}
		if spent > patience*s.o.Holders {
			if patience == autoPatience {
				s.note("improve-ended", fmt.Sprintf("improve ended after swaps for the price of %d whole networks of which none held", patience), "a budget, --time or --evaluations, lets it go on")
			}
			return false, nil
		}
		masks := s.candidates(len(swaps))
		for i, up := range swaps {
			masks[i].CopyFrom(stand)
			for _, u := range up {
				masks[i].PromoteAll(s.o.Units[u])
			}
		}
		left, err := head.sift(s, stand, masks)
		if err != nil {
			return false, err
		}
		for i, at := range left {
			masks[i], masks[at] = masks[at], masks[i] // at is not below i
		}
		found := Found{Index: -1}
		if len(left) > 0 {
			if found, err = s.scanOn(stand, masks[:len(left)], s.hold()); err != nil {
				return false, err
			}
		}
		if found.Passed {
			return true, s.exchange(swaps[left[found.Index]], f.down, found.Score)
		}
		s.report(EventRefused, Score{})
	}
	return false, nil
}

// swapsOf lists what the swaps of a family promote, of the demoted units of its part. The family of the last part has
// the swap that promotes nothing too, if two units are demoted: each of them alone did not hold, but both may. stand is
// the base with the family's units demoted.
func (s *session) swapsOf(f family, part []int, stand Mask) (swaps [][]int) {
	if f.part == 0 && len(f.down) > 1 && !(s.allFails() && stand.Equal(s.all)) {
		swaps = append(swaps, nil)
	}
	for _, u := range part {
		if s.o.Cost[u] < s.cost(f.down) {
			swaps = append(swaps, []int{u})
		}
	}
	return swaps
}

// families lists the families of the pairs of high units, and of single ones where costs differ, since there a single
// one may save more than another. The sum of the set's rank by harm and of its part decides, then the rank: the best
// set's later half, its next part, the second set's later half, and so on. high is in the order of the ranking.
func (s *session) families(r ranking, high []int) []family {
	high = high[:min(len(high), swapFrom)]
	single := slices.Min(s.o.Cost) < slices.Max(s.o.Cost)
	var sets [][]int
	for i, a := range high {
		if single {
			sets = append(sets, []int{a})
		}
		for _, b := range high[i+1:] {
			sets = append(sets, []int{a, b})
		}
	}
	slices.SortStableFunc(sets, func(a, b []int) int { return cmp.Compare(r.sum(a), r.sum(b)) })
	var list []family
	for rank, down := range sets {
		for part := range 3 {
			list = append(list, family{down, rank, part})
		}
	}
	slices.SortStableFunc(list, func(a, b family) int { return cmp.Compare(a.rank+a.part, b.rank+b.part) })
	return list
}

// parts lists the demoted units of each part of the network, the most harmful swapUps of each, from the last to the
// first in the network.
func (s *session) parts(r ranking) (parts [3][]int) {
	for _, u := range slices.Backward(r.units) {
		part := s.part(u)
		if s.base.Low(s.o.Units[u][0]) && len(parts[part]) < swapUps {
			parts[part] = append(parts[part], u)
		}
	}
	for _, part := range parts {
		slices.SortFunc(part, func(a, b int) int { return cmp.Compare(s.place(b), s.place(a)) })
	}
	return parts
}

// part is the part of the network that a unit is in, see family. The three cost about the same.
func (s *session) part(u int) int {
	switch place, n := s.place(u), s.o.Holders; {
	case 2*place >= n:
		return 0
	case 5*place >= n:
		return 1
	}
	return 2
}

// place is the first holder of a unit, in the order of the network.
func (s *session) place(u int) int { return slices.Min(s.o.Units[u]) }
