package result

// A Holder is an activation quantizer (holder) of the network, or with --search-weights the weights of a layer, with
// its two grids and its bit-width in the mix.
type Holder struct {
	Name      string `json:"name"`
	Index     int    `json:"index"`
	Precision string `json:"precision"` // int8 or int16, or the width of its grid
	Low       Grid   `json:"low"`
	Range     string `json:"range,omitempty"` // with --range auto: the method that the low grid is by
	High      Grid   `json:"high"`
	Pinned    bool   `json:"pinned,omitempty"` // a constraint fixes its precision
	// it is the weights of a layer, behind all activations; its grids are those of the channel with the largest weight
	Weights bool `json:"weights,omitempty"`

	Seen *Range `json:"seen,omitempty"` // values in the calibration, if there was one
	// score with this unit alone at int8, if the search evaluated it in full
	Alone *Score `json:"alone,omitempty"`
	// mean squared change of the outputs with this unit alone at int8, on a few blocks, if the search ranked by it
	Distance *float64 `json:"distance,omitempty"`

	// indexes of the holders, also of weights, that it is computed from, without another in between
	From []int    `json:"from,omitempty"`
	Ops  []string `json:"ops,omitempty"` // the operators from them to it
	// of the values in the calibration; of one that stays at int16, if a range method counted them
	Histogram *Histogram `json:"histogram,omitempty"`
	Demoted   *Demoted   `json:"demoted,omitempty"` // of one that stays at int16, if the search has tried it
}

// MaxHistograms bounds the holders with a histogram, the first of the promotion list.
const MaxHistograms = 256

// A Histogram is how often a tensor had values: bins of one width from Min to Max.
type Histogram struct {
	Min    float64  `json:"min"`
	Max    float64  `json:"max"`
	Counts []uint64 `json:"counts"`
}

// Demoted is the mix with one more unit at int8, that of a holder which stays at int16. One of both scores is known.
type Demoted struct {
	Score *Score `json:"score,omitempty"` // its score
	// the best that it could still have come to when the search refused it
	AtMost *Score `json:"at_most,omitempty"`
}

// EachItsOwn is the name of the choice in which each unit has the range method with which it alone does the least harm.
const EachItsOwn = "each"

// A RangeScore is what all int8 scores with the low grids of one range method.
type RangeScore struct {
	Method string `json:"method"`          // or EachItsOwn
	Score  *Score `json:"score,omitempty"` // only of one that was better than all before it
	// the holders that were held at int16 there, since they do nearly all of the harm of all int8; mostly none
	Int16    []string `json:"int16,omitempty"`
	Repaired bool     `json:"repaired,omitempty"` // of the network with the repairs that it has taken
}

// A LastTry is an activation, or a group of them, that the search has left at int16, tried at int8 with the low grids
// of another range method.
type LastTry struct {
	Holders []string `json:"holders"`
	Method  string   `json:"method"`
	Held    bool     `json:"held"`            // the mix is above the target with it
	Score   *Score   `json:"score,omitempty"` // of the mix, if it is
}

// A Repair is a change of the network before the search that all int8 is to lose less by.
type Repair struct {
	Name    string `json:"name"`            // equalize, migrate, weights or bias
	Changed int    `json:"changed"`         // streams of tensors, weights or biases; 0: there is nothing to repair so
	Taken   bool   `json:"taken"`           // the network that was searched has it
	Score   *Score `json:"score,omitempty"` // of all int8 with it and those taken before; only of one that was taken
}

// Taken names the repairs that the network that was searched has.
func Taken(repairs []Repair) (names []string) {
	for _, one := range repairs {
		if one.Taken {
			names = append(names, one.Name)
		}
	}
	return names
}

// Given has the scores of the network as given, before repairs.
type Given struct {
	High *Score `json:"high"`
	Low  *Score `json:"low"`
}

// A Range is the lowest and highest value that a tensor had.
type Range struct {
	Min float64 `json:"min"`
	Max float64 `json:"max"`
}

// A Grid is the set of values that a quantizer can output, as files write it.
type Grid struct {
	Type      string  `json:"type,omitempty"` // bf16, which has no more numbers; empty: integers
	Bits      int     `json:"bits"`
	Signed    bool    `json:"signed"`
	Scale     float32 `json:"scale"`
	ZeroPoint int32   `json:"zero_point"`
	Min       float64 `json:"min"` // the lowest value on the grid
	Max       float64 `json:"max"` // the highest value on the grid
}
