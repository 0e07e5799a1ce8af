package report

// Schema is the version of result.json that this package knows.
const Schema = 2

// A Result is what the report reads of result.json. Fields that the file lacks keep their zero values; Run.Has tells them
// apart from those that are there.
type Result struct {
	SchemaVersion int               `json:"schema_version"`
	Command       string            `json:"command"`
	Config        map[string]any    `json:"config"`
	Versions      map[string]string `json:"versions"`
	Inputs        []Input           `json:"inputs"`
	Holders       []Holder          `json:"holders"`   // in graph order
	Promotion     []string          `json:"promotion"` // the int16 holders, in reverse chain order
	Metric        string            `json:"metric"`
	LowerBetter   bool              `json:"lower"` // a lower value of the metric is better
	Strategy      string            `json:"strategy"`
	Formula       string            `json:"formula"`
	Samples       int               `json:"samples"`
	Steps         int               `json:"steps"` // of each sample, of sequences; 0: they are none
	Target        Target            `json:"target"`
	Int16Share    string            `json:"int16_share"` // what was wanted instead of a target
	Met           bool              `json:"met"`
	Finished      bool              `json:"finished"`
	Stop          string            `json:"stop"` // what ended the strategy: done, trials, time, error
	Score         Scores            `json:"score"`
	Cost          string            `json:"cost"` // that the strategy went by
	Savings       []Saving          `json:"savings"`
	FloatWork     *FloatWork        `json:"float_work"` // nil: a result of before it was counted
	Unrolled      []Unrolled        `json:"unrolled"`   // with --unroll: the operators that it has opened
	Chain         []Step            `json:"chain"`
	Evaluations   int               `json:"evaluations"`        // scores that the definition asks for
	Trials        int               `json:"trials"`             // masks touched
	SampleEvals   float64           `json:"sample_evaluations"` // whole-network sample passes really run
	Seconds       float64           `json:"seconds"`
	SetUpSeconds  float64           `json:"setup_seconds"`
	SetUp         []StageTime       `json:"setup"`          // what of them each stage has taken; nil: a result of before it was kept
	MetricCommand *MetricCommand    `json:"metric_command"` // nil: the metric is no command
	TrialCosts    *TrialCosts       `json:"trial_costs"`
	Verified      *Verified         `json:"verified"`
	Sessions      []SessionMix      `json:"sessions"` // the mixes that were scored in a default session too
	Holdout       *Holdout          `json:"holdout"`
	Exports       []Export          `json:"exports"`
	Questions     *Questions        `json:"questions"` // nil: none were asked
	Warnings      []Warning         `json:"warnings"`
}

// An Input is a file that the run has read.
type Input struct {
	Role   string `json:"role"`
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
}

// A Holder is a holder with its record and the width that it got.
type Holder struct {
	Name      string `json:"name"`
	Index     int    `json:"index"`
	Precision string `json:"precision"` // int8 or int16, or as many bits as the record has
	Low       Grid   `json:"low"`
	High      Grid   `json:"high"`
	Pinned    bool   `json:"pinned"` // held at its precision by a constraint

	Seen     *Range   `json:"seen"`     // values in the calibration
	Alone    *Score   `json:"alone"`    // score with this unit alone demoted
	Distance *float64 `json:"distance"` // how far this unit alone moves the outputs
}

// A Range is the lowest and highest value that a tensor had.
type Range struct {
	Min float64 `json:"min"`
	Max float64 `json:"max"`
}

// A StageTime is what a stage before the first trial has taken.
type StageTime struct {
	Name       string  `json:"name"`
	Seconds    float64 `json:"seconds"`
	CPUSeconds float64 `json:"cpu_seconds"` // processor time, of all threads
}

// TrialCosts is what each trial has cost, in the order in which they began.
type TrialCosts struct {
	Judged  []float64 `json:"judged"`  // share of the samples that the trial looked at, 0 to 1
	Seconds []float64 `json:"seconds"` // until it was left or over
}

// A Saving is what the mix saves in one cost, of what demoting every holder would, and what the network with every holder on
// its high grid costs; nil where that is not known.
type Saving struct {
	Cost  string   `json:"cost"`
	Saved float64  `json:"saved"`
	All   float64  `json:"all"`
	Total *float64 `json:"total"`
}

// FloatWork is what the network computes for one sample, in multiply-accumulates, and what stays in floating point of it.
type FloatWork struct {
	MACs       float64  `json:"macs"`
	Float      float64  `json:"float_macs"`
	Least      bool     `json:"macs_least"`  // there is no less than that
	FloatNodes []string `json:"float_nodes"` // what stays in floating point, the most work first
}

// Unrolled is a recurrent operator that --unroll has opened into single ones.
type Unrolled struct {
	Node  string `json:"node"`
	Op    string `json:"op"`    // LSTM, GRU or RNN
	Steps int    `json:"steps"` // of its sequence
	Nodes int    `json:"nodes"` // that it became
}

// MetricCommand is how often the metric's command was started, and how long that took.
type MetricCommand struct {
	Calls   int     `json:"calls"`
	Seconds float64 `json:"seconds"`
}

// A Grid is one quantization of one tensor.
type Grid struct {
	Bits      int     `json:"bits"`
	Signed    bool    `json:"signed"`
	Scale     float64 `json:"scale"` // the step between two values
	ZeroPoint int32   `json:"zero_point"`
	Min       float64 `json:"min"` // the lowest value on the grid
	Max       float64 `json:"max"` // the highest value on the grid
}

// A Target is the target as typed and as the search compared it.
type Target struct {
	Text  string  `json:"text"`
	Value float64 `json:"value"`
}

// Scores are the scores of the four networks; Float is nil for a pair.
type Scores struct {
	Float *Score `json:"float"`
	High  *Score `json:"high"`
	Low   *Score `json:"low"`
	Mixed *Score `json:"mixed"`
}

// A Score is in the metric's own unit and sign; counts are nil for metrics that do not count, the value where it is infinite.
type Score struct {
	Correct *int     `json:"correct"`
	Total   *int     `json:"total"`
	Value   *float64 `json:"value"`
}

// A Step is one demotion, or one promotion of an exchange. Holders that moved together share a step.
type Step struct {
	Step      int      `json:"step"`
	Holder    string   `json:"holder"`
	Promoted  bool     `json:"promoted"`   // the holder went back to int16
	Past      bool     `json:"past"`       // behind the result
	Cost      *float64 `json:"cost"`       // of the mix after the whole step
	Int8      *int     `json:"int8"`       // int8 holders after the whole step; nil: not written
	Value     *float64 `json:"value"`      // as the chain recorded it
	TrueValue *float64 `json:"true_value"` // of the mask after this step
}

// Verified is what the check of the written file found.
type Verified struct {
	Identical      bool        `json:"identical"`
	Correct        *int        `json:"correct"`
	Value          *float64    `json:"value"`
	DefaultCorrect *int        `json:"default_session_correct"`
	DefaultValue   *float64    `json:"default_session_value"`
	DefaultMet     *bool       `json:"default_session_met"` // nil: not known, or a result of before
	AsWritten      []AsWritten `json:"as_written"`          // in batches of several sizes, its axes free
	FirstDiffering string      `json:"first_differing"`
	Elsewhere      string      `json:"elsewhere"`
	Unscored       string      `json:"unscored"`
	SHA256         string      `json:"sha256"`
	Before         bool        `json:"checked_before"`
}

// AsWritten is a file as users run it, in batches of one size.
type AsWritten struct {
	Batch    int      `json:"batch"`
	Differ   int      `json:"differing_samples"`
	Correct  *int     `json:"correct"`
	Value    *float64 `json:"value"`
	DoesMeet *bool    `json:"target_met"`
}

// A SessionMix is a mix with its scores in the exact and in the default session.
type SessionMix struct {
	Low     int    `json:"int8_holders"`
	Exact   *Score `json:"exact"`
	Default *Score `json:"default"`
}

// An Export is one export of the mix in another format.
type Export struct {
	Format   string    `json:"format"`
	Files    []string  `json:"files"`
	Verified *Verified `json:"verified"`
	Inexact  []string  `json:"inexact"` // holders whose very grid the format cannot hold
	Warnings []Warning `json:"warnings"`
}

// A Holdout is what samples that the search never saw say of its mix.
type Holdout struct {
	Text       string   `json:"text"` // as typed
	Samples    int      `json:"samples"`
	LeftOut    int      `json:"left_out"` // copies of samples that the search sees
	SHA256     string   `json:"sha256"`   // of the samples
	Score      Scores   `json:"score"`
	Against    *Paired  `json:"against_high"`
	Claim      string   `json:"claim"` // what the target says of unseen samples
	PValue     *float64 `json:"p_value"`
	Sure       *float64 `json:"sure"` // with what confidence that holds of this one mix
	Promise    *Promise `json:"promise"`
	UsedBefore []string `json:"used_before"`
}

// A Paired compares the mix with the 16-bit network, sample by sample.
type Paired struct {
	OnlyHigh int        `json:"only_high"` // samples that only the 16-bit network gets right
	OnlyMix  int        `json:"only_mix"`  // samples that only the mix gets right
	Loss     float64    `json:"loss"`
	Interval [2]float64 `json:"interval"`
	Covers   float64    `json:"interval_confidence"`
}

// A Promise is how a promise was tested.
type Promise struct {
	Confidence float64       `json:"confidence"`
	Held       bool          `json:"held"`
	Statement  string        `json:"statement"`
	Steps      []PromiseStep `json:"steps"`
	SearchInt8 int           `json:"search_int8"` // int8 holders of the mix that the search itself found
	Needs      []Need        `json:"needs"`
}

// A Need says how many samples would prove the step that failed, with what chance.
type Need struct {
	Samples int     `json:"samples"`
	Chance  float64 `json:"chance"`
}

// A PromiseStep is one mix that was tested.
type PromiseStep struct {
	Int8    int     `json:"int8"`
	Score   *Score  `json:"score"`          // on the search's own samples
	Holdout *Score  `json:"holdout"`        // on the hold-out
	Lost    *int    `json:"only_reference"` // samples that only the network compared with gets right
	Gained  *int    `json:"only_mix"`
	PValue  float64 `json:"p_value"`
	Held    bool    `json:"held"`
}
