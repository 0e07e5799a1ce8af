package detect

import (
	"cmp"
	"slices"
)

// A Suppression chooses the boxes of an image that count: greedily by falling score, each unless it overlaps a better
// one of its class (non-maximum suppression).
type Suppression struct {
	Score float64 // boxes with a score at or below it do not count
	IoU   float64 // boxes of one class that overlap by more than that are one
	Most  int     // boxes of an image, of all classes
}

// COCO is the suppression with which detectors are evaluated on COCO.
var COCO = Suppression{Score: 0.001, IoU: 0.65, Most: 300}

// mostCandidates bounds the boxes of an image before suppression, the best ones: as evaluations of YOLO networks do.
const mostCandidates = 30000

// Keep returns the boxes that count, the best first; of equal scores the earlier one. The list is overwritten.
func (s Suppression) Keep(list []Found) []Found {
	list = sorted(list)
	if len(list) > mostCandidates {
		list = list[:mostCandidates]
	}
	kept := make([]Found, 0, min(s.Most, len(list)))
	last := map[int32]int{} // by class: 1 + the place of its last box in kept
	before := make([]int, 0, cap(kept))
	for _, f := range list {
		if len(kept) == s.Most {
			break
		}
		if !s.covered(f, kept, before, last[f.Class]) {
			before = append(before, last[f.Class])
			kept = append(kept, f)
			last[f.Class] = len(kept)
		}
	}
	return kept
}

// covered tells whether a better box of the same class overlaps; at is 1 + the place of the last one, and before has
// the one in front of each.
func (s Suppression) covered(f Found, kept []Found, before []int, at int) bool {
	for ; at > 0; at = before[at-1] {
		if overlap(f.Box, kept[at-1].Box, false) > s.IoU {
			return true
		}
	}
	return false
}

// Best returns at most so many boxes above a score without suppression: for networks that have done it themselves.
func (s Suppression) Best(list []Found) []Found {
	list = sorted(list)
	return slices.Clone(list[:min(s.Most, len(list))])
}

// sorted sorts boxes by falling score, equal ones by their place.
func sorted(list []Found) []Found {
	slices.SortStableFunc(list, func(a, b Found) int { return cmp.Compare(b.Score, a.Score) })
	return list
}
