package search

import (
	"cmp"
	"slices"
)

// Bounds of the list of swaps.
const (
	swapFrom = 32 // high units of which pairs are made to demote, the least harmful first
	swapUps  = 32 // demoted units of a part of the network that may be promoted, the most harmful first
)

// A family is the swaps that demote the same units and promote one unit of the same part of the network, or none. All
// are near one mix, the base with these units demoted, and share what comes before the promoted unit.
type family struct {
	down []int
	rank int // of down among the sets, the best one first
	part int // of the network: 0 is the later half, 1 the 30 % before it, 2 the first fifth
}

// sets lists the pairs of high units, and single ones where costs differ, since there a single one may save more than
// another. high is in the order of the ranking. Without a head those of the least harm come first.
//
// With a head, what the units of a set lose on the head of the base, each alone, says as much as their harm, and each
// of the two is wrong in its own way: so the sum of a set's places by the one and by the other decides, then its harm.
// What a unit loses there is known, since it was refused alone.
func (s *session) sets(r ranking, high []int, h head) (sets [][]int, err error) {
	high = high[:min(len(high), swapFrom)]
	single := slices.Min(s.o.Cost) < slices.Max(s.o.Cost)
	for i, a := range high {
		if single {
			sets = append(sets, []int{a})
		}
		for _, b := range high[i+1:] {
			sets = append(sets, []int{a, b})
		}
	}
	slices.SortStableFunc(sets, func(a, b []int) int { return cmp.Compare(r.sum(a), r.sum(b)) })
	if h.ev == nil {
		return sets, nil
	}
	short := make(map[int]int, len(high)) // samples on the head
	for _, u := range high {
		over, err := h.over(s, s.base, s.moved(nil, []int{u}))
		if err != nil {
			return nil, err
		}
		short[u] = -over
	}
	type placed struct {
		set         []int
		short       int
		harm, place int // place by harm, and the sum of both
	}
	list := make([]placed, len(sets))
	for i, set := range sets {
		list[i] = placed{set: set, harm: i}
		for _, u := range set {
			list[i].short += short[u]
		}
	}
	slices.SortStableFunc(list, func(a, b placed) int { return cmp.Compare(a.short, b.short) })
	for i := range list {
		list[i].place = list[i].harm + i
	}
	slices.SortFunc(list, func(a, b placed) int { return cmp.Or(cmp.Compare(a.place, b.place), cmp.Compare(a.harm, b.harm)) })
	for i, p := range list {
		sets[i] = p.set
	}
	return sets, nil
}

// families lists the families of sets. The sum of the set's rank and of its part decides, then the rank: the best set's
// later half, its next part, the second set's later half, and so on.
func families(sets [][]int) (list []family) {
	for rank, down := range sets {
		for part := range 3 {
			list = append(list, family{down, rank, part})
		}
	}
	slices.SortStableFunc(list, func(a, b family) int { return cmp.Compare(a.rank+a.part, b.rank+b.part) })
	return list
}

// swapsOf lists what the swaps of a family promote, of the demoted units of its part, the latest in the network first.
// The family of the last part has the swap that promotes nothing too, if two units are demoted: each of them alone did
// not hold, but both may. stand is the base with the family's units demoted.
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
	switch place, n := s.place(u), s.length; {
	case 2*place >= n:
		return 0
	case 5*place >= n:
		return 1
	}
	return 2
}

// place is that of the first holder of a unit, in the order of the network.
func (s *session) place(u int) int {
	first := s.length
	for _, h := range s.o.Units[u] {
		first = min(first, s.o.Places[h])
	}
	return first
}
