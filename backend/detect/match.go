package detect

import (
	"cmp"
	"slices"
)

// A work has the memory for judging images, one after another.
type work struct {
	keys    []uint64
	found   []Found
	wanted  []Wanted
	ious    []float64
	ignored []bool
	taken   []bool
	judged  []Judged
}

// Judge says what the boxes of an image are worth: of each class the best ones, class by class, those of a class by
// falling score.
func (m Measure) Judge(image Image) []Judged {
	var w work
	w.image(m, image)
	return w.judged
}

// Count adds up the objects that count, by class.
func (m Measure) Count(wanted []Wanted, n map[int32]int) {
	for _, g := range wanted {
		n[g.Class] += bit(m.counts(g))
	}
}

// counts tells whether an object does.
func (m Measure) counts(g Wanted) bool { return !g.Crowd && m.inside(g.Area) }

// image judges what was found in an image, class by class.
func (w *work) image(m Measure, image Image) {
	w.judged = w.judged[:0]
	w.wanted = append(w.wanted[:0], image.Wanted...)
	w.byClass(image.Found)
	slices.SortStableFunc(w.wanted, func(a, b Wanted) int { return cmp.Compare(a.Class, b.Class) })
	found, wanted := w.found, w.wanted
	for len(found) > 0 {
		c := found[0].Class
		for len(wanted) > 0 && wanted[0].Class < c {
			wanted = wanted[1:]
		}
		f, g := 0, 0
		for f < len(found) && found[f].Class == c {
			f++
		}
		for g < len(wanted) && wanted[g].Class == c {
			g++
		}
		w.match(m, found[:min(f, perImage)], wanted[:g])
		found, wanted = found[f:], wanted[g:]
	}
}

// byClass takes an image's boxes, class by class, those of a class by falling score.
func (w *work) byClass(found []Found) {
	falling := func(a, b Found) int { return cmp.Compare(b.Score, a.Score) }
	if !slices.IsSortedFunc(found, falling) {
		found = slices.Clone(found)
		slices.SortStableFunc(found, falling)
	}
	w.keys, w.found = w.keys[:0], w.found[:0]
	for i, f := range found {
		w.keys = append(w.keys, uint64(uint32(f.Class))<<32|uint64(i))
	}
	slices.Sort(w.keys)
	for _, k := range w.keys {
		w.found = append(w.found, found[uint32(k)])
	}
}

// match gives each box that was found, the best first, the object that it overlaps most and that no better box has, at
// every overlap. Objects that do not count come last: they are given only what no other takes.
func (w *work) match(m Measure, found []Found, wanted []Wanted) {
	slices.SortStableFunc(wanted, func(a, b Wanted) int { return bit(m.counts(b)) - bit(m.counts(a)) })
	w.ious, w.ignored = w.ious[:0], w.ignored[:0]
	for _, g := range wanted {
		w.ignored = append(w.ignored, !m.counts(g))
	}
	for _, f := range found {
		for _, g := range wanted {
			w.ious = append(w.ious, overlap(f.Box, g.Box, g.Crowd))
		}
	}
	first := len(w.judged)
	for _, f := range found {
		w.judged = append(w.judged, Judged{Class: f.Class, Score: f.Score})
	}
	for t, least := range m.Overlaps {
		w.taken = append(w.taken[:0], make([]bool, len(wanted))...)
		for i, f := range found {
			to := &w.judged[first+i]
			best := w.best(w.ious[i*len(wanted):(i+1)*len(wanted)], min(least, 1-1e-10), wanted)
			switch {
			case best >= 0:
				w.taken[best] = true
				to.Right |= 1 << t
				if w.ignored[best] {
					to.Ignored |= 1 << t
				}
			case !m.inside(f.W * f.H):
				to.Ignored |= 1 << t
			}
		}
	}
}

// best is the object that a box is given; -1: none. Of equal ones it is the last, as pycocotools has it.
func (w *work) best(ious []float64, least float64, wanted []Wanted) int {
	best := -1
	for g, iou := range ious {
		switch {
		case w.taken[g] && !wanted[g].Crowd:
			continue
		case best >= 0 && !w.ignored[best] && w.ignored[g]:
			return best
		case iou < least:
			continue
		}
		least, best = iou, g
	}
	return best
}

func bit(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
