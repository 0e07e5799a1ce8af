package result

// Schema is the version of result.json.
const Schema = 2

// A Result is what result.json holds. C is what its config is read as.
type Result[C any] struct {
	SchemaVersion int               `json:"schema_version"`
	Command       string            `json:"command"`
	Config        C                 `json:"config"` // what the command line said, defaults filled in
	Versions      map[string]string `json:"versions"`
	Inputs        []Input           `json:"inputs"`
	Holders       []Holder          `json:"holders"`   // in graph order
	Promotion     []string          `json:"promotion"` // the int16 holders, in reverse chain order
	Metric        string            `json:"metric"`
	Lower         bool              `json:"lower"` // a lower value of the metric is better
	Strategy      string            `json:"strategy"`
	Formula       string            `json:"formula"`
	Samples       int               `json:"samples"`
	Steps         int               `json:"steps,omitempty"` // of each sample, where --state makes sequences of them
	Target        Target            `json:"target"`
	Int16Share    string            `json:"int16_share,omitempty"` // what was wanted instead of a target
	Met           bool              `json:"met"`
	Finished      bool              `json:"finished"` // false while running and after an interruption
	Stop          string            `json:"stop"`     // what ended the strategy: done, trials, time, error
	Score         Scores            `json:"score"`
	Cost          string            `json:"cost"`    // that the strategy went by: count, bops, bytes or a file
	Savings       []Saving          `json:"savings"` // what the mix saves
	FloatWork     *FloatWork        `json:"float_work,omitempty"`
	Ranges        []RangeScore      `json:"ranges,omitempty"`   // with --range auto: the methods, in the order in which they were tried
	Unrolled      []Unrolled        `json:"unrolled,omitempty"` // with --unroll: the operators that it has opened
	Chain         []Step            `json:"chain"`
	Evaluations   int               `json:"evaluations"`        // scores that the definition asks for
	Trials        int               `json:"trials"`             // masks touched
	SampleEvals   float64           `json:"sample_evaluations"` // whole-network sample passes really run
	Seconds       float64           `json:"seconds"`
	// of the last session: from its start to its first trial
	SetUpSeconds float64 `json:"setup_seconds"`
	// what of them each stage has taken, up to the first score
	SetUp         []StageTime    `json:"setup,omitempty"`
	MetricCommand *MetricCommand `json:"metric_command,omitempty"` // what --metric-cmd has cost of it
	TrialCosts    *TrialCosts    `json:"trial_costs,omitempty"`
	Verified      *Verified      `json:"verified"`
	Sessions      []SessionMix   `json:"sessions,omitempty"`  // with --session default: the mixes that were scored
	Holdout       *Holdout       `json:"holdout,omitempty"`   // what --holdout said
	Exports       []Export       `json:"exports,omitempty"`   // what --export asked for
	Questions     *Questions     `json:"questions,omitempty"` // what was asked before the first trial
	Warnings      []Warning      `json:"warnings"`
}
