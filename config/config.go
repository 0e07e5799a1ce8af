package config

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"example.org/demote/backend"
	"example.org/demote/internal/stage"
	"example.org/demote/mistake"
	"example.org/demote/quant"
	"example.org/demote/result"
	"example.org/demote/search"
)

// A Config says what a run is about. The zero value of a choice is its default, the same as the flag's; where 0 is a
// choice of its own, the field is a pointer, whose default is nil. result.json has it under the names of the flags,
// defaults filled in.
type Config struct {
	Model string `json:"model"` // the float network
	Low   string `json:"low"`   // or the pair
	High  string `json:"high"`
	Calib string `json:"calib"` // calibration samples
	Data  string `json:"data"`  // evaluation samples
	// samples are left on disk, and what must be unpacked is unpacked to this folder; empty: to TMPDIR, and samples
	// that fit are kept in memory
	Spool  string `json:"spool"`
	Labels string `json:"labels"` // labels from another file than Data
	Target string `json:"target"` // as typed
	Out    string `json:"out"`    // the run folder

	EncodingsLow  string   `json:"encodings_low"` // AIMET encodings of the float network, in place of calibration
	EncodingsHigh string   `json:"encodings_high"`
	Encodings     string   `json:"-"`       // of one file that eval scores
	Export        []string `json:"export"`  // formats to write at the end, of FormatNames
	Session       string   `json:"session"` // in which the target must hold: exact, or default as well

	Strategy   string        `json:"strategy"`   // one of Strategies
	Scan       string        `json:"scan"`       // fast, naive
	Chain      string        `json:"chain"`      // demoted, last
	Multiplier *float64      `json:"multiplier"` // of the reference strategy, in [0, 1]; nil: 0.5
	Seed       *uint32       `json:"seed"`       // of all that is drawn by lot; nil: 1
	Trials     int           `json:"trials"`     // budget of scores asked for; 0: none
	Time       time.Duration `json:"time_ns"`    // budget of time; 0: none
	Start      string        `json:"start"`      // a promotion list to start from
	Curve      bool          `json:"curve"`      // score the mixes behind the result too
	Prove      string        `json:"prove"`      // limit of a proof: a time, a number, all; empty: no proof
	Reuse      string        `json:"reuse"`      // the folder of another run, whose scores are taken over

	// instead of Target: the most accurate mix with at most this share at int16, such as 20%
	Int16Share string   `json:"int16_share"`
	Pins       []string `json:"pins"`    // NAME=int8, GLOB=int16, op:TYPE=int16
	Groups     []string `json:"groups"`  // NAME,GLOB,...: what they match moves together
	Profile    string   `json:"profile"` // a YAML file that says what the hardware can do
	Cost       string   `json:"cost"`    // count, bops, bytes, or a csv file
	Budget     string   `json:"budget"`  // instead of Target: the most accurate mix within this cost, such as 1.2x

	Holdout    string `json:"holdout"`    // samples that the search never sees: a file, or a share of Data such as 30%
	Confidence string `json:"confidence"` // of a promise, as typed; empty: none is asked for

	Bits          string   `json:"bits,omitempty"`           // LOW,HIGH: the two widths; empty: 8,16
	Ladder        string   `json:"ladder,omitempty"`         // in place of Bits: three widths, for two steps
	LadderSplit   string   `json:"ladder_split,omitempty"`   // share of the loss budget for the first of them, as typed
	WeightBits    []string `json:"weight_bits,omitempty"`    // 4, 8 or 16 bits of weights, or NAME=16; none: 8
	SearchWeights bool     `json:"search_weights,omitempty"` // those of layers are searched too, from 4 bits up
	GridLow       string   `json:"grid_low"`                 // asymmetric, symmetric, pow2
	GridHigh      string   `json:"grid_high"`
	RangeLow      string   `json:"range_low"` // auto, minmax, percentile, mse, ...
	RangeHigh     string   `json:"range_high"`
	Formula       string   `json:"formula"`       // qdq, mctq, torch
	Weights       string   `json:"weights"`       // of a pair: high, or follow the holders
	Bias          string   `json:"bias"`          // float, int32
	Repair        string   `json:"repair"`        // none, auto, or names with commas between
	OutputHolder  bool     `json:"output_holder"` // the network's float outputs are holders too
	Unroll        bool     `json:"unroll"`        // LSTM, GRU and RNN are opened into single operators

	Metric        string        `json:"metric"`
	MetricCmd     string        `json:"metric_cmd"`               // a command in place of a metric
	MetricServe   string        `json:"metric_serve,omitempty"`   // a command that stays, in place of a metric
	MetricName    string        `json:"metric_name,omitempty"`    // of the command, as results have it; empty: command
	MetricLower   bool          `json:"metric_lower"`             // a lower answer of it is better
	MetricTimeout time.Duration `json:"metric_timeout_ns"`        // for one answer; 0: ten minutes
	Decode        string        `json:"decode,omitempty"`         // how boxes lie in the outputs, see detect.Layout
	Anchors       string        `json:"anchors,omitempty"`        // of heads: numbers, or a file of them
	NMSScore      *float64      `json:"nms_score,omitempty"`      // boxes below do not count; nil: as COCO's evaluation
	NMSIoU        *float64      `json:"nms_iou,omitempty"`        // boxes that overlap by more are one
	MaxDetections int           `json:"max_detections,omitempty"` // boxes an image; 0: as COCO's evaluation
	Blank         int           `json:"blank,omitempty"`          // the class that stands for no token, of cer and wer
	Space         *int64        `json:"space,omitempty"`          // the class that ends a word, of wer
	ClassWeights  string        `json:"class_weights"`            // balanced, or a number for each class
	IgnoreLabel   *int64        `json:"ignore_label"`             // samples or pixels with this label do not count

	Fixed       []string  `json:"input"`                    // NAME=VALUE: inputs with one value for all samples
	Pad         []string  `json:"pad"`                      // NAME=VALUE: what is put behind shorter samples
	State       []string  `json:"state"`                    // OUT:IN: outputs that the next step has as inputs
	Output      string    `json:"output"`                   // AllOutputs: all
	Beside      []string  `json:"beside_outputs,omitempty"` // further outputs that the metric reads
	LabelArrays []string  `json:"label_arrays,omitempty"`   // of the data, in this order; none: y
	Limit       int       `json:"limit"`                    // a stratified part of the samples; 0: all
	Scale       []float32 `json:"scale"`
	Mean        []float32 `json:"mean"`
	Std         []float32 `json:"std"`

	Device    string `json:"device"`
	Members   int    `json:"members,omitempty"` // that the samples are dealt to, on the CPU; 0 or 1: there are none
	Workers   int    `json:"workers"`
	Threads   int    `json:"threads"`
	Block     int    `json:"block"`
	Cache     int64  `json:"cache"`      // bytes; 0: a quarter of the free memory; below 0: none
	FixShapes bool   `json:"fix_shapes"` // files are written with the axes of the search instead of free ones
	Force     bool   `json:"force"`
	DryRun    bool   `json:"dry_run"`
	AllowNaN  bool   `json:"allow_nan"`

	Command string `json:"command"` // the full command line, for the result
	Version string `json:"version"` // of the program

	// to workers on other machines that the samples are dealt to; they stay the caller's. Nil: trials run here
	Links []backend.Link `json:"-"`
	// where Data lies on these workers, which read their samples there; empty: they get them from here
	DataAt string `json:"-"`
	// waits for such workers, at the start of each search of a command; nil: Links are all
	Gather func(context.Context) ([]backend.Link, error) `json:"-"`
	// further workers that come while a search runs on Links; nil: nobody does
	Late backend.Late `json:"-"`

	Progress func(search.Event) `json:"-"` // told of every trial; nil: nobody is
	// the time that may remain, asked after Progress; nil: it is not known
	Left func() (least, most time.Duration, known bool) `json:"-"`
	// told of every target of a list, and of every step of a ladder, as its search begins; nil: nobody is
	Next func(string) `json:"-"`
	// told of these searches as they end, with their results; nil: nobody is
	Ended func(string, *Result) `json:"-"`
	// told what a user wants to read on the way, by one goroutine at a time; nil: nobody is
	Say func(string) `json:"-"`
	// told every two seconds how the work before the first trial and behind the last one stands, by goroutines of
	// its own; nil: Say is
	Stage func(stage.Stage) `json:"-"`
	Log   *slog.Logger      `json:"-"` // nil: discarded

	own `json:"-"`
}

// own is what the program itself adds to a configuration on the way. It is zero in a command's.
type own struct {
	Known []result.Input // of a run that is prepared again: the only files that may be opened; nil: any
	// a run that is prepared again is compared only: its metric is a command that was not given
	Unscored      bool
	FromResult    bool            // a run that is prepared again takes its grids from the result
	Recorded      []result.Holder // of a run that is prepared again to be written: its grids; nil: they are calibrated
	Shared        []string        // folders of other targets of a list, whose scores are taken over as with Reuse
	RecordedFirst []result.Holder // on a ladder's second step: the grids of its first
	Alone         string          // why each sample is run alone, where that is known already; see batching
	OwnMemory     bool            // of the device that trials run on
	Words         *Wording        // the names of the widths in texts; nil: those that --bits gives
	Rung          *Rung           // the step of a ladder that a search is; nil: it is none
	Ahead         []string        // formats that the second step will write, in the first one of a ladder
	Ranges        []string        // range methods of the low grids that a run has chosen before, by holder; nil: none
	Repaired      []string        // repairs that a network has taken already; nil: they are to be chosen
	Lists         bool            // what is opened is listed with its hash, which is begun at once
	Reading       *stage.Working  // the stage that reads data, while it does
	Stages        *stage.Book     // what the stages before the first trial have taken; nil: nobody wants to know

	// for tests
	Entered  func(string) // told of every stage as it begins; nil: nobody is
	Patient  bool         // cuts are chosen however long that takes: on machines with other work
	EveryCut bool         // the network is cut wherever it can be: theirs are too small to be timed
}

// Values of the choices whose zero is one of its own.
const (
	defaultMultiplier = 0.5
	defaultSeed       = 1
)

// Step is the choice, or its default.
func (c Config) Step() float64 {
	if c.Multiplier == nil {
		return defaultMultiplier
	}
	return *c.Multiplier
}

// Draw is the choice, or its default.
func (c Config) Draw() uint32 {
	if c.Seed == nil {
		return defaultSeed
	}
	return *c.Seed
}

// DefaultConfig is the configuration of a command without flags, its defaults filled in. What it has to be about is
// missing: Model or Low and High, Calib, Data, Target and Out.
func DefaultConfig() Config { return Config{}.Filled() }

// Filled fills in the choices that were left open.
func (c Config) Filled() Config {
	set := func(v *string, def string) {
		if *v == "" {
			*v = def
		}
	}
	set(&c.Strategy, "auto")
	set(&c.Scan, "fast")
	set(&c.Chain, "demoted")
	set(&c.GridLow, "asymmetric")
	set(&c.GridHigh, "asymmetric")
	set(&c.RangeLow, auto)
	if c.RangeHigh == auto { // the high grids are minmax's, whatever the low ones become
		c.RangeHigh = ""
	}
	set(&c.RangeHigh, "minmax")
	set(&c.Formula, "qdq")
	set(&c.Weights, "high")
	set(&c.Bias, "float")
	set(&c.Repair, NoRepair)
	set(&c.Device, "auto")
	set(&c.Session, "exact")
	set(&c.Cost, CostCount)
	if slices.Equal(c.WeightBits, []string{"8"}) {
		c.WeightBits = nil // as if nobody had typed it
	}
	c.fillLadder()
	if low, high, err := c.Widths(); err == nil && c.Rung == nil && low == quant.W8 && high == quant.W16 && c.Model != "" && !c.HasEncodings() {
		c.Bits = "" // as if nobody had typed it
	}
	c.inBits()
	c.Multiplier, c.Seed = new(c.Step()), new(c.Draw())
	if c.Export == nil {
		c.Export = []string{}
	}
	if c.Progress == nil {
		c.Progress = func(search.Event) {}
	}
	if say := c.Say; say == nil {
		c.Say = func(string) {}
	} else {
		var one sync.Mutex
		words := c.Words
		c.Say = func(text string) {
			one.Lock()
			defer one.Unlock()
			say(words.Text(mistake.Text(text)))
		}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}
