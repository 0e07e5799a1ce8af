package result

// A Holdout has the scores of the mix on held-out samples, which the search never saw.
type Holdout struct {
	Text    string `json:"text"` // --holdout as typed
	Samples int    `json:"samples"`
	LeftOut int    `json:"left_out,omitempty"` // copies of samples that the search sees
	SHA256  string `json:"sha256"`             // of the samples, independent of file and order
	Score   Scores `json:"score"`
	// the mix against the 16-bit network; nil for metrics that do not count
	Against *Paired  `json:"against_high,omitempty"`
	Claim   string   `json:"claim,omitempty"`   // the target as a statement about unseen samples
	PValue  *float64 `json:"p_value,omitempty"` // of the hypothesis that the claim is false for the mix
	// 1 - p_value: the confidence with which the claim holds for this one mix
	Sure       *float64 `json:"sure,omitempty"`
	Promise    *Promise `json:"promise,omitempty"`     // with --confidence
	UsedBefore []string `json:"used_before,omitempty"` // other runs that have used the same samples
}

// A Paired compares the mix with the 16-bit network, sample by sample. Interval is a confidence interval for paired
// proportions: Tango, Statistics in Medicine 17 (1998), 891-908.
type Paired struct {
	OnlyHigh int        `json:"only_high"` // samples that only the 16-bit network gets right
	OnlyMix  int        `json:"only_mix"`  // samples that only the mix gets right
	Loss     float64    `json:"loss"`      // the difference of the two scores
	Interval [2]float64 `json:"interval"`  // of the true loss: Tango's score interval
	Covers   float64    `json:"interval_confidence"`
}

// A Promise is the test of a mix for --confidence.
type Promise struct {
	Confidence float64       `json:"confidence"`
	Held       bool          `json:"held"` // a mix has passed: the result of the run
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

// A Need is a number of hold-out samples with which the failed step would pass, if its claim is true, and the
// probability of that.
type Need struct {
	Samples int     `json:"samples"`
	Chance  float64 `json:"chance"`
}
