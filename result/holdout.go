package result

// A Holdout is what samples that the search never saw say of its mix.
type Holdout struct {
	Text    string `json:"text"` // --holdout as typed
	Samples int    `json:"samples"`
	LeftOut int    `json:"left_out,omitempty"` // copies of samples that the search sees
	SHA256  string `json:"sha256"`             // of the samples, whatever file or order they are in
	Score   Scores `json:"score"`
	// the mix against the 16-bit network; nil for metrics that do not count
	Against *Paired  `json:"against_high,omitempty"`
	Claim   string   `json:"claim,omitempty"`   // what the target says of unseen samples
	PValue  *float64 `json:"p_value,omitempty"` // of the claim being false of the mix
	// 1 - p_value: with what confidence the claim holds of this one mix
	Sure       *float64 `json:"sure,omitempty"`
	Promise    *Promise `json:"promise,omitempty"`     // what --confidence asked for
	UsedBefore []string `json:"used_before,omitempty"` // other runs that have looked at the same samples
}

// A Paired compares the mix with the 16-bit network, sample by sample.
type Paired struct {
	OnlyHigh int        `json:"only_high"` // samples that only the 16-bit network gets right
	OnlyMix  int        `json:"only_mix"`  // samples that only the mix gets right
	Loss     float64    `json:"loss"`      // the difference of the two scores
	Interval [2]float64 `json:"interval"`  // Tango's score interval for the true loss
	Covers   float64    `json:"interval_confidence"`
}

// A Promise is how the promise was tested.
type Promise struct {
	Confidence float64       `json:"confidence"`
	Held       bool          `json:"held"` // a mix is promised: the one that the run gives
	Statement  string        `json:"statement"`
	Steps      []PromiseStep `json:"steps"`       // the mixes that were tested, safest first
	SearchInt8 int           `json:"search_int8"` // int8 holders of the mix that the search itself found
	Needs      []Need        `json:"needs,omitempty"`
}

// A PromiseStep is one mix that was tested.
type PromiseStep struct {
	Int8      int     `json:"int8"`
	Score     *Score  `json:"score"`   // on the search's own samples
	Holdout   *Score  `json:"holdout"` // on the hold-out
	OnlyOther *int    `json:"only_reference,omitempty"`
	OnlyMix   *int    `json:"only_mix,omitempty"`
	PValue    float64 `json:"p_value"`
	Held      bool    `json:"held"`
}

// A Need says how many samples of a hold-out would prove the step that failed, if it is true, with what chance.
type Need struct {
	Samples int     `json:"samples"`
	Chance  float64 `json:"chance"`
}
