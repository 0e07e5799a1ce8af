package search

import (
	"cmp"
	"math"
	"slices"
)

// Bounds of exchanges.
const (
	exchangePatience = 1    // passes over the samples, by the prices of swaps; an exchange that holds is paid in full
	exchangeHigh     = 4    // high units up to which they are tried
	exchangeWorth    = 0.01 // share of the price that one must save
)

// An exchange is a move to a mix that saves as much as the base by Options.Cost, and has a lower price.
type exchange struct {
	up, down []int
	price    float64 // of the mix
	harm     float64 // that it adds, as if harms added up
	behind   int     // places of the network from its first unit on
}

// exchanges demotes high units and promotes another unit instead, so that the mix saves as much at a price that is
// lower by a hundredth or more. It takes the first exchange that holds, those first that lower the price most, and goes
// on from there until none holds or its patience ends. Where there is a head, those that lose too much on it, or could
// lose little more, are left out.
//
// It is for where few units are high: the fewer there are, the more often there is a cheaper mix (docs/strategies.md).
func (s *session) exchanges(r ranking) error {
	if s.o.Price == nil {
		return nil
	}
	for left := exchangePatience * onePass * s.length; left > 0; {
		high := s.restOf(r.units)
		list := s.exchangesOf(r, high)
		if len(high) > exchangeHigh || len(list) == 0 {
			return nil
		}
		s.enter(StepExchanges)
		held, err := s.tryExchanges(list, len(high), &left)
		if err != nil || !held {
			return err
		}
		if s.o.Settled != nil {
			if err := s.o.Settled(s.base); err != nil {
				return err
			}
		}
	}
	return nil
}

// tryExchanges makes the first exchange that holds, within what is left of the patience.
func (s *session) tryExchanges(list []exchange, high int, left *int) (held bool, err error) {
	h, look, score := head{}, 0, scanPrice
	if high > fewHigh {
		if h, err = s.headOfBase(); err != nil {
			return false, err
		}
	}
	if h.ev != nil {
		look, score = headPrice, scanPrice-headPrice
	}
	within := 0
	for room := *left; within < len(list); within++ {
		if room -= cmp.Or(look, score) * list[within].behind; room < 0 {
			break
		}
		*left -= look * list[within].behind
	}
	sifted, err := h.sift(s, s.base, s.exchanged(list[:within]))
	if err != nil {
		return false, err
	}
	var good []exchange
	for _, one := range sifted {
		if h.ev == nil || one.over >= wellOver {
			good = append(good, list[one.at])
		}
	}
	ask := s.scanOn
	if h.ev != nil { // it has counted them
		ask = s.ask
	}
	f := Found{}
	if len(good) > 0 {
		if f, err = ask(s.base, s.exchanged(good), s.hold()); err != nil {
			return false, err
		}
	}
	if !f.Passed {
		s.report(EventRefused, Score{})
		return false, nil
	}
	for _, e := range good[:f.Index] {
		*left -= score * e.behind
	}
	e := good[f.Index]
	*left -= onePass * e.behind
	return true, s.exchange(e.up, e.down, f.Score)
}

// exchanged are the mixes behind exchanges, in the arena.
func (s *session) exchanged(list []exchange) []Mask {
	masks := s.candidates(len(list))
	for i, e := range list {
		s.moveTo(masks[i], e.up, e.down)
	}
	return masks
}

// exchangesOf lists the exchanges on the base that promote one unit: the lowest price first, and of equal ones the one
// that adds the least harm.
func (s *session) exchangesOf(r ranking, high []int) (list []exchange) {
	downs := [][]int{}
	for i, a := range high {
		downs = append(downs, []int{a})
		for _, b := range high[i+1:] {
			downs = append(downs, []int{a, b})
		}
	}
	now := s.price(s.base)
	for _, down := range downs {
		for _, u := range r.units {
			up := []int{u}
			if !s.base.Low(s.o.Units[u][0]) || s.o.Cost[u] != s.cost(down) {
				continue
			}
			if price := s.price(s.moved(up, down)); price < now-exchangeWorth*math.Abs(now) {
				list = append(list, exchange{up, down, price, r.sum(down) - r.harm[u], max(s.behind(up), s.behind(down))})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b exchange) int {
		return cmp.Or(cmp.Compare(a.price, b.price), cmp.Compare(a.harm, b.harm))
	})
	return list
}

// price is that of a mix by Options.Price; 0 without one.
func (s *session) price(m Mask) float64 {
	if s.o.Price == nil {
		return 0
	}
	return s.o.Price(m)
}
