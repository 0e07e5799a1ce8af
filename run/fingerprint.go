package run

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"example.org/demote/backend"
	"example.org/demote/result"
)

// A Fingerprint names everything that can change a score or the way of a search, so that a journal of another run can be
// refused by the name of what differs.
type Fingerprint struct {
	Settings map[string]string `json:"settings"`
	Inputs   []result.Input    `json:"inputs"`
	Written  []string          `json:"written,omitempty"` // keys of files that the metric command names and writes to itself
}

// fingerprint names everything that can change a score or the way of this search.
func (s *searching) fingerprint() Fingerprint {
	c := s.config
	f := map[string]string{
		"target": c.Target, "strategy": c.Strategy, "chain": c.Chain, "seed": fmt.Sprint(c.seed()),
		"multiplier": strconv.FormatFloat(c.multiplier(), 'g', -1, 64),
		"budget":     fmt.Sprint(c.Trials, c.Time), "metric": s.metric.Name, "output": s.output, "formula": c.Formula, "weights": c.Weights,
		"grids": c.GridLow + " " + c.GridHigh, "ranges": c.RangeLow + " " + c.RangeHigh,
		"limit": fmt.Sprint(c.Limit), "block": fmt.Sprint(s.block), "output holder": fmt.Sprint(c.OutputHolder),
		"preprocessing":  fmt.Sprint(c.Scale, c.Mean, c.Std),
		"runtime":        backend.RuntimeVersion() + " " + backend.Instructions(),
		"demote version": c.Version,
	}
	if c.FixShapes {
		f["shapes"] = "fixed"
	}
	if s.asked > 0 {
		f["block"] = fmt.Sprint(s.asked)
	}
	if s.onGPU() {
		f["device"] = s.device.Text
	}
	for key, value := range c.choices() {
		if value != "" {
			f[key] = value
		}
	}
	if c.Holdout != "" {
		f["held out"], f["confidence"] = "a file", c.Confidence
		if c.holdoutShare() > 0 {
			f["held out"] = c.Holdout
		}
	}
	return Fingerprint{Settings: f, Inputs: s.files, Written: s.written}
}

// Difference says in a phrase what differs from the fingerprint of a run, then; empty if nothing does. Files come first: they
// are what changes without anybody having typed it.
func (f Fingerprint) Difference(then Fingerprint) string {
	written := map[string]bool{}
	for _, key := range then.Written {
		written[key] = true
	}
	if text := changedInputs(f.Inputs, then.Inputs, written); text != "" {
		return text
	}
	keys := slices.Sorted(maps.Keys(f.Settings))
	for k := range then.Settings {
		if _, ok := f.Settings[k]; !ok {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	for _, k := range keys {
		if now, was := f.Settings[k], then.Settings[k]; now != was {
			return fmt.Sprintf("it has %s %q and not %q", k, was, now)
		}
	}
	return ""
}
