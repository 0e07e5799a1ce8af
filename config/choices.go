package config

import (
	"strings"

	"example.org/demote/backend"
	"example.org/demote/internal/calibrate"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
	"example.org/demote/quant"
)

// CheckChoices refuses values that no choice has, and numbers out of their range.
func (c Config) CheckChoices() error {
	switch {
	case c.Scan != "fast" && c.Scan != "naive":
		return mistake.Errorf("--scan %s: choose fast or naive", c.Scan)
	case c.Chain != "demoted" && c.Chain != "last":
		return mistake.Errorf("--chain %s: choose demoted or last", c.Chain)
	case c.Session != "exact" && c.Session != "default":
		return mistake.Errorf("--session %s: choose exact or default", c.Session)
	case c.Weights != "high" && c.Weights != "follow":
		return mistake.Errorf("--weights %s: choose high or follow", c.Weights)
	case !(c.Step() >= 0 && c.Step() <= 1):
		return mistake.Errorf("--multiplier %v: give a number from 0 to 1", c.Step())
	case c.Trials < 0:
		return mistake.Errorf("--evaluations %d: give a number of evaluations, or leave it out for no limit", c.Trials)
	case c.Time < 0:
		return mistake.Errorf("--time %v: give a time such as 10m, or leave it out for no limit", c.Time)
	}
	if err := c.CheckCost(); err != nil {
		return err
	}
	if err := c.CheckMetricFlags(); err != nil {
		return err
	}
	for _, name := range c.Export {
		if _, err := Format("--export", name); err != nil {
			return err
		}
	}
	if _, err := quant.ParseFormula(c.Formula); err != nil {
		return err
	}
	if err := c.CheckBias(); err != nil {
		return err
	}
	if err := c.CheckRepair(); err != nil {
		return err
	}
	_, _, err := c.GridChoices()
	return err
}

// CheckBias refuses a --bias that is none.
func (c Config) CheckBias() error {
	if c.Bias != "float" && c.Bias != "int32" {
		return mistake.Errorf("--bias %s: choose float or int32", c.Bias)
	}
	if _, high, err := c.Widths(); err == nil && high == quant.Half && c.Bias == "int32" {
		return mistake.Errorf("--bias int32: its scale is that of the layer's input times that of the weights, and bf16 has none; leave it out")
	}
	return nil
}

// Format is a format of files by the name that a flag gives.
func Format(flag, name string) (onnx.Format, error) {
	for _, f := range onnx.Formats() {
		if f.Name == name {
			return f, nil
		}
	}
	return onnx.Format{}, mistake.Errorf("%s %s: choose one of %s", flag, name, strings.Join(FormatNames(), ", "))
}

// auto stands for a range method of the low grids: the one with which all int8 scores best.
const auto = "auto"

// WithoutScores is the configuration of a command that scores nothing, and so cannot choose between range methods:
// auto is minmax there.
func (c Config) WithoutScores() Config {
	if c.ChoosesRanges() {
		c.RangeLow = string(quant.MinMax)
	}
	return c
}

// ChoosesRanges reports whether the low grids of a search are chosen among those of all range methods.
func (c Config) ChoosesRanges() bool { return c.RangeLow == auto }

// GridChoices are those of the low and the high grid.
func (c Config) GridChoices() (low, high calibrate.GridChoice, err error) {
	first := c.WithoutScores().RangeLow // that of the grids until one is chosen
	if _, err := quant.ParseMethod(first); err != nil {
		return low, high, mistake.Errorf("%w, or auto for int8", err)
	}
	lowWidth, highWidth, err := c.Widths()
	if err != nil {
		return low, high, err
	}
	low, err = calibrate.NewGridChoice(c.GridLow, first, lowWidth)
	if low.Auto = c.ChoosesRanges(); err != nil {
		return low, high, err
	}
	if c.Rung.second() { // what it begins with are the low grids of the step before
		high, err = calibrate.NewGridChoice(c.GridLow, first, highWidth)
	} else {
		high, err = calibrate.NewGridChoice(c.GridHigh, c.RangeHigh, highWidth)
	}
	return low, high, err
}

// Calibration is how the network is calibrated.
func (c Config) Calibration() (how calibrate.How, err error) {
	how = calibrate.How{Network: c.Model, Samples: c.Calib, AllowNaN: c.AllowNaN, Alone: c.Alone != "", Stages: c.teller()}
	if how.Low, how.High, err = c.GridChoices(); err == nil {
		how.Formula, err = quant.ParseFormula(c.Formula)
	}
	if err == nil && c.Rung.second() {
		how.Before, err = c.stepBefore()
	}
	return how, err
}

// OnlyCPU refuses --device for a command that runs on the CPU whatever there is.
func OnlyCPU(c Config, command string) error {
	if c.Device == "" || c.Device == "auto" || c.Device == backend.DeviceCPU {
		return nil
	}
	return mistake.Errorf("--device %s: demote %s runs on the CPU, which is the reference for verification; leave it out", c.Device, command)
}

// FormatNames lists the names of the formats that a mix can be written in, see onnx.Formats.
func FormatNames() []string {
	var names []string
	for _, f := range onnx.Formats() {
		names = append(names, f.Name)
	}
	return names
}
