package bounds

import (
	"math"

	"example.org/demote/search"
)

// An Outcome is what one sample has come to, in numbers of which its metric knows the meaning: the class that was
// found, or the boxes; or what several samples of a block have come to, of a metric whose outcomes add up. Nobody
// changes one that is made.
type Outcome []int32

// A State is what a Fold keeps of the outcomes of the first blocks of a trial, in whatever way it likes. It is never
// changed: copies of a trial's progress share it. nil is that of no block.
type State any

// A Fold makes the score of the outcomes of all samples, where no sum of single values does: F1, intersection over
// union, mean average precision. Its methods may be called from one goroutine at a time.
type Fold interface {
	// Add is the state behind one more block. It leaves s alone.
	Add(s State, block []Outcome) State
	// Score is the score of the samples of a state: behind all blocks, that of the trial.
	Score(s State) float64
	// Upper is never below the score of a trial whose first blocks have come to this state, as Score computes it, with
	// all its roundings. +Inf says that nothing is known.
	Upper(s State) float64
	// Bytes is about the memory of a state.
	Bytes(s State) int
	// Pack writes a state for a journal; nil: it is not worth keeping. Unpack reads it; ok is false for what no Pack of
	// this Fold has written.
	Pack(s State) []byte
	Unpack(packed []byte) (s State, ok bool)
}

// mostStates is about the memory of the states that unfinished trials may keep, in bytes. Beyond it a trial that is
// left begins anew should it come back: its bound stays known.
const mostStates = 384 << 20

// upperFolded is the key of the highest score of a trial that is not finished.
func (r *Rule) upperFolded(p Progress) key {
	upper := r.Fold.Upper(p.State)
	if math.IsNaN(upper) {
		return unknown
	}
	return order(upper)
}

// bytes is about the memory that a progress keeps.
func (r *Rule) bytes(p Progress) int {
	if r.Kind != Folded || p.State == nil {
		return 0
	}
	return r.Fold.Bytes(p.State)
}

// spare drops the progress of a candidate that the scan leaves, if those that are kept take too much memory.
func (e *Evaluator) spare(candidate int) {
	if e.rule.Kind != Folded {
		return
	}
	all := 0
	for i := range e.scan.trials {
		all += e.rule.bytes(e.scan.trials[i].progress)
	}
	if all > e.mostStates && e.scan.restart(candidate) {
		e.visits[candidate].reported = 0
		if e.ahead != nil {
			e.ahead.restart(candidate)
		}
		if e.leased != nil {
			e.leased.restart(candidate)
		}
	}
}

// restart forgets how far a candidate has come, and says so, if it is not finished. Its bound holds.
func (s *scan) restart(candidate int) bool {
	t := &s.trials[candidate]
	if !t.done {
		t.progress = Progress{}
	}
	return !t.done
}

// Folds tells whether scores are made of outcomes by a Fold.
func (e *Evaluator) Folds() bool { return e.rule.Kind == Folded }

// PackState writes what the outcomes of a progress have come to; nil: that is not kept.
func (e *Evaluator) PackState(p Progress) []byte {
	if e.rule.Kind != Folded || p.State == nil {
		return nil
	}
	return e.rule.Fold.Pack(p.State)
}

// UnpackState gives a progress back what PackState has written of it. ok is false if these bytes are no state.
func (e *Evaluator) UnpackState(p Progress, packed []byte) (_ Progress, ok bool) {
	if e.rule.Kind != Folded || packed == nil {
		return p, false
	}
	p.State, ok = e.rule.Fold.Unpack(packed)
	return p, ok
}

// KnownState is what PackState says of a mask that was scored in full; nil: it is not kept.
func (e *Evaluator) KnownState(mask search.Mask) []byte {
	packed, _ := e.packed.Get(mask)
	return packed
}

// RestoreState enters what KnownState has said of a mask whose full score Restore has entered.
func (e *Evaluator) RestoreState(mask search.Mask, packed []byte) { e.packed.Put(mask, packed) }

// FromState is the score of what the outcomes of all samples have come to, packed; ok is false if these bytes are no
// state.
func (e *Evaluator) FromState(packed []byte) (score search.Score, ok bool) {
	p, ok := e.UnpackState(Progress{Blocks: e.rule.Blocks()}, packed)
	if !ok {
		return score, false
	}
	return e.rule.score(p), true
}
