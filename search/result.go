package search

// Step is one unit of a chain. Units that moved together share a Group.
type Step struct {
	Unit      int
	Holders   []int // of the unit; shared with the options, read only
	Group     int   // number of the step that demoted it, from 0
	Promoted  bool  // the unit went back to its high grid (a swap of improve)
	Past      bool  // beyond the result (Options.Curve)
	Recorded  Score // the score that the strategy decides by
	True      Score // the score of the mask after the whole step, if TrueKnown
	TrueKnown bool
}

// Stop says what ended a search.
type Stop string

const (
	StopDone   Stop = "done"   // the strategy came to its end
	StopTrials Stop = "trials" // Budget.Trials
	StopTime   Stop = "time"   // Budget.Time
	StopError  Stop = "error"  // an error of the evaluator or a cancelled context, which is returned too
)

// Result is what a search ends with. It is complete at any time: also where the search returns an error, Mask is the
// best mix that is known to hold.
type Result struct {
	Strategy string
	Found    bool // the target can be met, as the definition has it: the all-high mix reaches it, or another is above it
	Holds    bool // Mask is above the target, or there is none: all that a user is told to be found
	Stop     Stop

	Mask      Mask   // the mix: if Found it holds or is the all-high mix, which reaches the target; else the better end, the all-low mix of equal ones
	Score     Score  // of Mask
	Promotion []int  // units that stay high, in reverse chain order, those that the chain lacks first
	Chain     []Step // in the order of the moves
	Order     []int  // all units in the order in which the strategy takes them
	Saved     float64

	Distances []float64 // by unit: how far it moves the outputs alone, where the strategy ranked by that; else nil

	High, Low Score // of the endpoints
	// AllLow is the score of the mask with every unit demoted, where it is known beside Low: if Low is another network's
	// score and above the target, that mask is scored before it is believed. LowRefused: it was not above the target,
	// and the search went on, with AllLow as the floor of its scans.
	AllLow     Score
	LowRefused bool

	StartRefused bool   // the start mix does not hold, or nobody asked: the chain begins at the all-high mix
	Notes        []Note // what a user should know

	Evaluations int // scores that the definition asks for, the 8-bit endpoint twice in the reference strategy
}

// A Note is what a user should know of a search: what is so, what to do about it (empty: nothing), and a name of its kind
// for programs.
type Note struct{ ID, Text, Cure string }

// Holders returns the holders of the promotion list, unit by unit in its order, given the options' units.
func (r *Result) Holders(units [][]int) []int {
	var list []int
	for _, u := range r.Promotion {
		list = append(list, units[u]...)
	}
	return list
}

// EventKind names what happened.
type EventKind string

const (
	EventHigh    EventKind = "high"    // the 16-bit endpoint is scored
	EventLow     EventKind = "low"     // the 8-bit endpoint is scored
	EventOrder   EventKind = "order"   // one more unit is ranked
	EventMove    EventKind = "move"    // the base changed: Units moved
	EventRefused EventKind = "refused" // a group did not hold
	EventCurve   EventKind = "curve"   // one more mask past the result is scored
	EventTrial   EventKind = "trial"   // one more trial was run, whole or in part; told by who runs them, no strategy does
)

// Event is a step of a running search, for a person who watches. It is passed by value and costs no allocation.
type Event struct {
	Kind        EventKind
	Evaluations int   // so far
	Score       Score // of what Kind names; zero for order, refused and trial
	Low         int   // units that the base has demoted
	Units       int   // units in all
	BestLow     int   // units that the best mix known to hold has demoted
	Trials      int   // masks tried so far, as far as who runs them tells
}

// Best is a mix that holds, better than all before it. The mask is the search's own: clone what is to be kept.
type Best struct {
	Mask        Mask
	Score       Score
	Saved       float64 // sum of the costs of its demoted units
	Evaluations int
}
