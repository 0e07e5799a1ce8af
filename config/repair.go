package config

import (
	"slices"
	"strings"

	"example.org/demote/mistake"
)

// The values of --repair besides a list.
const (
	NoRepair   = "none"
	AutoRepair = "auto"
)

// The repairs, in the order in which a network takes them: those of the float network first.
const (
	Equalize    = "equalize" // channels of layers become even, see repair.Even
	Migrate     = "migrate"  // those of normalizations
	FitWeights  = "weights"  // scales of weights by the squared error, see quant.FitWeights
	CorrectBias = "bias"     // biases make up for rounded weights, see repair.Biases
)

// RepairNames are the names of all repairs, in their order.
func RepairNames() []string { return []string{Equalize, Migrate, FitWeights, CorrectBias} }

// Repairs are the repairs that are to be tried, in their order; forced: they are taken even if they do not help.
func (c Config) Repairs() (list []string, forced bool, err error) {
	switch c.Repair {
	case NoRepair, "":
		return nil, false, nil
	case AutoRepair:
		return RepairNames(), false, nil
	}
	named := strings.Split(c.Repair, ",")
	for i, name := range named {
		name = strings.TrimSpace(name)
		named[i] = name
		if !slices.Contains(RepairNames(), name) {
			return nil, false, mistake.Errorf("--repair %s: there is no repair %q: choose none, auto, or some of %s with commas between", c.Repair, name, strings.Join(RepairNames(), ", "))
		}
	}
	for _, name := range RepairNames() {
		if slices.Contains(named, name) {
			list = append(list, name)
		}
	}
	return list, true, nil
}

// RepairText is the choice of repairs as runs compare it: names in the order in which they are tried.
func (c Config) RepairText() string {
	if list, named, err := c.Repairs(); named && err == nil {
		return strings.Join(list, ",")
	}
	return c.Repair
}

// CheckRepair refuses a --repair that is none, or that has no float network to begin with.
func (c Config) CheckRepair() error {
	_, forced, err := c.Repairs()
	switch {
	case err != nil || !forced:
		return err
	case c.Low != "" || c.High != "":
		return mistake.Errorf("--repair %s: a pair is quantized already; leave it out, or give the float network with --model and --calib", c.Repair)
	case c.HasEncodings():
		return mistake.Errorf("--repair %s: encodings are the grids of the network as it is; leave it out, or calibrate with --calib", c.Repair)
	}
	return nil
}
