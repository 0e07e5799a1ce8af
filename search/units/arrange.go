package units

import (
	"slices"
	"strings"

	"example.org/demote/mistake"
	"example.org/demote/search/trial"
)

// Group is a set of holders that must have one bit-width. Text names the flag or the rule that asks for it, for
// messages.
type Group struct {
	Holders []int
	Text    string
}

// Pin fixes the bit-width of a holder. Text names the flag or the rule that asks for it, for messages.
type Pin struct {
	Holder int
	Low    bool
	Text   string
}

// Layout is the result of Arrange: the units to search, and the holders that are fixed.
type Layout struct {
	Units  [][]int    // sorted by their first holder; each in ascending order
	Pinned trial.Mask // holders that are fixed low
	High   []int      // holders that are fixed high, ascending
}

// Arrange makes units of groups and pins for the named holders, with a disjoint-set forest (Galler and Fischer, An
// improved equivalence algorithm, Communications of the ACM 7, 1964). Groups that share a holder become one unit; a
// holder in no group is a unit of its own. A pin fixes all holders of its unit, which then is none. Example: 5 holders,
// groups {0,2} and {2,3}, holder 1 pinned low: the units are {0,2,3} and {4}, and the mask Pinned is 01000. names has
// the holders' names, for messages alone.
//
// The caller owns the Layout. The error is a mistake.Err: a holder out of range, or two pins that contradict each other
// directly or through groups; it names both pins and the groups between them.
func Arrange(names []string, groups []Group, pins []Pin) (Layout, error) {
	n := len(names)
	parent := make([]int, n) // of a forest whose trees are the units
	for h := range parent {
		parent[h] = h
	}
	root := func(h int) int {
		for parent[h] != h {
			h = parent[h]
		}
		return h
	}
	for _, g := range groups {
		for _, h := range g.Holders {
			if h < 0 || h >= n {
				return Layout{}, mistake.Errorf("%s: holder %d of a network of %d", g.Text, h, n)
			}
			a, b := root(g.Holders[0]), root(h)
			parent[max(a, b)] = min(a, b)
		}
	}
	pinned := make([]*Pin, n) // by the unit's first holder
	for i := range pins {
		p := &pins[i]
		if p.Holder < 0 || p.Holder >= n {
			return Layout{}, mistake.Errorf("%s: holder %d of a network of %d", p.Text, p.Holder, n)
		}
		r := root(p.Holder)
		if other := pinned[r]; other != nil && other.Low != p.Low {
			return Layout{}, contradiction(names, groups, other, p)
		}
		if pinned[r] == nil {
			pinned[r] = p
		}
	}
	l := Layout{Pinned: trial.NewMask(n)}
	unit := make([]int, n)
	for h := range n {
		r := root(h)
		switch p := pinned[r]; {
		case p != nil && p.Low:
			l.Pinned.Demote(h)
		case p != nil:
			l.High = append(l.High, h)
		case r == h:
			unit[h] = len(l.Units)
			l.Units = append(l.Units, []int{h})
		default:
			l.Units[unit[r]] = append(l.Units[unit[r]], h)
		}
	}
	return l, nil
}

// contradiction is the error of two pins that differ, with the groups that connect their holders.
func contradiction(names []string, groups []Group, a, b *Pin) error {
	if a.Holder == b.Holder {
		return mistake.Errorf("%s contradicts %s at holder %q: drop one of them", b.Text, a.Text, names[a.Holder])
	}
	return mistake.Errorf("%s at holder %q contradicts %s at holder %q, which move together by %s: drop one of them", b.Text, names[b.Holder], a.Text, names[a.Holder], strings.Join(ties(groups, a.Holder, b.Holder), ", "))
}

// ties lists the groups of a shortest path from one holder to another, by breadth-first search.
func ties(groups []Group, from, to int) []string {
	reached := map[int][]string{from: nil}
	for {
		next := map[int][]string{}
		for _, g := range groups {
			at := slices.IndexFunc(g.Holders, func(h int) bool { _, ok := reached[h]; return ok })
			if at < 0 {
				continue
			}
			way := append(slices.Clone(reached[g.Holders[at]]), g.Text)
			for _, h := range g.Holders {
				if _, ok := reached[h]; !ok && next[h] == nil {
					next[h] = way
				}
			}
		}
		if way, ok := next[to]; ok {
			return way
		}
		if len(next) == 0 {
			return nil
		}
		for h, way := range next {
			reached[h] = way
		}
	}
}
