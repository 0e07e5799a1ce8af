package run

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"demote/quant"
	"demote/report"
	"demote/search"
)

// ResultSchema is the version of result.json.
const ResultSchema = 2

// A Result is what result.json holds.
type Result struct {
	SchemaVersion int               `json:"schema_version"`
	Command       string            `json:"command"`
	Config        Config            `json:"config"` // what the command line said, defaults filled in
	Versions      map[string]string `json:"versions"`
	Inputs        []InputFile       `json:"inputs"`
	Holders       []HolderResult    `json:"holders"`   // in graph order
	Promotion     []string          `json:"promotion"` // the int16 holders, in reverse chain order
	Metric        string            `json:"metric"`
	Lower         bool              `json:"lower"` // a lower value of the metric is better
	Strategy      string            `json:"strategy"`
	Formula       string            `json:"formula"`
	Samples       int               `json:"samples"`
	Steps         int               `json:"steps,omitempty"` // of each sample, where --state makes sequences of them
	Target        TargetResult      `json:"target"`
	Int16Share    string            `json:"int16_share,omitempty"` // what was wanted instead of a target
	Met           bool              `json:"met"`
	Finished      bool              `json:"finished"` // false while running and after an interruption
	Stop          string            `json:"stop"`     // what ended the strategy: done, trials, time, error
	Score         Scores            `json:"score"`
	Cost          string            `json:"cost"`    // that the strategy went by: count, bops, bytes or a file
	Savings       []Saving          `json:"savings"` // what the mix saves
	FloatWork     *FloatWork        `json:"float_work,omitempty"`
	Unrolled      []NodeUnrolled    `json:"unrolled,omitempty"` // with --unroll: the operators that it has opened
	Chain         []StepResult      `json:"chain"`
	Evaluations   int               `json:"evaluations"`        // scores that the definition asks for
	Trials        int               `json:"trials"`             // masks touched
	SampleEvals   float64           `json:"sample_evaluations"` // whole-network sample passes really run
	Seconds       float64           `json:"seconds"`
	SetUpSeconds  float64           `json:"setup_seconds"`            // of the last session: from its start to its first trial
	SetUp         []StageTime       `json:"setup,omitempty"`          // what of them each stage has taken, up to the first score
	MetricCommand *MetricCommand    `json:"metric_command,omitempty"` // what --metric-cmd has cost of it
	TrialCosts    *TrialCosts       `json:"trial_costs,omitempty"`
	Verified      *Verified         `json:"verified"`
	Sessions      []SessionMix      `json:"sessions,omitempty"`  // with --session default: the mixes that were scored
	Holdout       *HoldoutResult    `json:"holdout,omitempty"`   // what --holdout said
	Exports       []Exported        `json:"exports,omitempty"`   // what --export asked for
	Questions     *Questions        `json:"questions,omitempty"` // what was asked before the first trial
	Warnings      []Warning         `json:"warnings"`
}

// A HolderResult is a holder with its record and the width that it got.
type HolderResult struct {
	Name      string     `json:"name"`
	Index     int        `json:"index"`
	Precision string     `json:"precision"` // int8 or int16, or as many bits as the record has
	Low       GridResult `json:"low"`
	High      GridResult `json:"high"`
	Pinned    bool       `json:"pinned,omitempty"` // held at its precision by a constraint

	Seen     *RangeResult `json:"seen,omitempty"`     // values in the calibration, where there was one
	Alone    *ScoreResult `json:"alone,omitempty"`    // score with this unit alone demoted, where the search has asked for it in full
	Distance *float64     `json:"distance,omitempty"` // how far this unit alone moves the outputs: mean squared error on a few blocks, where the search ranked by it
}

// A RangeResult is the lowest and highest value that a tensor had.
type RangeResult struct {
	Min float64 `json:"min"`
	Max float64 `json:"max"`
}

// TrialCosts is what the trials of this session of the run have cost, in the order in which they began. Scores that a
// session of before has left in the journal are not among them.
type TrialCosts struct {
	Judged  []float64 `json:"judged"`  // share of the samples that the trial looked at, 0 to 1
	Seconds []float64 `json:"seconds"` // until it was left or over
}

// A GridResult is a grid as files have it.
type GridResult struct {
	Bits      int     `json:"bits"`
	Signed    bool    `json:"signed"`
	Scale     float32 `json:"scale"`
	ZeroPoint int32   `json:"zero_point"`
	Min       float64 `json:"min"` // the lowest value on the grid
	Max       float64 `json:"max"` // the highest value on the grid
}

// A TargetResult is the target as typed and as the search compared it.
type TargetResult struct {
	Text  string  `json:"text"`
	Value float64 `json:"value"`
}

// Scores are the scores of the four networks; Float is null for a pair.
type Scores struct {
	Float *ScoreResult `json:"float"`
	High  *ScoreResult `json:"high"`
	Low   *ScoreResult `json:"low"`
	Mixed *ScoreResult `json:"mixed"`
}

// A ScoreResult is one score in the metric's own unit and sign; counts are null for metrics that
// do not count, and the value is null where it is infinite.
type ScoreResult struct {
	Correct *int     `json:"correct"`
	Total   *int     `json:"total"`
	Value   *float64 `json:"value"`
}

// A StepResult is one demotion. Holders that were demoted together share a step.
type StepResult struct {
	Step      int      `json:"step"`
	Holder    string   `json:"holder"`
	Promoted  bool     `json:"promoted,omitempty"` // the holder went back to int16
	Past      bool     `json:"past,omitempty"`     // behind the result, by --curve
	Int8      int      `json:"int8"`               // int8 holders after the whole step
	Cost      float64  `json:"cost"`               // of the mix after the whole step, by the chosen cost
	Value     *float64 `json:"value"`              // as the chain recorded it
	TrueValue *float64 `json:"true_value"`         // of the mask after this step
}

// Verified is what the check of the written file found.
type Verified struct {
	Identical      bool        `json:"identical"`                 // outputs in the exact session equal the search's, bit for bit
	Correct        *int        `json:"correct"`                   // count in the exact session
	Value          *float64    `json:"value"`                     // score in the exact session
	DefaultCorrect *int        `json:"default_session_correct"`   // count in a session with nothing set
	DefaultValue   *float64    `json:"default_session_value"`     // score in a session with nothing set
	DefaultMet     *bool       `json:"default_session_met"`       // the target holds there too; nil: there is no target, or that session cannot run the file
	AsWritten      []AsWritten `json:"as_written"`                // of a file with free axes: as users run it, in batches of several sizes
	FirstDiffering string      `json:"first_differing,omitempty"` // the first tensor that differs, if any does
	Elsewhere      string      `json:"elsewhere,omitempty"`       // of verify and export: why another score than the search's is no fault of the file
	Unscored       string      `json:"unscored,omitempty"`        // why the outputs were compared and not scored
	SHA256         string      `json:"sha256,omitempty"`          // of the file that was checked, with the file of its weights behind it where there is one
	Before         bool        `json:"checked_before,omitempty"`  // of export: this is what the search has found of the very same bytes
}

// finite returns nil for infinities and NaN, which JSON cannot hold.
func finite(v float64) *float64 {
	if math.IsInf(v, 0) || math.IsNaN(v) {
		return nil
	}
	return &v
}

// scoreResult writes a search score in the metric's own sign.
func scoreResult(s search.Score, lower bool) *ScoreResult {
	if s.Total > 0 {
		return &ScoreResult{Correct: &s.Count, Total: &s.Total, Value: finite(s.Float())}
	}
	v := s.Value
	if math.IsNaN(v) || math.IsInf(v, -1) {
		v = worst
	}
	return &ScoreResult{Value: finite(metricSign(v, lower))}
}

// worst stands for the score that is worse than all, as null stands for the one that is better: what is infinitely far from the
// reference, and what is no number.
const worst = -math.MaxFloat64

// score reads a score back; infinite ones are better than all.
func (r *ScoreResult) score(lower bool) search.Score {
	switch {
	case r == nil || r.Correct == nil && r.Value == nil:
		return search.Score{Value: math.Inf(1)}
	case r.Correct != nil && r.Total != nil:
		return search.Score{Count: *r.Correct, Total: *r.Total}
	}
	v := metricSign(*r.Value, lower)
	if v <= worst {
		v = math.Inf(-1)
	}
	return search.Score{Value: v}
}

// ScoreNumber writes a score that does not count, in the metric's own sign; v is nil where it is infinite and better than all.
func ScoreNumber(v *float64) string {
	switch {
	case v == nil || *v == -worst:
		return "infinite"
	case *v == worst:
		return "-infinite"
	}
	return fmt.Sprintf("%.6g", *v)
}

// metricSign turns the search's number, where higher is better, back into the metric's own.
func metricSign(v float64, lower bool) float64 {
	if lower {
		return 0 - v // never -0
	}
	return v
}

func gridResult(g quant.Grid) GridResult {
	return GridResult{Bits: g.Bits, Signed: g.Signed, Scale: g.Scale, ZeroPoint: g.Zero,
		Min: float64(g.Decode(g.Min)), Max: float64(g.Decode(g.Max))}
}

func precision(g quant.Grid) string { return fmt.Sprintf("int%d", g.Bits) }

// ReadResult reads the result.json of a run folder.
func ReadResult(folder string) (*Result, error) {
	path := (&Folder{Path: folder}).File(ResultFile)
	data, err := report.ReadResult(folder)
	if err != nil {
		return nil, mistakef("%s is not a run folder of demote: %w", folder, err)
	}
	var r Result
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, mistakef("%s: damaged: %w", path, err)
	}
	if r.SchemaVersion < 1 || r.SchemaVersion > ResultSchema {
		return nil, mistakef("%s: schema_version %d, this program reads %d", path, r.SchemaVersion, ResultSchema)
	}
	return &r, nil
}

// curve is curve.csv: how the scores go along the chain. The cost of a mix is what it costs by the chosen cost: by count, its
// number of int16 holders.
func (r *Result) curve() []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write([]string{"step", "holder", "int8_holders", "recorded_score", "true_score", "cost"})
	for _, s := range r.Chain {
		_ = w.Write([]string{strconv.Itoa(s.Step), report.Cell(s.Holder), strconv.Itoa(s.Int8), number(s.Value), number(s.TrueValue), number(&s.Cost)})
	}
	w.Flush()
	return b.Bytes()
}

func number(v *float64) string {
	if v == nil {
		return ""
	}
	return fmt.Sprintf("%g", *v)
}
