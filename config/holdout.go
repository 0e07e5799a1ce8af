package config

import (
	"math/big"
	"strings"

	"example.org/demote/mistake"
)

// HoldoutShare is the share of --holdout 30%; 0 where it names a file, or nothing that could be a share.
func (c Config) HoldoutShare() float64 {
	digits, ok := strings.CutSuffix(c.Holdout, "%")
	if !ok {
		return 0
	}
	v, ok := decimalText(digits)
	if !ok || !(v > 0 && v < 100) {
		return 0
	}
	return v / 100
}

// Sureness is --confidence as a number; 0 without one, or if it is none.
func (c Config) Sureness() float64 {
	v, ok := decimalText(c.Confidence)
	if !ok || !(v > 0 && v < 1) {
		return 0
	}
	return v
}

// decimalText reads a plain decimal number.
func decimalText(text string) (float64, bool) {
	if strings.Trim(text, "0123456789.") != "" || len(text) > 40 {
		return 0, false
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return 0, false
	}
	v, _ := r.Float64()
	return v, true
}

// CheckPromise refuses choices of hold-out and confidence that cannot be meant.
func (c Config) CheckPromise() error {
	switch {
	case c.Holdout != "" && len(c.State) > 0:
		return mistake.Errorf("--holdout %s: the steps of a sequence are not independent samples, which all that is said of a hold-out rests on: leave it out, and score the mix on others with demote eval", c.Holdout)
	case strings.HasSuffix(c.Holdout, "%") && c.HoldoutShare() == 0:
		return mistake.Errorf("--holdout %s: give a share of the samples between 0%% and 100%%, such as 30%%, or a file", c.Holdout)
	case c.Confidence == "":
		return nil
	case c.Sureness() == 0:
		return mistake.Errorf("--confidence %s: give a number between 0 and 1, such as 0.95", c.Confidence)
	case c.Holdout == "":
		return mistake.Errorf("--confidence %s: a promise is tested on samples that the search never sees; add --holdout FILE or --holdout 30%%", c.Confidence)
	case c.Int16Share != "":
		return mistake.Errorf("--confidence and --int16-share exclude each other: a promise is about a target; give --target")
	case c.Budget != "":
		return mistake.Errorf("--confidence and --budget exclude each other: a promise is about a target; give --target")
	case c.Repair != NoRepair && c.Repair != "":
		return mistake.Errorf("--confidence and --repair %s exclude each other: a promise is about the network as given, and all int16 of a repaired one is another; leave one out", c.Repair)
	case c.Session == "default":
		return mistake.Errorf("--confidence and --session default exclude each other: a promise is about the mix as it was searched; choose --session exact")
	}
	return nil
}
