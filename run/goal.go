package run

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"example.org/demote/internal/constraint"
	"example.org/demote/internal/journal"
	"example.org/demote/mistake"
	"example.org/demote/result"
	"example.org/demote/search"
)

// shareSlack makes up for shares that have no float64, as the search does: 29 % of 100 are 29, not 28.999.
const shareSlack = 1e-9

// checkGoal reads what is wanted: a target, or a share of int16.
func (s *searching) checkGoal() (err error) {
	c := s.config
	switch {
	case c.Int16Share == "" && c.Target == "":
		return mistake.Errorf("--target is missing: 0.9125, 16bit-0.005, float-0.01, or 50%%")
	case c.Int16Share == "":
		if s.target, err = search.ParseTarget(c.Target); err == nil && c.Low != "" && s.target.NeedsFloat() {
			return mistake.Errorf("target %q: there is no float network to measure it from: write 16bit-0.005 or a score", c.Target)
		}
		return err
	case c.Target != "":
		return mistake.Errorf("--target and --int16-share exclude each other: the one bounds the score, the other the activations at int16")
	case c.Strategy != "auto":
		return mistake.Errorf("--strategy %s: --int16-share has a way of its own; leave --strategy out", c.Strategy)
	case c.Start != "":
		return mistake.Errorf("--start: --int16-share has a start of its own; leave --start out")
	}
	digits, ok := strings.CutSuffix(strings.TrimSpace(c.Int16Share), "%")
	v, err := strconv.ParseFloat(digits, 64)
	if !ok || err != nil || !(v >= 0 && v <= 100) {
		return mistake.Errorf("--int16-share %s: give a share of the activations such as 20%%", c.Int16Share)
	}
	s.share = v / 100
	return nil
}

// checkTarget refuses a target that the metric cannot mean.
func (s *searching) checkTarget() error {
	if s.config.Int16Share != "" {
		return nil
	}
	if err := s.target.Check(s.scale()); err != nil {
		return err
	}
	claim := s.target.Claim(search.Resolved{}, s.config.confidence())
	if s.config.Confidence != "" && claim.Reference != search.NoReference && claim.Budget <= 0 {
		return mistake.Errorf("--confidence %s: target %s is a budget of no loss, which no mix can be promised to stay below; give some, such as 16bit-0.005", s.config.Confidence, s.config.Target)
	}
	return nil
}

// resolveGoal turns what is wanted into the comparison that the search makes.
func (s *searching) resolveGoal(ends search.Endpoints) (search.Resolved, error) {
	if s.config.Int16Share != "" {
		s.above = math.Inf(-1)
		return search.Resolved{Above: s.above}, nil
	}
	goal, err := s.target.Resolve(s.scale(), ends)
	if err != nil {
		return goal, err
	}
	s.result.Target.Value, s.above, s.goal = goal.Value, goal.Above, goal
	s.doubts.questionTarget(s.target, goal, ends.High)
	return goal, nil
}

// seek runs the strategy, or looks for the best mix within a share.
func (s *searching) seek(ctx context.Context, o search.Options) (search.Result, error) {
	if s.config.Int16Share != "" {
		return search.WithinShare(ctx, s.ev, o, s.share)
	}
	return search.Run(ctx, s.config.Strategy, s.ev, o)
}

// choices are what a fingerprint has of the flags that most runs leave alone.
func (c Config) choices() map[string]string {
	f := map[string]string{
		"metric command": c.MetricCmd, "class weights": c.ClassWeights, "int16 share": c.Int16Share, "pins": strings.Join(c.Pins, " "), "groups": strings.Join(c.Groups, " "),
	}
	if c.Unroll {
		f["unroll"] = "yes"
	}
	f["inputs"] = strings.Join(slices.Sorted(slices.Values(c.Fixed)), " ")
	f["states"] = strings.Join(slices.Sorted(slices.Values(c.State)), " ")
	f["padding"] = strings.Join(slices.Sorted(slices.Values(c.Pad)), " ")
	if c.Session != "exact" {
		f["session"] = c.Session
	}
	if c.Bias != "float" {
		f["bias"] = c.Bias
	}
	if f["cost"] = c.Cost; c.costFile() != "" {
		f["cost"] = "a file"
	}
	if c.MetricLower {
		f["metric command"] += " (lower is better)"
	}
	if c.IgnoreLabel != nil {
		f["ignored label"] = fmt.Sprint(*c.IgnoreLabel)
	}
	if c.Curve {
		f["curve"] = "past the target"
	}
	return f
}

// constrainSearch makes the units of the search and finds what they save. A contradiction ends it here, before the
// first trial.
func (s *searching) constrainSearch(ctx context.Context) error {
	var err error
	if s.layout, err = s.rules.Arrange(s.network, s.order); err != nil {
		return err
	}
	for _, in := range []struct{ role, path string }{{"profile", s.config.Profile}, {"cost", s.config.costFile()}, {"start", s.config.Start}} {
		if err := s.bookFile(in.role, in.path); err != nil {
			return err
		}
	}
	for _, path := range commandFiles(s.config.MetricCmd) {
		if err := s.bookFile(journal.RoleCommand, path); err != nil {
			return err
		}
	}
	s.result.Inputs = s.files
	for h := range s.result.Holders {
		s.result.Holders[h].Pinned = s.layout.Pinned.Low(h)
	}
	for _, h := range s.layout.High {
		s.result.Holders[h].Pinned = true
	}
	if held, most := len(s.layout.High), int(s.share*float64(len(s.records))+shareSlack); s.config.Int16Share != "" && held > most {
		return mistake.Errorf("--int16-share %s: %d of %d activations are held at int16, and the share allows %d", s.config.Int16Share, held, len(s.records), most)
	}
	s.result.Cost = s.config.Cost
	if text := constraint.Describe(s.network, s.layout); text != "" {
		s.config.Say(text)
	}
	if s.metric.IsWhole() {
		s.config.Say("metric " + s.metric.Name + " is of the whole set: every score is a whole evaluation, which no bound ends early")
	}
	if s.costs, err = readCosts(ctx, s.compiled.prepared, s.config.Cost); err != nil {
		return err
	}
	if s.result.FloatWork = s.costs.float; s.result.FloatWork.Some() {
		s.config.Say(s.result.FloatWork.Text())
	}
	return nil
}

// ended says what ended a search before its strategy was done, if anything did.
func (s *searching) ended(stop search.Stop) (w result.Warning, early bool) {
	switch stop {
	case search.StopTrials:
		return result.Warning{ID: "budget-trials", Text: fmt.Sprintf("the limit of evaluations (--trials %d) ended the search: this is the best result so far", s.config.Trials), Cure: "a larger --trials goes further"}, true
	case search.StopTime:
		return result.Warning{ID: "budget-time", Text: fmt.Sprintf("the limit of %v (--time) ended the search: this is the best result so far", s.config.Time), Cure: "a longer --time goes further"}, true
	}
	return w, false
}
