package run

import (
	"context"
	"fmt"
	"math"
	"math/big"
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

// What is wanted of a mix.
type wanted struct {
	target search.Target
	goal   search.Resolved
	above  float64  // the target as the search compares it
	share  float64  // --int16-share in place of a target, 0 to 1
	times  float64  // --budget in place of a target, in units of what all int8 costs; 0: there is none
	room   float64  // that a budget leaves for the units that stay at int16
	part   *big.Rat // of the loss that a target allows, which a step of a ladder may use; nil: all of it
	within bool     // there is such a share, or a budget
}

// wantedOf reads what is wanted: a target, a budget, or a share of int16.
func wantedOf(c config.Config) (w wanted, err error) {
	if c.Rung != nil {
		w.part = c.Rung.Share
	}
	if c.Budget != "" {
		return budgetOf(c)
	}
	switch {
	case c.Int16Share == "" && c.Target == "":
		return w, mistake.Errorf("--target is missing: 0.9125, 16bit-0.005, float-0.01, or 50%%")
	case c.Int16Share == "":
		if w.target, err = search.ParseTarget(c.Target); err == nil && c.Low != "" && w.target.NeedsFloat() {
			return w, mistake.Errorf("target %q: there is no float network to measure it from: write 16bit-0.005 or a score", c.Target)
		}
		return w, err
	case c.Target != "":
		return w, mistake.Errorf("--target and --int16-share exclude each other: the one bounds the score, the other the activations at int16")
	case c.Strategy != "auto":
		return w, mistake.Errorf("--strategy %s: --int16-share has a way of its own; leave --strategy out", c.Strategy)
	case c.Start != "":
		return w, mistake.Errorf("--start: --int16-share has a start of its own; leave --start out")
	}
	digits, ok := strings.CutSuffix(strings.TrimSpace(c.Int16Share), "%")
	v, err := strconv.ParseFloat(digits, 64)
	if !ok || err != nil || !(v >= 0 && v <= 100) {
		return w, mistake.Errorf("--int16-share %s: give a share of the activations such as 20%%", c.Int16Share)
	}
	w.share, w.within = v/100, true
	return w, nil
}

// budgetOf reads --budget, which what else bounds a search excludes.
func budgetOf(c config.Config) (w wanted, err error) {
	switch {
	case c.Target != "":
		return w, mistake.Errorf("--target and --budget exclude each other: the one bounds the score, the other the cost; leave one out")
	case c.Int16Share != "":
		return w, mistake.Errorf("--int16-share and --budget exclude each other: the one bounds the activations at int16, the other the cost; leave one out")
	case c.Strategy != "auto":
		return w, mistake.Errorf("--strategy %s: --budget has a way of its own; leave --strategy out", c.Strategy)
	case c.Start != "":
		return w, mistake.Errorf("--start: --budget has a start of its own; leave --start out")
	}
	w.times, err = c.Times()
	w.within = true
	return w, err
}

// check refuses a target that the metric, whose scale is given, cannot mean.
func (w *wanted) check(c config.Config, scale search.Scale) error {
	if w.within {
		return nil
	}
	if err := w.target.Check(scale); err != nil {
		return err
	}
	claim := w.target.Claim(search.Resolved{}, c.Sureness())
	if c.Confidence != "" && claim.Reference != search.NoReference && claim.Budget <= 0 {
		return mistake.Errorf("--confidence %s: target %s is a budget of no loss, which no mix can be promised to stay below; give some, such as 16bit-0.005", c.Confidence, c.Target)
	}
	return nil
}

// resolve turns what is wanted into the comparison that a search makes, by the scores of the two ends.
func (w *wanted) resolve(scale search.Scale, ends search.Endpoints) (err error) {
	if w.within {
		w.above = math.Inf(-1)
		w.goal = search.Resolved{Above: w.above}
		return nil
	}
	if w.part == nil {
		w.goal, err = w.target.Resolve(scale, ends)
	} else {
		w.goal, err = w.target.ResolvePart(scale, ends, w.part)
	}
	w.above = w.goal.Above
	return err
}

// unmet is the text of a target that all high of the network as given meets, and a score does not; else empty.
func unmet(text string, w wanted, scale search.Scale, given search.Endpoints, high search.Score) (string, error) {
	if err := w.resolve(scale, given); err != nil || !w.holds(given.High) || w.holds(high) {
		return "", err
	}
	return text, nil
}

// holds tells whether a score is above the target.
func (w *wanted) holds(v search.Score) bool {
	return w.within || v.Float() > w.above
}

// resolveGoal turns what is wanted into the comparison that the search makes, and asks whether it is what was meant.
func (s *searchRun) resolveGoal(ends search.Endpoints) error {
	if err := s.resolve(s.Scale(), ends); err != nil || s.within {
		return err
	}
	s.Result.Target.Value = s.goal.Value
	s.doubts.QuestionTarget(s.target, s.goal, ends.High)
	return nil
}

// seek runs the strategy, or looks for the best mix within a share or a budget.
func (s *searchRun) seek(ctx context.Context, o search.Options) (search.Result, error) {
	if s.times > 0 {
		return search.WithinCost(ctx, s.evaluator(), o, s.room)
	}
	if s.within {
		return search.WithinShare(ctx, s.evaluator(), o, s.share)
	}
	return search.Run(ctx, s.Config.Strategy, s.evaluator(), o)
}

// constrainSearch makes the units of the search and finds what they save. A contradiction ends it here, before the
// first trial.
func (s *searchRun) constrainSearch(ctx context.Context) error {
	var err error
	if s.Layout, err = s.rules.Arrange(s.Network, s.Order); err != nil {
		return err
	}
	for _, in := range []struct{ role, path string }{{"profile", s.Config.Profile}, {"cost", s.Config.CostFile()}, {"start", s.Config.Start}, {"anchors", s.Config.AnchorsFile()}} {
		if err := s.BookFile(in.role, in.path); err != nil {
			return err
		}
	}
	for _, path := range commandfiles.Of(s.Config.MetricLine()) {
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
	if text := constraint.Describe(s.Network, s.Layout); text != "" && !s.Config.Second() {
		s.Config.Say(text)
	}
	s.sayStep()
	switch {
	case s.Metric.IsWhole():
		s.Config.Say("metric " + s.Metric.Name + " is of the whole set: every score is a whole evaluation, which no bound ends early")
	case s.Metric.EndsLate():
		s.Config.Say("metric " + s.Metric.Name + " can rise as long as objects are left: a bound ends most evaluations late, or not at all")
	}
	if s.costs, err = cost.Read(ctx, s.Runner.Task, cost.By{Name: s.Config.Cost, Widths: s.Config.LadderWidths(), Multipliers: s.rules.Multipliers()}); err != nil {
		return err
	}
	if s.places, err = constraint.Places(s.Network); err != nil {
		return err
	}
	if s.Result.Multipliers = s.rules.Multipliers().String(); s.Result.Multipliers != "" && !s.Config.Second() {
		s.Config.Say("bit operations are counted by the profile's multipliers, " + s.Result.Multipliers)
	}
	if s.Result.FloatWork = s.costs.Float; s.Result.FloatWork.Some() {
		s.Config.Say(s.Result.FloatWork.Text())
	}
	return s.openBudget()
}

// ended says what ended a search before its strategy was done, if anything did.
func (s *ledger) ended(stop search.Stop) (w result.Warning, early bool) {
	switch stop {
	case search.StopTrials:
		return result.Warning{ID: "budget-trials", Text: fmt.Sprintf("the limit of evaluations (--evaluations %d) ended the search: this is the best result so far", s.Config.Trials), Cure: "a larger --evaluations goes further"}, true
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
func (s *searchRun) strategyOptions(goal search.Resolved) search.Options {
	o := s.Runner.StrategyOptions(goal)
	if s.Config.Cost != config.CostCount {
		o.Cost = search.UnitCost(s.costs.Chosen.Saves, o.Units)
	}
	if !s.costs.Chosen.AddsUp() {
		least := s.costs.Of(s.lowest())
		o.Over = func(m search.Mask) float64 { return s.costs.Of(m) - least }
	}
	o.Price, o.Places = s.costs.Beside(s.costs.Chosen), s.places
	o.Progress, o.Start, o.Step = s.progress, s.start, s.Config.Stages.Step
	o.Proof, _ = s.Config.ProofLimit()
	return o
}
