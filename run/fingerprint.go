package run

import (
	"fmt"
	"strconv"

	"example.org/demote/backend"
	"example.org/demote/internal/journal"
)

// fingerprint names everything that can change a score or the way of this search.
func (s *searching) fingerprint() journal.Fingerprint {
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
	if !s.can().InOrder {
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
	return journal.Fingerprint{Settings: f, Inputs: s.files, Written: s.written}
}
