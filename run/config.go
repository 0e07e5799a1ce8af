package run

import (
	"log/slog"
	"time"

	"demote/quant"
	"demote/search"
)

// A Config says what a run is about. The zero value of a choice is its default.
type Config struct {
	Model, Low, High string // the float network, or the pair
	Calib, Data      string // calibration and evaluation samples
	Labels           string // labels from another file than Data
	Target           string // as typed
	Out              string // the run folder

	EncodingsLow, EncodingsHigh string   // AIMET encodings of the float network, in place of calibration
	Export                      []string // formats to write at the end, of FormatNames
	Session                     string   // in which the target must hold: exact, or default as well

	Strategy   string  // one of Strategies
	Scan       string  // fast, naive
	Chain      string  // demoted, last
	Multiplier float64 // of the reference strategy, in [0, 1]
	Seed       uint32
	Trials     int           // budget of scores asked for; 0: none
	Time       time.Duration // budget of time; 0: none
	Start      string        // a promotion list to start from

	GridLow, GridHigh   string // asymmetric, symmetric, pow2
	RangeLow, RangeHigh string // minmax, percentile, mse, ...
	Formula             string // qdq, mctq, torch
	Weights             string // high, follow
	OutputHolder        bool   // the network's float outputs are holders too

	Metric, Output   string
	Limit            int // a stratified part of the samples; 0: all
	Scale, Mean, Std []float32

	Device           string
	Workers, Threads int
	Block            int
	Cache            int64 // bytes; 0: a quarter of the free memory
	Force, DryRun    bool
	AllowNaN         bool

	Command string // the full command line, for the result
	Version string // of the program

	Progress func(search.Event) `json:"-"` // told of every trial; nil: nobody is
	Say      func(string)       `json:"-"` // told what a person wants to read on the way; nil: nobody is
	Log      *slog.Logger       `json:"-"` // nil: discarded
}

// withDefaults fills in the choices that were left open.
func (c Config) withDefaults() Config {
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
	set(&c.RangeLow, "minmax")
	set(&c.RangeHigh, "minmax")
	set(&c.Formula, "qdq")
	set(&c.Weights, "high")
	set(&c.Device, "auto")
	set(&c.Session, "exact")
	if c.Progress == nil {
		c.Progress = func(search.Event) {}
	}
	if c.Say == nil {
		c.Say = func(string) {}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// checkChoices refuses values that no choice has, and numbers out of their range.
func (c Config) checkChoices() error {
	switch {
	case c.Scan != "fast" && c.Scan != "naive":
		return mistakef("--scan %s: choose fast or naive", c.Scan)
	case c.Chain != "demoted" && c.Chain != "last":
		return mistakef("--chain %s: choose demoted or last", c.Chain)
	case c.Session != "exact" && c.Session != "default":
		return mistakef("--session %s: choose exact or default", c.Session)
	case c.Weights != "high":
		return mistakef("--weights %s: this version searches with the weights of the 16-bit file; choose high", c.Weights)
	case !(c.Multiplier >= 0 && c.Multiplier <= 1):
		return mistakef("--multiplier %v: give a number from 0 to 1", c.Multiplier)
	case c.Trials < 0:
		return mistakef("--trials %d: give a number of scores, or 0 for no budget", c.Trials)
	case c.Time < 0:
		return mistakef("--time %v: give a time such as 10m, or 0s for no budget", c.Time)
	}
	for _, name := range c.Export {
		if _, err := formatByName("--export", name); err != nil {
			return err
		}
	}
	if _, err := quant.ParseFormula(c.Formula); err != nil {
		return err
	}
	_, _, err := c.gridChoices()
	return err
}
