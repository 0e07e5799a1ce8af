package search

import "time"

// A Proof says how good the result of a search is: which mixes that would save more are refuted, each by scores of its
// own. Scores are not monotone, so that no mix is refuted because another one is.
type Proof struct {
	// Minimal says that no mix holds that saves more than the result. Without a result it says that none holds.
	Minimal bool
	// Least is the least number of high units in a mix that holds, as far as it is proven: every mix with fewer is
	// refuted. -1 if the units save different costs, where only Most is proven.
	Least int
	// Most is the largest saving of a mix that holds, as far as it is proven.
	Most    float64
	Refuted int // mixes that were refuted one by one, those of unfinished levels too
	Better  int // better mixes that the proof has found; the last one is the result
	From    int // high units of the mix that the search has left to the proof; -1 if it has found none
	// Mask is the mix that the proof is about: the result's at its end.
	Mask   Mask
	Levels []ProofLevel
	Stop   ProofStop
	Time   time.Duration
}

// A ProofLevel is what a proof has done with the mixes of a level.
type ProofLevel struct {
	Size    int     // high units of each; -1 if units save different costs
	Over    float64 // each saves more than that
	Mixes   float64 // how many there are; where costs differ at least so many, if they are a million
	Refuted int     // of them, one by one
	Drawn   int     // at random, none of which holds
	// AtMost is the share of the level's mixes that hold at most, with 95 % confidence, if some were drawn; else 0.
	AtMost float64
}

// ProofStop is the reason why a proof ended.
type ProofStop string

const (
	ProofDone    ProofStop = "done"        // the result is proven minimal
	ProofUnits   ProofStop = "units"       // ProofLimit.Units
	ProofTime    ProofStop = "time"        // ProofLimit.Time, or Budget.Time
	ProofTrials  ProofStop = "evaluations" // Budget.Trials
	ProofUnbegun ProofStop = "not begun"   // the search has used up its budget
	ProofHeld    ProofStop = "interrupted" // the context is done, or an error
)

// A ProofEvent is the progress of a proof, in an event.
type ProofEvent struct {
	Size    int           // of the level's mixes, -1 if units save different costs
	Done    int           // mixes of the level that are refuted, or drawn
	Mixes   float64       // of the level, or to be drawn
	Drawing bool          // mixes are drawn, of all levels that are left
	Before  float64       // mixes of all levels to come up to the result, this one with them; 0: not known
	Each    time.Duration // about the time of a mix; 0: not known
}
