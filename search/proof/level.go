package proof

import "math"

// First returns the first level: the mix with nothing high. If costs differ, its Over is what that mix saves, since
// others save as much where units cost nothing.
func (s *Space) First() *Level {
	all := s.Saved(nil)
	if s.uniform {
		return &Level{Over: math.Nextafter(all, math.Inf(-1)), Most: math.Inf(1), Mixes: 1}
	}
	return &Level{Size: -1, Over: all, Most: math.Inf(1), Mixes: 1}
}

// After returns the level that follows another one, of mixes that save more than worth, or nil if there is none. worth
// is what a mix must exceed to matter; -Inf if every mix does.
func (s *Space) After(l *Level, worth float64) *Level {
	if !s.uniform {
		return s.costLevel(l.Over, worth)
	}
	if l.Size == len(s.costs) {
		return nil
	}
	next := s.Of(l.Size + 1)
	if !(next.Most > worth) {
		return nil
	}
	return next
}

// Of returns the level of the mixes with so many units high, of units that all save the same.
func (s *Space) Of(size int) *Level {
	high := make([]int, size)
	for i := range high {
		high[i] = i
	}
	saved := s.Saved(high)
	return &Level{Size: size, Over: math.Nextafter(saved, math.Inf(-1)), Most: saved, Mixes: Choose(len(s.costs), size)}
}

// costLevel is the level of the next best mixes, at least s.wide of them where there are so many, that save at most
// so much and more than worth.
func (s *Space) costLevel(saved, worth float64) *Level {
	if !(saved > worth) {
		return nil
	}
	l := &Level{Size: -1, Most: saved, Over: worth}
	if least, more := s.next.skip(s, s.wide, saved); more {
		l.Over = max(worth, math.Nextafter(least, math.Inf(-1)))
	}
	s.wide = min(growth*s.wide, widest)
	_ = s.Walk(l, func(_, children []int) error {
		if l.Mixes += float64(len(children)); l.Mixes >= most {
			return errEnough
		}
		return nil
	})
	return l
}

// Walk visits the mixes of a level in families: a parent, and the units of which each, beside those of the parent, is
// high in one mix. Such a unit comes behind those of the parent, so that the mixes of a family begin alike. Families
// come in lexical order. Both slices are lent for the call. visit may raise l.Over; then mixes that save less are left
// out from there on. Its error ends the walk. The first level has no family: it is one mix without high units.
func (s *Space) Walk(l *Level, visit func(parent, children []int) error) error {
	w := walk{s, l, visit, make([]int, 0, len(s.costs)), nil}
	if l.Size < 0 {
		return w.byCost()
	}
	return w.bySize(l.Size - 1)
}

// walk is a walk under way.
type walk struct {
	*Space
	level    *Level
	visit    func(parent, children []int) error
	parent   []int
	children []int
}

// behind is the first unit behind those of the parent.
func (w *walk) behind() int {
	if len(w.parent) == 0 {
		return 0
	}
	return w.parent[len(w.parent)-1] + 1
}

// bySize visits the families whose parents have so many units more than the parent at hand.
func (w *walk) bySize(more int) error {
	n := len(w.costs)
	if more < 0 {
		return nil
	}
	if more > 0 {
		for u := w.behind(); u < n-more; u++ {
			w.parent = append(w.parent, u)
			if err := w.bySize(more - 1); err != nil {
				return err
			}
			w.parent = w.parent[:len(w.parent)-1]
		}
		return nil
	}
	w.children = w.children[:0]
	for u := w.behind(); u < n; u++ {
		w.children = append(w.children, u)
	}
	return w.visit(w.parent, w.children)
}

// byCost visits the family of the parent at hand, then those of its children. A mix that saves too little ends its
// branch, since its children save no more.
func (w *walk) byCost() error {
	w.children = w.children[:0]
	for u := w.behind(); u < len(w.costs); u++ {
		if saved := w.savedWith(w.parent, u); saved > w.level.Over && saved <= w.level.Most {
			w.children = append(w.children, u)
		}
	}
	if len(w.children) > 0 {
		if err := w.visit(w.parent, w.children); err != nil {
			return err
		}
	}
	for u := w.behind(); u < len(w.costs); u++ {
		if !(w.savedWith(w.parent, u) > w.level.Over) {
			continue
		}
		w.parent = append(w.parent, u)
		if err := w.byCost(); err != nil {
			return err
		}
		w.parent = w.parent[:len(w.parent)-1]
	}
	return nil
}
