package search

import (
	"math"
	"slices"
	"time"

	"example.org/demote/mistake"
)

// Defaults of strategy demotion, those of the reference algorithm.
const (
	defaultMultiplier = 0.5 // T lies half-way between the 16-bit score and the target
	defaultSeed       = 1   // of the shuffle, 0 to 2^32-1
)

// ChainMode chooses the score that strategy demotion records for a step and compares with the target. The modes demote
// the same units in the same order; they may end the walk back of step 5 at different masks.
type ChainMode string

const (
	// ChainDemoted records the score of the mask with the demoted unit.
	ChainDemoted ChainMode = "demoted"
	// ChainLast records the score of the last candidate that the scan looked at, as the reference does. After a scan
	// without a pass that is not the unit that was demoted, so a mix may hold unseen: the result is valid and never has
	// fewer units high than that of ChainDemoted.
	ChainLast ChainMode = "last"
)

// Budget limits a search. The best mix by then is the result. A zero field sets no limit.
type Budget struct {
	// Trials is the number of evaluations: endpoints and every candidate of a scan count, whatever the evaluator can
	// save on them. Distances do not.
	Trials int
	// Time is wall time from the start of the search. The evaluator gets it as the deadline of its context.
	Time time.Duration
}

// A ProofLimit ends the proof of a search. A zero field sets no limit.
type ProofLimit struct {
	// Units is the largest number of high units of the mixes that are refuted one by one. It needs units that all save
	// the same.
	Units int
	// Time is wall time from the start of the proof.
	Time time.Duration
}

// Options describe a search. NewOptions fills in the defaults. A search takes the fields as they are, because 0 is a
// legal multiplier and seed. It reads the slices and masks and does not change them.
type Options struct {
	// Holders is the length of every mask.
	Holders int
	// Units lists the holders of each unit, disjoint and not empty. nil: every holder that is not pinned is a unit. A
	// holder that is in no unit and not pinned stays high.
	Units [][]int
	// Places has the place of each holder in the order of the network, from 0, not negative. nil: the holders are in
	// that order. It decides only how swaps are ordered, and what they are taken to cost.
	Places []int
	// Pinned has the holders that are low in every mask. They are in no unit. The zero Mask pins none.
	Pinned Mask
	// Target is the score that a mix must exceed to hold, in the sense of Score.Float. The all-high mix may also equal
	// it.
	Target float64

	// Low is the score of the 8-bit endpoint, if that is a network of its own. nil: the endpoint is the mask with every
	// unit demoted, and the search evaluates it.
	Low *Score
	// Start is the mix to start from, if it holds. It has whole units. The zero Mask: start from the all-high mix.
	Start Mask

	// Multiplier, for strategy demotion, is the share of the way from the 16-bit score down to the target at which a
	// scan accepts a unit (Demotion, step 3), 0..1.
	Multiplier float64
	Seed       uint32    // strategy demotion: random seed of the shuffle
	Chain      ChainMode // strategy demotion: "" is ChainDemoted
	// FillTrue, for strategy demotion with ChainLast, scores at the end the masks of the chain that no scan has scored.
	// They do not count as evaluations.
	FillTrue bool

	// Cost is the saving of each unit when it is demoted, not negative, in any one unit: bit operations, bytes, time. A
	// search maximizes the sum over the demoted units. nil: 1 each, so it maximizes their number. See UnitCost.
	Cost   []float64
	Budget Budget
	// Price, for strategies improve and auto, is what a mix costs by another measure than Cost; finite, and a pure
	// function of the mask. Of mixes that save as much by Cost, the lower price is better. nil: none is.
	Price func(Mask) float64
	// Over, for WithinCost, is what a mix costs beyond the mix with every unit demoted, where that is not the sum of
	// Cost over the units that are high. nil: it is.
	Over func(Mask) float64
	// OneEnd ends a search whose 16-bit endpoint is below the target, as in Demotion, step 1. Otherwise the search
	// first evaluates the mix with every unit demoted, which may score better.
	OneEnd bool
	// NoSwaps, for strategies improve and auto, leaves out swaps and exchanges, so that the masks of the chain stay nested: each
	// demotes all that the one before it does. A promise needs that.
	NoSwaps bool
	// Curve demotes on past the target after the result, one unit at a time, and scores every mask: the trade of score
	// against saving, in Result.Chain.
	Curve bool

	// Proof asks, after the search, for a proof that no mix saves more, or for a better mix, or a bound: Result.Proof.
	// It counts against Budget. nil: none.
	Proof *ProofLimit

	// Progress is called, on the goroutine of the search, after every endpoint and every change of the base. It may be
	// nil.
	Progress func(Event)
	// Step is called, on the goroutine of the search, with the name of each part of a strategy that begins: a Step
	// constant, or the strategy's name. It may be nil.
	Step func(string)
	// Settled is called, on the goroutine of the search, with the mix that swaps begin with, or that an exchange has
	// made, which may be the last. What an evaluator keeps of it is there now, and gone after swaps. Its error ends the
	// search. It may be nil.
	Settled func(Mask) error
	// Best is called, on the goroutine of the search, whenever a better mix that holds is found. Its error ends the
	// search. It may be nil.
	Best func(Best) error

	free bool // no target: the endpoints decide nothing
}

// NewOptions returns the options for a network of n holders, each a unit of its own, with the documented defaults.
func NewOptions(n int, target float64) Options {
	return Options{Holders: n, Target: target, Multiplier: defaultMultiplier, Seed: defaultSeed, Chain: ChainDemoted}
}

// prepare checks the options and fills in what the zero values stand for: units of one holder each, a cost of 1 each.
// The caller's slices and masks stay as they are. Errors are mistake.Err and say which field is wrong.
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
	case o.Proof != nil && (o.Proof.Units < 0 || o.Proof.Time < 0):
		return mistake.Errorf("limit of the proof below zero")
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
	if o.Places == nil {
		for h := range o.Holders {
			o.Places = append(o.Places, h)
		}
	}
	if len(o.Places) != o.Holders || o.Holders > 0 && slices.Min(o.Places) < 0 {
		return mistake.Errorf("places %v of %d holders: each has one, from 0", o.Places, o.Holders)
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

// checkUnits checks that units are disjoint, not empty, in range and not pinned.
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

// checkStart checks that the start mix has whole units and the pinned holders: a mix that the search itself could
// reach. The error is a mistake.Err and names a holder.
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
			want.DemoteAll(holders)
		}
	}
	if h := want.FirstDifference(o.Start); h >= 0 {
		return mistake.Errorf("start mix contradicts the precision that holder %d is held at", h)
	}
	return nil
}
