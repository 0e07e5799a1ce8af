package result

// Schema is the version of result.json.
const Schema = 2

// A Result is the content of result.json. C is the type of its config.
type Result[C any] struct {
	SchemaVersion int               `json:"schema_version"`
	Command       string            `json:"command"`
	Config        C                 `json:"config"` // the settings of the command line, with defaults filled in
	Versions      map[string]string `json:"versions"`
	Inputs        []Input           `json:"inputs"`
	Holders       []Holder          `json:"holders"`   // in graph order
	Promotion     []string          `json:"promotion"` // the holders that stay at int16, in reverse order of the chain
	Metric        string            `json:"metric"`
	Lower         bool              `json:"lower"` // a lower value of the metric is better
	Strategy      string            `json:"strategy"`
	Formula       string            `json:"formula"`
	Samples       int               `json:"samples"`
	Steps         int               `json:"steps,omitempty"` // of each sample, with --state
	Target        Target            `json:"target"`
	Budget        *Budget           `json:"budget,omitempty"`      // with --budget
	Int16Share    string            `json:"int16_share,omitempty"` // the share of --int16-share
	Met           bool              `json:"met"`
	Finished      bool              `json:"finished"` // false while running and after an interruption
	Stop          string            `json:"stop"`     // the end: done, trials (--evaluations), time, error
	Score         Scores            `json:"score"`
	Cost          string            `json:"cost"`                  // of the search: count, bops, bytes or a file
	Multipliers   string            `json:"multipliers,omitempty"` // of the profile, by which BOPs are counted
	Savings       []Saving          `json:"savings"`               // what the mix saves
	MixCost       *float64          `json:"mix_cost"`              // what the mix costs by that cost
	Fronts        []Front           `json:"fronts,omitempty"`      // of score against each cost
	FloatWork     *FloatWork        `json:"float_work,omitempty"`
	Proof         *Proof            `json:"proof,omitempty"`      // with --prove: how good the mix is
	Ranges        []RangeScore      `json:"ranges,omitempty"`     // with --range auto: the methods that were tried
	LastTries     []LastTry         `json:"last_tries,omitempty"` // of what the search has left at int16
	Repairs       []Repair          `json:"repairs,omitempty"`    // those that were tried, in their order
	Given         *Given            `json:"given,omitempty"`      // of the network without those that were taken
	Unrolled      []Unrolled        `json:"unrolled,omitempty"`   // with --unroll: the operators that it has replaced
	Chain         []Step            `json:"chain"`
	Evaluations   int               `json:"evaluations"`        // scores that the strategy asked for
	Trials        int               `json:"trials"`             // distinct masks that were run
	SampleEvals   float64           `json:"sample_evaluations"` // work, in passes of one sample through the network
	Seconds       float64           `json:"seconds"`
	// of the last session: from its start to its first evaluation
	SetUpSeconds float64 `json:"setup_seconds"`
	// the two widths of the search; absent: int8 and int16
	Widths *Widths `json:"widths,omitempty"`
	Layers []Layer `json:"layers,omitempty"` // with --weight-bits or --search-weights: the layers with weights
	Ladder *Ladder `json:"ladder,omitempty"` // with --ladder: the step that it is of
	// the stages of that time, up to the first score
	SetUp []StageTime `json:"setup,omitempty"`
	// the stages from the first score on
	Stages        []StageTime    `json:"stages,omitempty"`
	MetricCommand *MetricCommand `json:"metric_command,omitempty"` // starts and time of --metric-cmd
	MetricServer  *MetricServer  `json:"metric_server,omitempty"`  // starts and time of --metric-serve
	TrialCosts    *TrialCosts    `json:"trial_costs,omitempty"`
	Verified      *Verified      `json:"verified"`
	Sessions      []SessionMix   `json:"sessions,omitempty"`  // with --session default: the mixes that were scored
	Holdout       *Holdout       `json:"holdout,omitempty"`   // with --holdout
	Exports       []Export       `json:"exports,omitempty"`   // with --export
	Questions     *Questions     `json:"questions,omitempty"` // checks of the set-up before the first evaluation
	Warnings      []Warning      `json:"warnings"`
}
