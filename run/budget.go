package run

import (
	"fmt"
	"slices"

	"example.org/demote/mistake"
	"example.org/demote/result"
	"example.org/demote/search"
)

// budgetSlack makes up for the rounding of sums of costs: a budget of just what all int16 costs is taken.
const budgetSlack = 1e-9

// openBudget turns --budget into a room for the units that stay high, once the costs are known. It refuses a budget
// that no mix needs, or that none can keep.
func (s *searchRun) openBudget() error {
	text := s.Config.Budget
	if text == "" {
		return nil
	}
	cost := s.costs.Chosen
	low, high, known := cost.Ends()
	switch {
	case !known:
		return mistake.Errorf("--budget %s: --cost %s says what int8 saves, and not what all int8 costs, which a budget is measured from; give lines of name,low,high, the cost in int8 and in int16", text, s.Config.Cost)
	case !(low > 0):
		return mistake.Errorf("--budget %s: by --cost %s all int8 costs nothing, and a budget is measured from that; give another --cost", text, s.Config.Cost)
	case s.times*low > high*(1+budgetSlack):
		return mistake.Errorf("--budget %s: all int16 costs %.4gx what all int8 does by --cost %s, so that every mix is within it; give less than that", text, high/low, s.Config.Cost)
	}
	s.room = (s.times - 1) * low
	held := 0.0
	for h := range s.Result.Holders {
		if !s.Layout.Pinned.Low(h) && !slices.ContainsFunc(s.Units(), func(u []int) bool { return slices.Contains(u, h) }) {
			held += cost.Saves[h]
		}
	}
	if !cost.AddsUp() {
		held = cost.Of(s.lowest()) - low
	}
	if s.room -= held; s.room < -budgetSlack*low {
		return mistake.Errorf("--budget %s: with what is held at int16, the cheapest mix costs %.4gx what all int8 does; give no less than that", text, 1+held/low)
	}
	s.room = max(s.room, 0)
	s.Result.Budget = &result.Budget{Text: text, Most: s.times * low, Low: low, High: high}
	s.Config.Say(fmt.Sprintf("by --cost %s all int8 costs %.4g, all int16 %.4gx that, and the budget is %s", s.Config.Cost, low, high/low, text))
	return nil
}

// lowest is the mix with every unit at int8, whatever else is held at int16.
func (s *searchRun) lowest() search.Mask {
	m := s.Layout.Pinned.Clone()
	for _, holders := range s.Units() {
		m.DemoteAll(holders)
	}
	return m
}

// price writes what a mix costs and saves into the result.
func (s *ledger) price(m search.Mask) {
	cost := s.costs.Of(m)
	s.Result.Savings, s.Result.MixCost = s.costs.Savings(m), &cost
	if s.Result.Budget != nil {
		s.Result.Budget.Cost = &cost
	}
}

// heading is what promotion.txt says above the names: the budget, and what is used of it.
func heading(r *result.Budget, cost string) string {
	if r == nil {
		return ""
	}
	return r.String() + ", by " + cost
}
