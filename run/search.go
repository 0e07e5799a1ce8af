package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"example.org/demote/backend"
	"example.org/demote/config"
	"example.org/demote/internal/constraint"
	"example.org/demote/internal/holdout"
	"example.org/demote/internal/question"
	"example.org/demote/internal/record"
	"example.org/demote/internal/stage"
	"example.org/demote/internal/task"
	"example.org/demote/internal/trial"
	"example.org/demote/internal/written"
	"example.org/demote/search"
)

// A searchRun is the command search under way. It is made of what its phases leave behind: a task, a runner of its
// trials, the run folder, and the ledger of what is found.
type searchRun struct {
	*ledger
	wanted

	rules   constraint.Rules    // --pin, --group, --profile
	places  []int               // of the holders in the network, where weights are among them
	doubts  *question.Questions // what is asked before the first trial; nil: nothing is
	holdout *holdout.Set        // the hold-out; nil without one
	begun   bool                // the strategy runs: the folder is worth keeping
	// of a list of targets: an earlier session has finished it
	finished bool
	low      *search.Score // of the 8-bit file's own network, once it is known; nil: there is none

	// how the machine of a reopened run differs from this one, so that scores may; empty: it does not
	elsewhere string
	unscored  string // why a reopened run cannot be scored, only compared; empty: it can
	// scores a mix in a default session; nil: written.Checker.ScoreWritten
	inDefault func(context.Context, search.Mask) (search.Score, error)
	sessions  map[string]bool // the masks, by key, that the result lists with that score
	// the mix that the last swaps began with, run once more for the check; nil: none was
	rerun *written.Rerun
}

// newSearch is a search of which nothing is done yet.
func newSearch(r *trial.Runner) *searchRun {
	return &searchRun{ledger: &ledger{runFolder: &runFolder{Runner: r, distances: map[string]float64{}}}}
}

// Search is the command search for one target: from a float network and data to a run folder with the best mix of
// low and high holders that meets the target. The result is returned as far as it is known together
// with an error; ExitCode says what the program ends with.
func Search(ctx context.Context, c config.Config) (*config.Result, error) {
	if c.IsLadder() {
		return searchLadder(ctx, c)
	}
	return aloneIfTouching(ctx, c, searchOnce)
}

// aloneIfTouching runs a search, and once more with each sample alone where samples were found to touch each other:
// that is before anything was searched.
func aloneIfTouching[R any](ctx context.Context, c config.Config, search func(context.Context, config.Config) (R, error)) (R, error) {
	r, err := search(ctx, c)
	if t := (*trial.Touching)(nil); errors.As(err, &t) {
		c.Alone = t.Error()
		return search(ctx, c)
	}
	return r, err
}

// startSearch is a search that begins now, whose stages are booked.
func startSearch(c config.Config) *searchRun {
	s := newSearch(&trial.Runner{Config: c.Filled(), Started: time.Now()})
	book := &stage.Book{Word: s.Started}
	if say := s.Config.Say; say != nil {
		s.Config.Say = func(line string) { say(line); book.Spoke() }
	}
	s.Config.Stages = book
	return s
}

func searchOnce(ctx context.Context, c config.Config) (_ *config.Result, err error) {
	return startSearch(c).once(ctx)
}

func (s *searchRun) once(ctx context.Context) (_ *config.Result, err error) {
	defer func() { err = s.Config.Words.Error(err) }()
	defer s.Close()
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	if s.Config.DryRun {
		return s.Result, s.dryRun(ctx)
	}
	if err := s.openFolder(); err != nil {
		return nil, err
	}
	if err := s.recallRanges(); err != nil {
		return nil, err
	}
	if err := s.open(ctx); err != nil {
		return s.Result, s.leave(err)
	}
	if err := s.goOn(); err != nil {
		return nil, err
	}
	err = s.Shrinking(ctx, s.searchOn)
	if !s.begun {
		err = s.leave(err)
	}
	return s.Result, err
}

// ready checks what is asked for, and reads and prepares all that a search needs: up to here nothing is written.
func (s *searchRun) ready(ctx context.Context) error {
	if err := s.check(ctx); err != nil {
		return err
	}
	var err error
	if s.Config.Calib != "" && !s.Config.DryRun {
		s.Config.Say("reading the network, and calibrating on " + s.Config.Calib)
	}
	if err = s.Prepare(ctx); err != nil {
		return err
	}
	backend.Trim()
	s.SayStates(s.Config.Say)
	if err := s.begin(ctx); err != nil {
		return err
	}
	if err := s.checkExports(); err != nil {
		return err
	}
	if err := s.foreseeSecond(); err != nil {
		return err
	}
	if err := s.FitDevice(ctx); err != nil {
		return err
	}
	if s.holdout, err = holdout.Open(s.Runner, s.target); err != nil {
		return err
	}
	s.start, err = s.startMask()
	return err
}

// open compiles the network and scores its ends, and asks the first questions before.
func (s *searchRun) open(ctx context.Context) error {
	if err := s.questioning(); err != nil {
		return err
	}
	s.Config.Say(fmt.Sprintf("%d holders, %d samples; compiling, and scoring the endpoints", len(s.Records), s.Data.Len()))
	return s.Shrinking(ctx, s.Open)
}

// leave is the error of a search that has not begun. One that was interrupted leaves what is known, in a folder
// without an earlier run: the inputs, every holder's grids and range, and the scores there are.
func (s *searchRun) leave(err error) error {
	if !errors.Is(err, context.Canceled) || s.journal == nil || !s.folder.New {
		return err
	}
	s.begun = true // the folder is worth keeping
	s.Result.SetUp, s.Result.Stop = s.Config.Stages.List(), "interrupted"
	s.Result.Seconds = time.Since(s.Started).Seconds()
	if s.FloatScore != nil {
		s.Result.Score.Float = record.Score(*s.FloatScore, s.Metric.Lower)
	}
	if s.HighScore.Total > 0 || s.HighScore.Value != 0 {
		s.Result.Score.High = record.Score(s.HighScore, s.Metric.Lower)
	}
	return errors.Join(err, s.write())
}

// Close gives everything back. A run folder in which nothing was begun is removed.
func (s *searchRun) Close() {
	s.Runner.Close()
	s.closeFolder()
	s.holdout.Close()
}

// closeFolder gives the run folder back.
func (s *searchRun) closeFolder() {
	_ = s.derived.Flush() // what the journal has as well
	if err := s.journal.Close(); err != nil {
		s.Config.Log.Warn("the journal was not closed in good order", "error", err)
	}
	switch {
	case s.folder == nil:
	case s.begun:
		s.folder.Close()
	default:
		s.folder.Abandon()
	}
}

// search runs the strategy and turns what it found into the files of the run folder.
func (s *searchRun) search(ctx context.Context) error {
	ends, own, err := s.ends(ctx)
	if err != nil {
		return err
	}
	s.Result.Score.High, s.Result.Score.Low = record.Score(ends.High, s.Metric.Lower), record.Score(ends.Low, s.Metric.Lower)
	if s.FloatScore != nil {
		s.Result.Score.Float = record.Score(*s.FloatScore, s.Metric.Lower)
	}
	if err := s.joins(ends.High); err != nil {
		return err
	}
	if err := s.resolveGoal(s.Endpoints(ends)); err != nil {
		return err
	}
	o := s.strategyOptions(s.goal)
	o.FillTrue, o.Best, o.Low = true, s.keep, own
	o.Settled = func(mask search.Mask) (err error) {
		s.rerun, err = s.checker().Rerun(ctx, mask)
		return err
	}
	if s.Config.Force && s.journal == nil {
		if err := s.overwrite(); err != nil {
			return err
		}
	}
	s.begun = true
	found, err := s.seek(ctx, o)
	s.Config.Stages.Step("")
	found.Score = s.exactScore(found.Mask, found.Score)
	s.sensitivity(found)
	if err == nil {
		var back func()
		back, err = s.tryLast(ctx, &found)
		defer back()
	}
	s.book(found)
	s.tellRefused()
	s.Result.TrialCosts = s.trials.costs()
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

// ends are the scores that targets are measured from; own is that of the 8-bit file's network, where it is another one.
func (s *searchRun) ends(ctx context.Context) (ends search.Endpoints, own *search.Score, err error) {
	ends = search.Endpoints{Float: s.FloatScore, High: s.HighScore}
	if s.low == nil {
		if s.low, err = s.ScoreLow(ctx); err != nil {
			return ends, nil, err
		}
	}
	if s.low != nil {
		ends.Low = *s.low
		return ends, s.low, nil
	}
	err = s.Config.During(stage.Low, 0, func() (err error) {
		ends.Low, err = s.Ev.Score(ctx, task.LowMask(s.Network.Holders))
		return err
	})
	return ends, nil, err
}

// searchOn is search, on an evaluator that is opened again if it had to be closed.
func (s *searchRun) searchOn(ctx context.Context) error {
	if s.Ev == nil {
		if err := s.Open(ctx); err != nil {
			return err
		}
		s.from = spentBy{}
		if err := s.goOn(); err != nil {
			return err
		}
	}
	return s.search(ctx)
}

// questioning begins the questions of a search.
func (s *searchRun) questioning() error {
	s.doubts = &question.Questions{Runner: s.Runner}
	s.Watch = s.doubts
	return s.doubts.QuestionFirst()
}
