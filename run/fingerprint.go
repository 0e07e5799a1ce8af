package run

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"example.org/demote/backend"
	"example.org/demote/config"
	"example.org/demote/internal/journal"
)

// fingerprint names everything that can change a score or the way of this search.
func (s *runFolder) fingerprint() journal.Fingerprint {
	c := s.Config
	f := map[string]string{
		"target": c.Target, "strategy": c.Strategy, "chain": c.Chain, "seed": fmt.Sprint(c.Draw()),
		"multiplier": strconv.FormatFloat(c.Step(), 'g', -1, 64),
		"budget":     fmt.Sprint(c.Trials, c.Time), "metric": s.Metric.Name, "output": s.Output, "formula": c.Formula, "weights": c.Weights,
		"grids": strings.TrimSpace(c.GridLow + " " + c.GridHigh + " " + c.BitsText()), "ranges": c.RangeLow + " " + c.RangeHigh,
		"limit": fmt.Sprint(c.Limit), "block": fmt.Sprint(s.Block), "output holder": fmt.Sprint(c.OutputHolder),
		"preprocessing":  fmt.Sprint(c.Scale, c.Mean, c.Std),
		"runtime":        backend.RuntimeVersion() + " " + backend.Instructions(),
		"demote version": c.Version,
	}
	if c.FixShapes {
		f["shapes"] = "fixed"
	}
	if s.Asked > 0 {
		f["block"] = fmt.Sprint(s.Asked)
	}
	if !s.Can().InOrder {
		f["device"] = s.Device.Text
	}
	for key, value := range choices(c) {
		if value != "" {
			f[key] = value
		}
	}
	if c.Holdout != "" {
		f["held out"], f["confidence"] = "a file", c.Confidence
		if c.HoldoutShare() > 0 {
			f["held out"] = c.Holdout
		}
	}
	return journal.Fingerprint{Settings: f, Inputs: s.Files, Written: s.written}
}

// choices are what a fingerprint has of the flags that most runs leave alone.
func choices(c config.Config) map[string]string {
	f := map[string]string{
		"metric command": c.MetricCmd, "metric server": c.MetricServe, "class weights": c.ClassWeights, "int16 share": c.Int16Share, "cost budget": c.Budget, "pins": strings.Join(c.Pins, " "), "groups": strings.Join(c.Groups, " "),
	}
	if c.Rung != nil {
		f["ladder"], f["first step"] = c.LadderText(), c.MixText()
	}
	f["weight bits"] = strings.Join(c.WeightBits, " ")
	if c.SearchWeights {
		f["search weights"] = "yes"
	}
	if c.Unroll {
		f["unroll"] = "yes"
	}
	if c.Decode != "" {
		if d, err := c.Detection(); err == nil {
			f["boxes"] = fmt.Sprintf("{%s %v}", d.Layout, d.Suppression)
		}
	}
	f["outputs beside"], f["label arrays"] = strings.Join(c.Beside, " "), strings.Join(c.LabelArrays, " ")
	f["inputs"] = strings.Join(slices.Sorted(slices.Values(c.Fixed)), " ")
	f["states"] = strings.Join(slices.Sorted(slices.Values(c.State)), " ")
	f["padding"] = strings.Join(slices.Sorted(slices.Values(c.Pad)), " ")
	if c.Session != "exact" {
		f["session"] = c.Session
	}
	if c.Bias != "float" {
		f["bias"] = c.Bias
	}
	if c.Repair != config.NoRepair {
		f["repairs"] = c.RepairText()
	}
	if c.Anchors != "" && c.AnchorsFile() == "" { // a file is among the inputs
		f["anchors"] = c.Anchors
	}
	if f["cost"] = c.Cost; c.CostFile() != "" {
		f["cost"] = "a file"
	}
	if c.MetricLower {
		f["metric command"] += " (lower is better)"
	}
	if c.Blank != 0 {
		f["blank"] = fmt.Sprint(c.Blank)
	}
	if c.Space != nil {
		f["space"] = fmt.Sprint(*c.Space)
	}
	if c.IgnoreLabel != nil {
		f["ignored label"] = fmt.Sprint(*c.IgnoreLabel)
	}
	f["proof"] = c.Prove
	if c.Curve {
		f["curve"] = "past the target"
	}
	return f
}
