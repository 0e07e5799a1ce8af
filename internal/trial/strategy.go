package trial

import (
	"time"

	"example.org/demote/search"
)

// StrategyOptions are the options of the strategy for a target, as far as they hang on no cost and no start.
func (s *Runner) StrategyOptions(goal search.Resolved) search.Options {
	o := search.NewOptions(len(s.Records), goal.Above)
	o.Units, o.Curve = s.Units(), s.Config.Curve
	o.Pinned = s.Layout.Pinned
	o.Multiplier, o.Seed, o.Chain = s.Config.Step(), s.Config.Draw(), search.ChainMode(s.Config.Chain)
	o.Progress = s.Config.Progress
	o.NoSwaps = s.Config.Confidence != "" // a promise is about nested mixes
	o.Budget = search.Budget{Trials: s.Config.Trials, Time: s.timeLeft()}
	return o
}

// timeLeft is what is left of --time, which counts from the start of the session; 0 without one. A search always has
// a little, to come to its first score.
func (s *Runner) timeLeft() time.Duration {
	if s.Config.Time == 0 || s.Started.IsZero() {
		return s.Config.Time
	}
	return max(s.Config.Time-time.Since(s.Started), time.Nanosecond)
}
