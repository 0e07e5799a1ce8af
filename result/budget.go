package result

import "fmt"

// A Budget is what a mix may cost, by the cost of the search, and what it does.
type Budget struct {
	Text string   `json:"text"` // as it was typed: 1.2x
	Most float64  `json:"most"` // that a mix may cost
	Low  float64  `json:"low"`  // what all int8 costs: 1x
	High float64  `json:"high"` // what all int16 costs
	Cost *float64 `json:"cost"` // of the mix; null until there is one
}

// Times is a cost in units of what all int8 costs, such as 1.18x.
func (b *Budget) Times(cost float64) string { return fmt.Sprintf("%.4gx", cost/b.Low) }

// String says what was allowed and what was used of it.
func (b *Budget) String() string {
	used := ""
	if b.Cost != nil {
		used = b.Times(*b.Cost) + " used, "
	}
	return fmt.Sprintf("at most %s what all int8 costs: %sall int16 costs %s", b.Text, used, b.Times(b.High))
}

// HasTarget tells whether the search was for a score, and not for the best within a share of int16 or a budget.
func (r *Result[C]) HasTarget() bool { return r.Int16Share == "" && r.Budget == nil }
