package run

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"example.org/demote/backend"
	"example.org/demote/internal/constraint"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/stage"
	"example.org/demote/mistake"
	"example.org/demote/result"
	"example.org/demote/search"
)

// A searching is the command search under way: a compiled task, what is looked for in it, the run folder that is written,
// and what has been found.
type searching struct {
	*compiled

	// how the machine of a reopened run differs from this one, so that scores may; empty: it does not
	elsewhere string
	unscored  string   // why a reopened run cannot be scored, only compared; empty: it can
	written   []string // keys of files that the metric command names and writes to

	// what is looked for
	target search.Target
	goal   search.Resolved
	above  float64          // the target as the search compares it
	share  float64          // --int16-share
	rules  constraint.Rules // --pin, --group, --profile
	start  search.Mask      // the mix of --start; empty without one
	costs  costs            // --cost, and what the result lists

	// the run folder
	folder   *journal.Folder
	journal  *journal.Journal
	begun    bool // the strategy runs: the folder is worth keeping
	recalled bool // the journal was read
	derived  journal.Derived
	before   journal.Spent // by earlier sessions of the run
	spent    journal.Spent // so far, with those
	counted  time.Time     // since when the session has cost what the journal has not; zero: from its start

	trials  trialBook
	doubts  *questions  // what is asked before the first trial; nil: nothing is
	holdout *holdoutSet // the hold-out; nil without one

	// scores a mix in a default session; nil: scoreWritten
	inDefault func(context.Context, search.Mask) (search.Score, error)
}

// Search is the command search: from a float network and data to a run folder with the best mix of
// low and high holders that meets the target. The result is returned as far as it is known together
// with an error; ExitCode says what the program ends with.
func Search(ctx context.Context, c Config) (*Result, error) {
	r, err := searchOnce(ctx, c)
	if t := (*touching)(nil); errors.As(err, &t) { // found before anything was searched
		c.Alone = t.Error()
		return searchOnce(ctx, c)
	}
	return r, err
}

func searchOnce(ctx context.Context, c Config) (*Result, error) {
	s := &searching{compiled: &compiled{config: c.withDefaults(), started: time.Now()}}
	book := &stage.Book{Word: s.started}
	if say := s.config.Say; say != nil {
		s.config.Say = func(line string) { say(line); book.Spoke() }
	}
	s.config.Stages = book
	defer s.Close()
	if err := s.check(); err != nil {
		return nil, err
	}
	var err error
	if s.config.Calib != "" && !s.config.DryRun {
		s.config.Say("reading the network, and calibrating on " + s.config.Calib)
	}
	if err = s.prepare(ctx); err != nil {
		return nil, err
	}
	backend.Trim()
	s.sayStates(s.config.Say)
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	if err := s.checkExports(); err != nil {
		return nil, err
	}
	if err := s.fitDevice(ctx); err != nil {
		return nil, err
	}
	if s.holdout, err = openHoldout(s.compiled, s.target); err != nil {
		return nil, err
	}
	if s.start, err = s.startMask(); err != nil {
		return nil, err
	}
	if s.config.DryRun {
		return s.result, s.dryRun(ctx)
	}
	if err := s.openFolder(); err != nil {
		return nil, err
	}
	if err := s.questioning(); err != nil {
		return nil, err
	}
	s.config.Say(fmt.Sprintf("%d holders, %d samples; compiling, and scoring the endpoints", len(s.records), s.data.Len()))
	if err := s.shrinking(ctx, s.open); err != nil {
		return s.result, s.leave(err)
	}
	if err := s.goOn(); err != nil {
		return nil, err
	}
	err = s.shrinking(ctx, s.searchOn)
	if !s.begun {
		err = s.leave(err)
	}
	return s.result, err
}

// leave is the error of a search that has not begun. One that was interrupted leaves what is known, in a folder
// without a run of before: the inputs, every holder's grids and range, and the scores there are.
func (s *searching) leave(err error) error {
	if !errors.Is(err, context.Canceled) || s.journal == nil || !s.folder.New {
		return err
	}
	s.begun = true // the folder is worth keeping
	s.result.SetUp, s.result.Stop = s.config.Stages.List(), "interrupted"
	s.result.Seconds = time.Since(s.started).Seconds()
	if s.floatScore != nil {
		s.result.Score.Float = scoreResult(*s.floatScore, s.metric.Lower)
	}
	if s.highScore.Total > 0 || s.highScore.Value != 0 {
		s.result.Score.High = scoreResult(s.highScore, s.metric.Lower)
	}
	return errors.Join(err, s.write())
}

// check refuses what can be refused before anything is read.
func (s *searching) check() error {
	c := s.config
	if err := c.missing(); err != nil {
		return err
	}
	if err := s.checkGoal(); err != nil {
		return err
	}
	if c.Out == "" && !c.DryRun {
		return mistake.Errorf("--out is missing: give a new folder for what is found, --out DIR")
	}
	var err error
	if s.rules, err = constraint.Parse(c.Pins, c.Groups, c.Profile); err != nil {
		return err
	}
	if !slices.Contains(Strategies(), c.Strategy) {
		return mistake.Errorf("unknown strategy %q: choose one of %s", c.Strategy, strings.Join(Strategies(), ", "))
	}
	if err := c.checkChoices(); err != nil {
		return err
	}
	if err := c.checkPromise(); err != nil {
		return err
	}
	if s.metric, s.command, err = c.namedMetric(); err != nil {
		return err
	}
	if s.metric != nil {
		if err := s.checkTarget(); err != nil {
			return err
		}
	}
	return s.chooseDevice()
}

// scale tells the search how the metric's numbers are read.
func (s *compiled) scale() search.Scale {
	return search.Scale{Name: s.metric.Name, Fraction: s.metric.Fraction, Lower: s.metric.Lower}
}

// begin makes the result that everything found is written into. It refuses a target or data that the
// metric cannot do with.
func (s *searching) begin(ctx context.Context) error {
	c := s.config
	var err error
	if s.metric, s.command, err = s.pickMetric(c); err != nil {
		return err
	}
	if err := s.checkTarget(); err != nil {
		return err
	}
	s.result = &Result{
		SchemaVersion: result.Schema, Command: c.Command, Config: c,
		Versions: map[string]string{"demote": c.Version, "onnxruntime": backend.RuntimeVersion(), "go": runtime.Version(), "instructions": backend.Instructions()},
		Inputs:   s.files, Samples: s.data.Len(), Steps: s.steps(), Strategy: c.Strategy, Formula: c.Formula,
		Target: result.Target{Text: c.Target}, Int16Share: c.Int16Share, Unrolled: nodesUnrolled(s.network), Promotion: []string{}, Chain: []result.Step{}, Warnings: append([]result.Warning{}, s.notes...),
	}
	for i, h := range s.network.Holders {
		r := s.records[i]
		out := result.Holder{Name: h.Name, Index: i, Precision: precision(r.High), Low: gridResult(r.Low), High: gridResult(r.High)}
		if s.seen != nil {
			out.Seen = &result.Range{Min: float64(s.seen[i].Min), Max: float64(s.seen[i].Max)}
		}
		s.result.Holders = append(s.result.Holders, out)
	}
	s.result.Metric, s.result.Lower = s.metric.Name, s.metric.Lower
	for _, w := range s.strayIgnore(c) {
		s.warned(w)
	}
	if s.device.Text != "" {
		s.result.Versions["device"] = s.device.Name + " " + s.device.Text
	}
	return s.constrainSearch(ctx)
}

// Close gives everything back. A run folder in which nothing was begun is removed.
func (s *searching) Close() {
	s.compiled.Close()
	_ = s.derived.Flush() // what the journal has as well
	if err := s.journal.Close(); err != nil {
		s.config.Log.Warn("the journal was not closed in good order", "error", err)
	}
	switch {
	case s.folder == nil:
	case s.begun:
		s.folder.Close()
	default:
		s.folder.Abandon()
	}
	s.holdout.Close()
}

// search runs the strategy and turns what it found into the files of the run folder.
func (s *searching) search(ctx context.Context) error {
	ends := search.Endpoints{Float: s.floatScore, High: s.highScore}
	own, err := s.scoreLow(ctx)
	if err != nil {
		return err
	}
	if own != nil {
		ends.Low = *own
	} else if ends.Low, err = s.ev.Score(ctx, lowMask(s.network.Holders)); err != nil {
		return err
	}
	s.result.Score.High, s.result.Score.Low = scoreResult(ends.High, s.metric.Lower), scoreResult(ends.Low, s.metric.Lower)
	if s.floatScore != nil {
		s.result.Score.Float = scoreResult(*s.floatScore, s.metric.Lower)
	}
	goal, err := s.resolveGoal(ends)
	if err != nil {
		return err
	}
	o := s.strategyOptions(goal)
	o.FillTrue, o.Best, o.Low = true, s.keep, own
	if s.config.Force && s.journal == nil {
		if err := s.overwrite(); err != nil {
			return err
		}
	}
	s.begun = true
	found, err := s.seek(ctx, o)
	s.book(found)
	s.sensitivity(found)
	s.result.TrialCosts = s.trials.costs()
	if err != nil && (found.Mask.Len() == 0 || !errors.Is(err, context.Canceled)) {
		return err
	}
	if werr := s.finish(ctx, found, err == nil); werr != nil {
		return werr
	}
	if err != nil {
		return err
	}
	if !found.Holds {
		return s.unreachable(found)
	}
	return nil
}
