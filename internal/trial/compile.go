package trial

import (
	"context"
	"fmt"
	"time"

	"example.org/demote/backend"
	"example.org/demote/backend/metric"
	"example.org/demote/engine"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/sandbox"
	"example.org/demote/internal/segments"
	"example.org/demote/internal/stage"
	"example.org/demote/internal/task"
)

// Prepare prepares the task of the configuration.
func (s *Runner) Prepare(ctx context.Context) (err error) {
	// a step of a ladder has said its widths, also where all its activations are held
	if s.Task, err = task.Prepare(ctx, s.Config); err == nil && s.Config.Rung == nil {
		s.Config.Words.Set(s.Task.Widths())
	}
	return err
}

// Close gives everything back. It may be called more than once.
func (s *Runner) Close() {
	if s.Ev != nil {
		s.Ev.Close()
		s.Ev = nil
	}
	s.Command.Close()
	s.Task.Close()
}

// Compile scores the float network and compiles the switchable one.
func (s *Runner) Compile(ctx context.Context) error {
	c := s.Config
	s.Options = backend.Options{Metric: s.Metric, Output: s.Output, Beside: s.Beside, Axis: s.Axis, Truth: metric.Truth{Labels: s.Data.Labels()}, Block: s.Block,
		Workers: c.Workers, Threads: c.Threads, Naive: c.Scan == "naive", Stream: s.Streams != nil, Cache: s.Cache(), Level: blocks.Optimization}
	engine.GiveLabels(&s.Options, s.Data)
	s.Options.Set = s.Set
	if s.FloatModel == nil {
		if err := c.During(stage.Float, 0, func() error { return s.highReference(ctx) }); err != nil {
			return err
		}
	} else if err := s.scoreFloat(ctx); err != nil {
		return err
	}
	check := func(q *task.Task, src *segments.Source) error {
		err := q.CheckLabels(s.Metric, src)
		if err == nil && (q.Own == nil || q.Own.Set == s.Largest().Data) {
			err = sandbox.Source(ctx, src, len(s.Records), s.Config.Say)
		}
		return err
	}
	if err := s.chooseRanges(ctx, check); err != nil {
		return err
	}
	if err := s.chooseRepairs(ctx, check); err != nil {
		return err
	}
	return c.During(stage.Load, 3*s.loading, func() error { return s.openTrials(ctx, check) })
}

// openTrials opens the evaluator that trials run on, see openSwitchable.
func (s *Runner) openTrials(ctx context.Context, check func(*task.Task, *segments.Source) error) error {
	o, err := s.TrialOptions()
	if err != nil {
		return s.WithCure(err)
	}
	if s.Config.EveryCut {
		src, _, err := s.SourceFor(ctx, true, s.Can())
		if err != nil {
			return err
		}
		o.Cuts = everyCut(src)
	}
	s.Ev, err = s.openSwitchable(ctx, o, check)
	return err
}

// openSwitchable opens an evaluator of the switchable network with the task's present records. check sees the network
// of each shape before it is compiled; nil: nobody does.
func (s *Runner) openSwitchable(ctx context.Context, o backend.Options, check func(*task.Task, *segments.Source) error) (*backend.Evaluator, error) {
	var failed error // of who is told what may be done about an output that is not scored
	e, err := s.Evaluator(ctx, s.Records, o, func(q *task.Task) (backend.Source, backend.Samples, error) {
		src, samples, err := q.SourceFor(ctx, true, s.Can())
		if err == nil && check != nil {
			err = check(q, src)
		}
		failed = err
		return src, samples, err
	})
	if failed != nil {
		return nil, failed
	}
	return e, s.WithCure(err)
}

// Open compiles the network, proves that its scores are functions of mask and sample, and lays the
// data out.
func (s *Runner) Open(ctx context.Context) error {
	c := s.Config
	if err := s.Compile(ctx); err != nil {
		return err
	}
	err := c.During(stage.Cuts, backend.PlanTime(s.pass), func() (err error) {
		s.Plan, err = s.Ev.Plan()
		return err
	})
	if err != nil {
		return err
	}
	var dep *backend.Dependence
	err = c.During(stage.Proof, s.proofTime(), func() (err error) {
		dep, err = s.Ev.SelfTest()
		return err
	})
	if err != nil {
		return err
	}
	if dep != nil {
		if err := s.fallBack(ctx, dep); err != nil {
			return err
		}
	}
	s.StartUp = time.Since(s.Started)
	if s.Result != nil { // a measurement has none
		s.Result.SetUpSeconds, s.Result.SetUp = stage.Rounded(s.StartUp.Seconds()), c.Stages.List()
	}
	work := c.Begin(stage.High, "samples", s.Data.Len(), 0)
	see := s.watcher().SeeHigh(s.Ev)
	mark := see.Mark
	see.Mark = func(sample int, m backend.Mark) { mark(sample, m); work.One() }
	high, nan, err := s.Ev.Arrange(ctx, see)
	work.End()
	if err != nil {
		return err
	}
	if nan >= 0 && !c.AllowNaN {
		return s.RefuseNaN(s.Ev, "16-bit", nan)
	}
	s.HighScore = high
	if err := s.watcher().AskEnds(ctx); err != nil {
		return err
	}
	s.sayGraphs()
	s.Config.Log.Info("network compiled", "holders", len(s.Records), "samples", s.Data.Len(), "block", s.Block)
	return nil
}

// proofBlocks is about how many blocks the self-test runs.
const proofBlocks = 18

// proofTime is about what the self-test takes.
func (s *Runner) proofTime() time.Duration {
	return time.Duration(proofBlocks * s.Plan.Whole / float64(max(1, s.Ev.Workers())) * float64(time.Second))
}

// fallBack goes on with a network whose outputs depend on more than mask and sample: with each sample alone where the
// network can be run so. As long as a repeated run gives the same bits, whole scores on a fixed layout are still a
// function of the mask.
func (s *Runner) fallBack(ctx context.Context, dep *backend.Dependence) error {
	if dep.Repeated {
		return fmt.Errorf("the self-test failed, no score could be relied on: %w", dep)
	}
	if s.CanRunAlone() {
		return &Touching{dep}
	}
	s.Warn("samples-depend", dep.Error()+": every trial is run in full, in the order of the data, by one worker", "export it with a free batch axis, or with a batch of 1")
	s.Ev.Close()
	s.Options.Naive, s.Options.KeepOrder, s.Options.Workers = true, true, 1
	s.Config.Members, s.Among = 0, nil
	s.Config.Links = s.Config.Links[:min(1, len(s.Config.Links))]
	return s.openTrials(ctx, nil)
}

// A Touching is a network whose samples touch each other in blocks by so little that only the self-test has found it:
// the command begins again with each sample alone.
type Touching struct{ *backend.Dependence }
