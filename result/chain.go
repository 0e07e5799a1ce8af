package result

// A Step is one demotion. Holders that were demoted together share a step.
type Step struct {
	Step      int      `json:"step"`
	Holder    string   `json:"holder"`
	Promoted  bool     `json:"promoted,omitempty"` // the holder went back to int16
	Past      bool     `json:"past,omitempty"`     // behind the result, by --curve
	Int8      *int     `json:"int8"`               // int8 holders after the whole step
	Cost      *float64 `json:"cost"`               // of the mix after the whole step, by the chosen cost
	Value     *float64 `json:"value"`              // as the chain recorded it
	TrueValue *float64 `json:"true_value"`         // of the mask after this step
}
