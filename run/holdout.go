package run

import "demote/search"

// A HoldoutResult is what samples that the search never saw say of its mix.
type HoldoutResult struct {
	Text       string         `json:"text"` // --holdout as typed
	Samples    int            `json:"samples"`
	LeftOut    int            `json:"left_out,omitempty"` // copies of samples that the search sees
	SHA256     string         `json:"sha256"`             // of the samples, whatever file or order they are in
	Score      Scores         `json:"score"`
	Against    *PairedResult  `json:"against_high,omitempty"` // the mix against the 16-bit network; nil for metrics that do not count
	Claim      string         `json:"claim,omitempty"`        // what the target says of unseen samples
	PValue     *float64       `json:"p_value,omitempty"`      // of the claim being false of the mix
	Sure       *float64       `json:"sure,omitempty"`         // 1 - p_value: with what confidence the claim holds of this one mix
	Promise    *PromiseResult `json:"promise,omitempty"`      // what --confidence asked for
	UsedBefore []string       `json:"used_before,omitempty"`  // other runs that have looked at the same samples
}

// A PairedResult compares the mix with the 16-bit network, sample by sample.
type PairedResult struct {
	OnlyHigh int        `json:"only_high"` // samples that only the 16-bit network gets right
	OnlyMix  int        `json:"only_mix"`  // samples that only the mix gets right
	Loss     float64    `json:"loss"`      // the difference of the two scores
	Interval [2]float64 `json:"interval"`  // Tango's score interval for the true loss
	Covers   float64    `json:"interval_confidence"`
}

// A PromiseResult is how the promise was tested.
type PromiseResult struct {
	Confidence float64       `json:"confidence"`
	Held       bool          `json:"held"` // a mix is promised: the one that the run gives
	Statement  string        `json:"statement"`
	Steps      []PromiseStep `json:"steps"`       // the mixes that were tested, safest first
	SearchInt8 int           `json:"search_int8"` // int8 holders of the mix that the search itself found
	Needs      []NeedResult  `json:"needs,omitempty"`
}

// A PromiseStep is one mix that was tested.
type PromiseStep struct {
	Int8      int          `json:"int8"`
	Score     *ScoreResult `json:"score"`   // on the search's own samples
	Holdout   *ScoreResult `json:"holdout"` // on the hold-out
	OnlyOther *int         `json:"only_reference,omitempty"`
	OnlyMix   *int         `json:"only_mix,omitempty"`
	PValue    float64      `json:"p_value"`
	Held      bool         `json:"held"`
}

// A NeedResult says how many samples of a hold-out would prove the step that failed, if it is true, with what chance.
type NeedResult struct {
	Samples int     `json:"samples"`
	Chance  float64 `json:"chance"`
}

// intervalConfidence is that of the interval beside a mix's loss.
const intervalConfidence = 0.95

func pairedResult(p search.Paired) *PairedResult {
	low, high := p.Interval(intervalConfidence)
	return &PairedResult{OnlyHigh: p.B, OnlyMix: p.C, Loss: p.Loss(), Interval: [2]float64{low, high}, Covers: intervalConfidence}
}

func needResults(needs []search.Need) []NeedResult {
	var list []NeedResult
	for _, n := range needs {
		list = append(list, NeedResult(n))
	}
	return list
}
