package search

import (
	"cmp"
	"fmt"
	"slices"
)

// What swaps may cost, in passes over the samples, before one holds. The prices are fixed, so that a search depends on
// no times and on nothing that is stored: a swap costs the share of the network from its first change on, since an
// evaluator goes on from what it has stored in front of that, times the share of the samples that decides it.
const (
	autoPatience    = 4  // of auto without a budget
	improvePatience = 20 // of improve, and of auto with a budget

	headPrice = 60   // thousandths of the samples: the head
	scanPrice = 100  // the same for a swap that bounds refuse, with its head, if there is one
	onePass   = 1000 // of a whole network
)

const (
	standBelow = 8 // samples that a family may be short of on the head, before one is promoted
	wellOver   = 4 // samples over the least on the head with which a swap is scored at once, and not put aside
	fewHigh    = 2 // high units up to which every swap is decided by all samples
)

// A swapping is the search for a swap on a base.
type swapping struct {
	*session
	head     head
	parts    [3][]int     // the demoted units of each part of the network
	stand    Mask         // the base with the units of the family at hand demoted
	standing map[int]bool // by rank: whether sets that were looked at are worth their families
	aside    []candidate  // in their order
	spent    int          // in onePass of a holder
}

// A candidate is a swap that the head has not refused.
type candidate struct {
	up, down []int
	over     int     // samples over the least on the head
	price    float64 // of the mix behind it
}

// swap demotes a set of units and promotes a unit instead, or none, so that more is saved. It takes the first swap that
// holds, and returns whether there was one. Swaps come family by family, see families. Before a family with which the
// swaps would cost more than patience it gives up.
//
// Which set is demoted says most of how a swap does, and the promoted unit is a draw: what a coarse grid does to the
// few samples that decide is as good as random. So all draws of a good set are tried, as long as they are cheap. The
// head is cheap: it orders the sets, leaves out the families of those that lose too much, and refuses most swaps of the
// others. Of what is left those that are well over the least are scored in full, the best first, and the rest are put
// aside. They come last: families may use three quarters of the patience.
//
// Where few units are high there is no head, so that, within the patience, no swap is refused that holds.
func (s *session) swap(r ranking, high []int, patience int) (bool, error) {
	s.enter(StepSwaps)
	if s.o.Settled != nil {
		if err := s.o.Settled(s.base); err != nil {
			return false, err
		}
	}
	w := swapping{session: s, parts: s.parts(r), stand: s.base.Clone(), standing: map[int]bool{}}
	if len(high) > fewHigh {
		var err error
		if w.head, err = s.headOfBase(); err != nil {
			return false, err
		}
	}
	sets, err := s.sets(r, high, w.head)
	if err != nil {
		return false, err
	}
	most := patience * onePass * s.length
	first := most
	if w.head.ev != nil {
		first = most / 4 * 3
	}
	all := true // families were tried
	for _, f := range families(sets) {
		held, within, err := w.try(f, first)
		if held || err != nil {
			return held, err
		}
		if all = within; !within {
			break
		}
	}
	held, left, err := w.tryAside(most)
	if !held && err == nil && patience == autoPatience && !(all && left == 0) {
		s.note("improve-ended", fmt.Sprintf("improve ended after swaps for the price of %d passes of which none held", patience), "a budget, --time or --evaluations, lets it go on")
	}
	return held, err
}

// try tries the swaps of a family, and puts some of them aside. within is false, and nothing was tried, if they may
// cost more than what is left of most.
func (w *swapping) try(f family, most int) (held, within bool, err error) {
	w.moveTo(w.stand, nil, f.down)
	swaps := w.swapsOf(f, w.parts[f.part], w.stand)
	looked, known := false, false
	if w.head.ev != nil {
		looked, known = w.standing[f.rank]
	}
	if len(swaps) == 0 || known && !looked {
		return false, true, nil
	}
	price := 0
	if !known {
		price = w.behind(f.down)
	}
	for _, up := range swaps {
		price += w.behind(up)
	}
	if w.head.ev != nil {
		price *= headPrice
	} else {
		price *= scanPrice
	}
	if w.spent+price > most {
		return false, false, nil
	}
	if w.head.ev != nil && !known {
		over, err := w.head.over(w.session, w.base, w.stand)
		if err != nil {
			return false, true, err
		}
		if w.standing[f.rank] = over >= -standBelow; over < -standBelow {
			w.spent += headPrice * w.behind(f.down)
			return false, true, nil
		}
	}
	w.spent += price
	list, err := w.sift(f, swaps)
	if err != nil || len(list) == 0 {
		return false, true, err
	}
	held, err = w.score(w.stand, list)
	return held, true, err
}

// sift returns the swaps of a family that are to be scored now, the best first, and puts others aside. Without a head
// it returns all.
func (w *swapping) sift(f family, swaps [][]int) (now []candidate, err error) {
	masks := w.candidates(len(swaps))
	for i, up := range swaps {
		w.moveTo(masks[i], up, f.down)
	}
	left, err := w.head.sift(w.session, w.stand, masks)
	if err != nil {
		return nil, err
	}
	for _, l := range left {
		c := candidate{swaps[l.at], f.down, l.over, w.price(masks[l.at])}
		if w.head.ev != nil && l.over < wellOver {
			w.aside = append(w.aside, c)
			continue
		}
		now = append(now, c)
		if w.head.ev != nil {
			w.spent += (scanPrice - headPrice) * w.behind(c.up)
		}
	}
	if len(now) == 0 {
		w.report(EventRefused, Score{})
	}
	bestFirst(now)
	return now, nil
}

// tryAside tries what was put aside, the best first, and returns how many most leaves no room for.
func (w *swapping) tryAside(most int) (held bool, left int, err error) {
	list := w.aside
	bestFirst(list)
	for n, c := range list {
		if w.spent += (scanPrice - headPrice) * max(w.behind(c.up), w.behind(c.down)); w.spent > most {
			list = list[:n]
			break
		}
	}
	if len(list) > 0 {
		held, err = w.score(w.base, list)
	}
	return held, len(w.aside) - len(list), err
}

// bestFirst sorts by what is over on the head, and of equals by the price.
func bestFirst(list []candidate) {
	slices.SortStableFunc(list, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.over, a.over), cmp.Compare(a.price, b.price))
	})
}

// score makes the first swap of a list that holds. from is what an evaluator may go on from.
func (w *swapping) score(from Mask, list []candidate) (held bool, err error) {
	masks := w.candidates(len(list))
	for i, c := range list {
		w.moveTo(masks[i], c.up, c.down)
	}
	ask := w.scanOn
	if w.head.ev != nil { // it has counted them
		ask = w.ask
	}
	f, err := ask(from, masks, w.hold())
	if err != nil {
		return false, err
	}
	if !f.Passed {
		w.report(EventRefused, Score{})
		return false, nil
	}
	c := list[f.Index]
	return true, w.exchange(c.up, c.down, f.Score)
}

// behind is how many places the network has from the first of the units on; none for no units.
func (s *session) behind(units []int) (n int) {
	for _, u := range units {
		n = max(n, s.length-s.place(u))
	}
	return n
}
