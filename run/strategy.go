package run

import (
	"fmt"
	"time"

	"example.org/demote/onnx"
	"example.org/demote/search"
)

// Strategies lists the names that --strategy knows, the default first.
func Strategies() []string {
	var names []string
	for _, st := range search.Strategies() {
		names = append(names, st.Name)
	}
	return names
}

// strategyOptions are the options of the strategy for a target.
func (s *searching) strategyOptions(goal search.Resolved) search.Options {
	o := s.compiled.strategyOptions(goal)
	if s.config.Cost != costCount {
		o.Cost = search.UnitCost(s.costs.chosen.saves, o.Units)
	}
	o.Progress, o.Start = s.progress, s.start
	return o
}

// strategyOptions are the options of the strategy for a target, as far as they hang on no cost and no start.
func (s *compiled) strategyOptions(goal search.Resolved) search.Options {
	o := search.NewOptions(len(s.records), goal.Above)
	o.Units, o.Curve = s.units(), s.config.Curve
	o.Pinned = s.layout.Pinned
	o.Multiplier, o.Seed, o.Chain = s.config.multiplier(), s.config.seed(), search.ChainMode(s.config.Chain)
	o.Progress = s.config.Progress
	o.NoSwaps = s.config.Confidence != "" // a promise is about nested mixes
	o.Budget = search.Budget{Trials: s.config.Trials, Time: s.timeLeft()}
	return o
}

// timeLeft is what is left of --time, which counts from the start of the session; 0 without one. A search always has
// a little, to come to its first score.
func (s *compiled) timeLeft() time.Duration {
	if s.config.Time == 0 || s.started.IsZero() {
		return s.config.Time
	}
	return max(s.config.Time-time.Since(s.started), time.Nanosecond)
}

// progress tells who watches of an event, with scores in the metric's own sign.
func (s *searching) progress(e search.Event) {
	if e.Score.Total == 0 {
		e.Score.Value = metricSign(e.Score.Value, s.metric.Lower)
	}
	s.trials.event = e
	e.Trials = s.trials.count()
	s.config.Progress(e)
}

// text writes a score for the user.
func (s *compiled) text(v search.Score) string {
	if v.Total > 0 {
		return fmt.Sprintf("%.4f (%d of %d)", v.Float(), v.Count, v.Total)
	}
	return fmt.Sprintf("%.6g", metricSign(v.Value, s.metric.Lower))
}

// lowMask is the mask with every holder demoted that may be.
func lowMask(holders []onnx.Holder) search.Mask {
	m := search.NewMask(len(holders))
	for i, h := range holders {
		if !h.Fixed {
			m.Demote(i)
		}
	}
	return m
}
