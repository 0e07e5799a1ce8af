package search

import (
	"math"
	"time"

	"example.org/demote/mistake"
)

// Defaults of the reference strategy (ALGORITHM 1).
const (
	DefaultMultiplier = 0.5
	DefaultSeed       = 1
)

// ChainMode says which score the reference's chain records.
type ChainMode string

const (
	// ChainDemoted records the score of the mask with the demoted unit.
	ChainDemoted ChainMode = "demoted"
	// ChainLast records the score of the last candidate that the scan looked at, as the reference does.
	ChainLast ChainMode = "last"
)

// Budget ends a search early. What is found by then is the result. Zero fields set no limit.
type Budget struct {
	Trials int           // scores asked for, candidates of scans included; those of the endpoints count
	Time   time.Duration // wall time from the start of the search
}

// Options say what is searched. NewOptions fills in the defaults; the fields are taken as they are, since 0 is a legal
// multiplier and seed.
type Options struct {
	Holders int     // length of every mask
	Units   [][]int // holders of each unit, disjoint and not empty; nil: every holder that is not pinned is a unit
	Pinned  Mask    // holders that are low throughout, of no unit; the zero Mask: none. A holder in no unit and not pinned stays high
	Target  float64 // a mix holds if its score is strictly above it; the all-high mix holds if it reaches it

	Low   *Score // score of the 8-bit endpoint where it is another network; nil: the mask with every unit demoted
	Start Mask   // mix to start from, if it holds; the zero Mask: none

	Multiplier float64   // demotion: 0..1, see ALGORITHM 1, step 3
	Seed       uint32    // demotion: of the shuffle
	Chain      ChainMode // demotion: recorded score; "" is ChainDemoted
	FillTrue   bool      // demotion with ChainLast: also score the demoted masks that the scans did not, at the end; not counted as evaluations

	Cost    []float64 // what demoting each unit saves, >= 0; nil: 1 each
	Budget  Budget
	OneEnd  bool // a 16-bit endpoint below the target ends the search, as in ALGORITHM 1, step 1; else the mix with every unit demoted is tried first
	NoSwaps bool // improve, auto: single units only, so that the chain stays nested
	Curve   bool // after the end, demote on past the target and score every mask

	Progress func(Event)      // called after every change of the mix and every endpoint; nil: nobody listens
	Best     func(Best) error // called whenever a better mix that holds is known; an error ends the search with it

	free bool // no target: the endpoints decide nothing
}

// NewOptions returns the options for a network of n holders, each a unit, with the documented defaults.
func NewOptions(n int, target float64) Options {
	return Options{Holders: n, Target: target, Multiplier: DefaultMultiplier, Seed: DefaultSeed, Chain: ChainDemoted}
}

// prepare checks the options and fills in what the zero values stand for. Errors are mistake.Err.
func (o *Options) prepare() error {
	switch {
	case o.Holders < 0:
		return mistake.Errorf("%d holders", o.Holders)
	case math.IsNaN(o.Target):
		return mistake.Errorf("target is not a number")
	case !(o.Multiplier >= 0 && o.Multiplier <= 1):
		return mistake.Errorf("multiplier %v: it must lie in 0..1", o.Multiplier)
	case o.Budget.Trials < 0 || o.Budget.Time < 0:
		return mistake.Errorf("budget below zero")
	}
	switch o.Chain {
	case "":
		o.Chain = ChainDemoted
	case ChainDemoted, ChainLast:
	default:
		return mistake.Errorf("chain %q: it must be %s or %s", o.Chain, ChainDemoted, ChainLast)
	}
	if o.Pinned.Len() == 0 {
		o.Pinned = NewMask(o.Holders)
	}
	if o.Pinned.Len() != o.Holders {
		return mistake.Errorf("pinned mask of %d holders for a network of %d", o.Pinned.Len(), o.Holders)
	}
	if o.Units == nil {
		for h := range o.Holders {
			if !o.Pinned.Low(h) {
				o.Units = append(o.Units, []int{h})
			}
		}
	}
	if err := o.checkUnits(); err != nil {
		return err
	}
	if o.Cost == nil {
		o.Cost = make([]float64, len(o.Units))
		for i := range o.Cost {
			o.Cost[i] = 1
		}
	}
	if len(o.Cost) != len(o.Units) {
		return mistake.Errorf("%d costs for %d units", len(o.Cost), len(o.Units))
	}
	for i, c := range o.Cost {
		if !(c >= 0) || math.IsInf(c, 0) {
			return mistake.Errorf("cost %v of unit %d: it must be a number that is not negative", c, i)
		}
	}
	return o.checkStart()
}

// checkUnits sees that units are disjoint, not empty, in range and not pinned.
func (o *Options) checkUnits() error {
	owner := make([]int, o.Holders)
	for u, holders := range o.Units {
		if len(holders) == 0 {
			return mistake.Errorf("unit %d has no holder", u)
		}
		for _, h := range holders {
			switch {
			case h < 0 || h >= o.Holders:
				return mistake.Errorf("unit %d has holder %d of a network of %d", u, h, o.Holders)
			case owner[h] != 0:
				return mistake.Errorf("holder %d is in units %d and %d", h, owner[h]-1, u)
			case o.Pinned.Low(h):
				return mistake.Errorf("holder %d of unit %d is pinned", h, u)
			}
			owner[h] = u + 1
		}
	}
	return nil
}

// checkStart sees that a start mix is made of whole units and the pinned holders.
func (o *Options) checkStart() error {
	if o.Start.Len() == 0 {
		return nil
	}
	if o.Start.Len() != o.Holders {
		return mistake.Errorf("start mix of %d holders for a network of %d", o.Start.Len(), o.Holders)
	}
	want := o.Pinned.Clone()
	for u, holders := range o.Units {
		for _, h := range holders {
			if o.Start.Low(h) != o.Start.Low(holders[0]) {
				return mistake.Errorf("start mix splits unit %d: holders %d and %d must move together", u, holders[0], h)
			}
		}
		if o.Start.Low(holders[0]) {
			want.demoteAll(holders)
		}
	}
	if h := want.FirstDifference(o.Start); h >= 0 {
		return mistake.Errorf("start mix contradicts the precision that holder %d is held at", h)
	}
	return nil
}
