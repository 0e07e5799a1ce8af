package search

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Bounds of climb's list of moves.
const (
	climbSets  = 12  // units of which pairs are made, on either side
	climbMost  = 512 // moves that are tried in a row
	climbUnits = 16  // units from which on so many are tried with a budget alone
)

// climbPatience is the number of moves that raise tries in a row: climbMost with a budget of evaluations or time, and
// for networks of few units; else two for each unit.
func (s *session) climbPatience() int {
	if n := len(s.o.Units); n > climbUnits && s.o.Budget == (Budget{}) {
		return min(2*n, climbMost)
	}
	return climbMost
}

// A costMove promotes some units and demotes others, within the room.
type costMove struct {
	up, down []int
	harm     float64 // that it adds, as if harms added up
	cost     float64 // that it adds
}

// climb alternates two steps until neither moves:
//
//   - Raise: of the moves that fit, take the first one with a higher score. A move promotes one or two units and
//     demotes none, one or two others. Those come first that remove the most harm.
//   - Save: demote high units one after another, the dearest first, as long as the score does not fall.
//
// It always ends: each move raises the score, or keeps it and makes the mix cheaper (or, of free units, keeps fewer
// high). Raise gives up after climbPatience moves in a row that are not better, and a note says so.
func (s *session) climb(r ranking, room float64) error {
	for {
		raised, err := s.raise(r, room)
		if err != nil {
			return err
		}
		saved, err := s.save()
		if err != nil {
			return err
		}
		if !raised && !saved {
			if n := s.climbPatience(); s.cut && n < climbMost {
				s.note("climb-ended", fmt.Sprintf("the search ended after %d exchanges in a row that were not better", n), "a budget, --time or --evaluations, lets it go on")
			}
			return nil
		}
	}
}

// raise makes moves as long as the score rises, and returns whether it did.
func (s *session) raise(r ranking, room float64) (raised bool, err error) {
	for {
		list := s.costMoves(r, room)
		if len(list) == 0 {
			return raised, nil
		}
		masks := s.candidates(len(list))
		for i, m := range list {
			s.moveTo(masks[i], m.up, m.down)
		}
		f, err := s.scan(masks, Bound{Above: s.res.Score.Float(), Floor: math.Inf(1)})
		if err != nil || !f.Passed {
			return raised, err
		}
		raised = true
		if err := s.exchange(list[f.Index].up, list[f.Index].down, f.Score); err != nil {
			return raised, err
		}
	}
}

// moveTo makes a mask the base with some units promoted and others demoted.
func (s *session) moveTo(m Mask, up, down []int) {
	m.CopyFrom(s.base)
	for _, u := range up {
		m.PromoteAll(s.o.Units[u])
	}
	for _, u := range down {
		m.DemoteAll(s.o.Units[u])
	}
}

// moved is that in a mask of the arena.
func (s *session) moved(up, down []int) Mask {
	m := s.candidates(1)[0]
	s.moveTo(m, up, down)
	return m
}

// costMoves lists the moves of raise, at most climbPatience.
func (s *session) costMoves(r ranking, room float64) []costMove {
	var low, high []int // the most harmful first; the least harmful first
	spent := 0.0
	for _, u := range r.units {
		if s.base.Low(s.o.Units[u][0]) {
			low = append(low, u)
		} else {
			high = append(high, u)
			spent += s.o.Cost[u]
		}
	}
	byHarm := func(a, b int) int { return cmp.Compare(r.harm[a], r.harm[b]) }
	slices.SortStableFunc(high, byHarm)
	slices.SortStableFunc(low, func(a, b int) int { return byHarm(b, a) })
	ups, downs := setsOf(low), append([][]int{nil}, setsOf(high)...)
	var list []costMove
	for _, up := range ups {
		for _, down := range downs {
			cost := s.cost(up) - s.cost(down)
			if s.o.Over == nil && spent+cost > room || s.o.Over != nil && !(s.o.Over(s.moved(up, down)) <= room) {
				continue
			}
			harm := r.sum(down)
			if !math.IsInf(harm, 1) {
				harm -= r.sum(up)
			}
			list = append(list, costMove{up, down, harm, cost})
		}
	}
	slices.SortStableFunc(list, func(a, b costMove) int { return cmp.Or(cmp.Compare(a.harm, b.harm), cmp.Compare(a.cost, b.cost)) })
	most := s.climbPatience()
	s.cut = len(list) > most
	return list[:min(len(list), most)]
}

// setsOf lists units one by one, then the pairs of the first climbSets.
func setsOf(units []int) (sets [][]int) {
	for _, u := range units {
		sets = append(sets, []int{u})
	}
	first := units[:min(len(units), climbSets)]
	for i, a := range first {
		for _, b := range first[i+1:] {
			sets = append(sets, []int{a, b})
		}
	}
	return sets
}

// save demotes units that are high for nothing, and returns whether there was one.
func (s *session) save() (saved bool, err error) {
	list := s.rest()
	slices.SortStableFunc(list, func(a, b int) int { return cmp.Compare(s.o.Cost[b], s.o.Cost[a]) })
	for len(list) > 0 {
		f, err := s.scan(s.singles(list), Bound{Above: math.Nextafter(s.res.Score.Float(), math.Inf(-1)), Floor: math.Inf(1)})
		if err != nil || !f.Passed {
			return saved, err
		}
		saved = true
		if err := s.move(list[f.Index:f.Index+1], f.Score); err != nil {
			return saved, err
		}
		list = list[f.Index+1:]
	}
	return saved, nil
}
