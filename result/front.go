package result

// A Front has the mixes that no other known one betters by a cost: each scores more than every cheaper one. Known are
// those that the search, or what it took over, has scored in full. So it is a lower bound of what there is.
type Front struct {
	Cost   string       `json:"cost"`   // count, bops, bytes or a file
	Points []FrontPoint `json:"points"` // the cheapest first
}

// A FrontPoint is a mix of a front.
type FrontPoint struct {
	Price float64 `json:"price"` // what the mix costs
	Score *Score  `json:"score"`
	Int8  int     `json:"int8"` // its int8 holders
	Mask  string  `json:"mask"` // character i is holder i, 1 is int8
}
