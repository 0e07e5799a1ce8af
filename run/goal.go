package run

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"example.org/demote/config"
	"example.org/demote/internal/commandfiles"
	"example.org/demote/internal/constraint"
	"example.org/demote/internal/cost"
	"example.org/demote/internal/journal"
	"example.org/demote/mistake"
	"example.org/demote/result"
	"example.org/demote/search"
)

// shareSlack makes up for shares that have no float64, as the search does: 29 % of 100 are 29, not 28.999.
const shareSlack = 1e-9

// checkGoal reads what is wanted: a target, or a share of int16.
func (s *searching) checkGoal() (err error) {
	c := s.Config
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
	if s.Config.Int16Share != "" {
		return nil
	}
	if err := s.target.Check(s.Scale()); err != nil {
		return err
	}
	claim := s.target.Claim(search.Resolved{}, s.Config.Sureness())
	if s.Config.Confidence != "" && claim.Reference != search.NoReference && claim.Budget <= 0 {
		return mistake.Errorf("--confidence %s: target %s is a budget of no loss, which no mix can be promised to stay below; give some, such as 16bit-0.005", s.Config.Confidence, s.Config.Target)
	}
	return nil
}

// resolveGoal turns what is wanted into the comparison that the search makes.
func (s *searching) resolveGoal(ends search.Endpoints) (search.Resolved, error) {
	if s.Config.Int16Share != "" {
		s.above = math.Inf(-1)
		return search.Resolved{Above: s.above}, nil
	}
	goal, err := s.target.Resolve(s.Scale(), ends)
	if err != nil {
		return goal, err
	}
	s.Result.Target.Value, s.above, s.goal = goal.Value, goal.Above, goal
	s.doubts.QuestionTarget(s.target, goal, ends.High)
	return goal, nil
}

// seek runs the strategy, or looks for the best mix within a share.
func (s *searching) seek(ctx context.Context, o search.Options) (search.Result, error) {
	if s.Config.Int16Share != "" {
		return search.WithinShare(ctx, s.Ev, o, s.share)
	}
	return search.Run(ctx, s.Config.Strategy, s.Ev, o)
}

// constrainSearch makes the units of the search and finds what they save. A contradiction ends it here, before the
// first trial.
func (s *searching) constrainSearch(ctx context.Context) error {
	var err error
	if s.Layout, err = s.rules.Arrange(s.Network, s.Order); err != nil {
		return err
	}
	for _, in := range []struct{ role, path string }{{"profile", s.Config.Profile}, {"cost", s.Config.CostFile()}, {"start", s.Config.Start}} {
		if err := s.BookFile(in.role, in.path); err != nil {
			return err
		}
	}
	for _, path := range commandfiles.Of(s.Config.MetricCmd) {
		if err := s.BookFile(journal.RoleCommand, path); err != nil {
			return err
		}
	}
	s.Result.Inputs = s.Files
	for h := range s.Result.Holders {
		s.Result.Holders[h].Pinned = s.Layout.Pinned.Low(h)
	}
	for _, h := range s.Layout.High {
		s.Result.Holders[h].Pinned = true
	}
	if held, most := len(s.Layout.High), int(s.share*float64(len(s.Records))+shareSlack); s.Config.Int16Share != "" && held > most {
		return mistake.Errorf("--int16-share %s: %d of %d activations are held at int16, and the share allows %d", s.Config.Int16Share, held, len(s.Records), most)
	}
	s.Result.Cost = s.Config.Cost
	if text := constraint.Describe(s.Network, s.Layout); text != "" {
		s.Config.Say(text)
	}
	if s.Metric.IsWhole() {
		s.Config.Say("metric " + s.Metric.Name + " is of the whole set: every score is a whole evaluation, which no bound ends early")
	}
	if s.costs, err = cost.Read(ctx, s.Runner.Task, s.Config.Cost); err != nil {
		return err
	}
	if s.Result.FloatWork = s.costs.Float; s.Result.FloatWork.Some() {
		s.Config.Say(s.Result.FloatWork.Text())
	}
	return nil
}

// ended says what ended a search before its strategy was done, if anything did.
func (s *searching) ended(stop search.Stop) (w result.Warning, early bool) {
	switch stop {
	case search.StopTrials:
		return result.Warning{ID: "budget-trials", Text: fmt.Sprintf("the limit of evaluations (--trials %d) ended the search: this is the best result so far", s.Config.Trials), Cure: "a larger --trials goes further"}, true
	case search.StopTime:
		return result.Warning{ID: "budget-time", Text: fmt.Sprintf("the limit of %v (--time) ended the search: this is the best result so far", s.Config.Time), Cure: "a longer --time goes further"}, true
	}
	return w, false
}

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
	o := s.Runner.StrategyOptions(goal)
	if s.Config.Cost != config.CostCount {
		o.Cost = search.UnitCost(s.costs.Chosen.Saves, o.Units)
	}
	o.Progress, o.Start = s.progress, s.start
	return o
}
