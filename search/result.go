package search

// Step is the move of one unit in a chain. Units that moved together, as a group of gallop or the swap of improve, have
// the same Group, and the same scores: those of the mask after all of them.
type Step struct {
	Unit      int   // index in Options.Units
	Holders   []int // of the unit; the slice of Options.Units, read only
	Group     int   // number of the step, from 0
	Promoted  bool  // the unit went back to high, in a swap of strategy improve
	Past      bool  // after the result, because of Options.Curve
	Recorded  Score // the score that the strategy compares with the target
	True      Score // the score of the mask after the whole group, if TrueKnown; else zero
	TrueKnown bool  // false only with ChainLast, for masks that no scan has scored: see Options.FillTrue
}

// Stop is the reason why a search ended. Whatever it is, the result is the best mix until then.
type Stop string

const (
	StopDone   Stop = "done"   // the strategy finished
	StopTrials Stop = "trials" // Budget.Trials was used up
	StopTime   Stop = "time"   // Budget.Time was used up
	StopError  Stop = "error"  // an error of the evaluator or a cancelled context; the search returns that error too
)

// Result is the outcome of a search. The caller owns it. It is complete even if the search returns an error: Mask is
// then the best mix so far that holds.
type Result struct {
	Strategy string
	// Found says that the target can be met: the all-high mix equals or exceeds it, or another mix exceeds it.
	Found bool
	// Holds says that Mask is strictly above the target, or that the search had none (WithinShare). Found without Holds
	// is an all-high mix that scores exactly the target.
	Holds bool
	Stop  Stop

	// Mask is the mix. If Found is false, it is the endpoint with the better score; of equal ones the all-low mix.
	Mask      Mask
	Score     Score   // of Mask
	Promotion []int   // units that stay high, the last demoted first; before them those that the chain lacks
	Chain     []Step  // in the order of the moves
	Order     []int   // all units, in the order in which the strategy takes them: a ranking, or the chain's own
	Saved     float64 // sum of the costs of the demoted units, in the unit of Options.Cost

	// Distances has the sensitivity of each unit alone (DistanceEvaluator), if the strategy ranked by it; else nil. It
	// is +Inf for units that the time did not reach.
	Distances []float64

	High, Low Score // of the endpoints
	// AllLow is the score of the mask with every unit demoted, if Options.Low is the score of another network. The
	// search evaluates the mask if Low is above the target. LowRefused: that mask is not above the target, so the
	// search went on, with AllLow as the floor of its scans.
	AllLow     Score
	LowRefused bool

	Proof *Proof // how good the result is, with Options.Proof; else nil

	StartRefused bool   // the start mix does not hold or was not evaluated; the chain begins at the all-high mix
	Notes        []Note // remarks for the user

	// Evaluations are those that the definition of the strategy asks for: strategy demotion counts the 8-bit endpoint
	// twice, and a candidate of a scan counts whether or not the evaluator had to run it.
	Evaluations int
}

// A Note is a remark for the user: ID names its kind for programs, Text states the fact, and Cure says what to type, or
// is empty.
type Note struct{ ID, Text, Cure string }

// Holders returns the holders of the promotion list, unit by unit in its order. units are Options.Units.
func (r *Result) Holders(units [][]int) []int {
	var list []int
	for _, u := range r.Promotion {
		list = append(list, units[u]...)
	}
	return list
}

// EventKind is the kind of an event. A search sends high and low once, then order for each unit if its strategy ranks
// them, then moves and refusals as they come; at the end proof and curve, where Options.Proof and Options.Curve ask for
// them. A search that an endpoint decides may send high alone.
type EventKind string

const (
	EventHigh    EventKind = "high"    // the 16-bit endpoint is scored
	EventLow     EventKind = "low"     // the 8-bit endpoint is scored
	EventOrder   EventKind = "order"   // one more unit is ranked
	EventMove    EventKind = "move"    // the base changed: Units moved
	EventRefused EventKind = "refused" // a group did not hold
	EventCurve   EventKind = "curve"   // one more mask past the result is scored
	EventProof   EventKind = "proof"   // a level of the proof begins or goes on
	// the evaluator ran one more trial, in full or in part; strategies send no such event
	EventTrial EventKind = "trial"
)

// Names of the parts of a search, for Options.Step. A strategy without parts goes by its own name.
const (
	StepOrder     = "ordering by distance"
	StepGroups    = "demoting groups"
	StepRetries   = "retrying single activations"
	StepSwaps     = "swaps"
	StepExchanges = "exchanges"
	StepProof     = "the proof"
	StepCurve     = "the curve past the target"
)

// Event is a step of a running search, for progress displays. It is passed by value, without an allocation.
type Event struct {
	Kind        EventKind
	Evaluations int   // so far
	Score       Score // of what Kind names; zero for order, refused and trial
	Low         int   // units that the base has demoted
	Units       int   // units in all
	BestLow     int   // units that the best mix known to hold has demoted
	Trials      int   // distinct masks so far, if the evaluator counts them; else 0
	Proof       ProofEvent
}

// Best is a mix that holds and is better than all before it. The search owns the mask and changes it later: clone it to
// keep it.
type Best struct {
	Mask        Mask
	Score       Score
	Saved       float64 // sum of the costs of its demoted units
	Evaluations int
}
