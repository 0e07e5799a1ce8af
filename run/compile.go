package run

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"example.org/demote/backend"
	"example.org/demote/backend/metric"
	"example.org/demote/engine"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/sandbox"
	"example.org/demote/internal/segments"
	"example.org/demote/internal/stage"
	"example.org/demote/search"
)

// A compiled is a task whose network runs: on the samples, by a metric, on a device, with every precision a switch.
type compiled struct {
	*prepared
	config  Config
	metric  *metric.Metric
	command *metric.Command // that the metric is; nil: it is none
	result  *Result         // that warnings and times are kept in; nil: nobody keeps them
	watch   watcher         // is shown what comes out before the first trial; nil: nobody is

	device  backend.DeviceInfo // what trials run on; without a name: the CPU
	asked   int                // the block size before it was made to fit a GPU's memory; 0: it was not
	options backend.Options
	ev      *backend.Evaluator
	plan    backend.Plan // the cuts

	started time.Time
	startUp time.Duration // from the start to the first trial
	loading time.Duration // of the float network
	pass    time.Duration // of the float network over the samples

	floatScore *search.Score // nil for a pair
	highScore  search.Score
}

// A watcher is shown what the two endpoints make of every sample, and asks what it makes of them itself.
type watcher interface {
	// SeeFloat returns what is shown the outputs of the float network, sample by sample.
	SeeFloat(e *backend.Evaluator) func(sample int, values []float32)
	// SeeHigh returns what is shown the outputs with everything on the high grids.
	SeeHigh(e *backend.Evaluator) func(sample int, values []float32)
	// AskFloat is called once the float network has a score; src is its network, nil where samples have several
	// shapes.
	AskFloat(ctx context.Context, src *segments.Source) error
	// AskEnds is the last before the first trial.
	AskEnds(ctx context.Context) error
}

// unwatched is shown all and asks nothing.
type unwatched struct{}

func (unwatched) SeeFloat(*backend.Evaluator) func(int, []float32)      { return func(int, []float32) {} }
func (unwatched) SeeHigh(*backend.Evaluator) func(int, []float32)       { return func(int, []float32) {} }
func (unwatched) AskFloat(context.Context, *segments.Source) error { return nil }
func (unwatched) AskEnds(context.Context) error                    { return nil }

// prepare prepares the task of the configuration.
func (s *compiled) prepare(ctx context.Context) (err error) {
	s.prepared, err = prepareAny(ctx, s.config)
	return err
}

// Close gives everything back. It may be called more than once.
func (s *compiled) Close() {
	if s.ev != nil {
		s.ev.Close()
		s.ev = nil
	}
	s.prepared.Close()
}

// watcher is who watches.
func (s *compiled) watcher() watcher {
	if s.watch == nil {
		return unwatched{}
	}
	return s.watch
}

// compile scores the float network and compiles the switchable one.
func (s *compiled) compile(ctx context.Context) error {
	c := s.config
	s.options = backend.Options{Metric: s.metric, Output: s.output, Axis: s.Axis, Truth: metric.Truth{Labels: s.data.Labels()}, Block: s.block,
		Workers: c.Workers, Threads: c.Threads, Naive: c.Scan == "naive", Stream: s.streams != nil, Cache: s.cache(), Level: blocks.Optimization}
	engine.GiveLabels(&s.options, s.data)
	if s.floatModel == nil {
		if err := c.during(stage.Float, 0, func() error { return s.highReference(ctx) }); err != nil {
			return err
		}
	} else if err := s.scoreFloat(ctx); err != nil {
		return err
	}
	return c.during(stage.Load, 3*s.loading, func() error {
		return s.openTrials(ctx, func(q *prepared, src *segments.Source) error {
			err := q.checkLabels(s.metric, src)
			if err == nil && (q.own == nil || q.own.Set == s.largest().data) {
				err = sandbox.Source(ctx, src, len(s.records), s.config.Say)
			}
			return err
		})
	})
}

// openTrials opens the evaluator that trials run on. check sees the network of each shape before it is compiled.
func (s *compiled) openTrials(ctx context.Context, check func(*prepared, *segments.Source) error) error {
	o, err := s.trialOptions()
	if err != nil {
		return s.WithCure(err)
	}
	if s.config.EveryCut {
		src, _, err := s.sourceFor(ctx, true, s.can().MayRound)
		if err != nil {
			return err
		}
		o.Cuts = everyCut(src)
	}
	var failed error // of who is told what may be done about an output that is not scored
	s.ev, err = s.evaluator(ctx, s.records, o, func(q *prepared) (backend.Source, backend.Samples, error) {
		src, samples, err := q.sourceFor(ctx, true, s.can().MayRound)
		if err == nil {
			err = check(q, src)
		}
		failed = err
		return src, samples, err
	})
	if failed != nil {
		return failed
	}
	return s.WithCure(err)
}

// everyCut are all cuts of a source.
func everyCut(src backend.Source) (cuts []int) {
	for cut := range src.Cuts() {
		cuts = append(cuts, cut)
	}
	return cuts
}

// setUpPasses and setUpFixed are when the choice of cuts is to be at its end, from the start: so many passes of the
// float network over the samples, and so long besides. The proof behind it takes about one and a half
// more: eight, and a second, are what set-up takes at most.
const setUpPasses, setUpFixed = 5.5, time.Second

// trialOptions are the options of the evaluator that trials run on; all others run on the CPU.
func (s *compiled) trialOptions() (backend.Options, error) {
	o := s.options
	o.Patient = s.config.Patient
	if s.pass > 0 {
		o.By = s.started.Add(setUpFixed + time.Duration(setUpPasses*float64(s.pass)))
	}
	o.Working = s.working()
	o.Device = s.device.Name
	if !s.can().MayRound {
		return o, nil
	}
	var err error
	o.Proof, err = segments.Proof()
	return o, err
}

// working is what the samples and the activations of a block on each worker take, in bytes.
func (s *compiled) working() int64 {
	bytes, workers := int64(blocks.ResidentAll(s.data, len(s.inputs))), int64(max(s.config.Workers, runtime.GOMAXPROCS(0)))
	if s.shapes == nil {
		return bytes
	}
	return bytes + workers*s.activationBytes(s.shapes)
}

// open compiles the network, proves that its scores are functions of mask and sample, and lays the
// data out.
func (s *compiled) open(ctx context.Context) error {
	c := s.config
	if err := s.compile(ctx); err != nil {
		return err
	}
	err := c.during(stage.Cuts, backend.PlanTime(s.pass), func() (err error) {
		s.plan, err = s.ev.Plan()
		return err
	})
	if err != nil {
		return err
	}
	var dep *backend.Dependence
	err = c.during(stage.Proof, s.proofTime(), func() (err error) {
		dep, err = s.ev.SelfTest()
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
	s.startUp = time.Since(s.started)
	if s.result != nil { // a measurement has none
		s.result.SetUpSeconds, s.result.SetUp = stage.Rounded(s.startUp.Seconds()), c.Stages.List()
	}
	work := c.begin(stage.High, "samples", s.data.Len(), 0)
	see := s.watcher().SeeHigh(s.ev)
	high, nan, err := s.ev.Arrange(ctx, func(sample int, row []float32) { see(sample, row); work.One() })
	work.End()
	if err != nil {
		return err
	}
	if nan >= 0 && !c.AllowNaN {
		return s.refuseNaN(s.ev, "16-bit", nan)
	}
	s.highScore = high
	if err := s.watcher().AskEnds(ctx); err != nil {
		return err
	}
	s.sayGraphs()
	s.config.Log.Info("network compiled", "holders", len(s.records), "samples", s.data.Len(), "block", s.block)
	return nil
}

// proofBlocks is about how many blocks the self-test runs.
const proofBlocks = 18

// proofTime is about what the self-test takes.
func (s *compiled) proofTime() time.Duration {
	return time.Duration(proofBlocks * s.plan.Whole / float64(max(1, s.ev.Workers())) * float64(time.Second))
}

// fallBack goes on with a network whose outputs depend on more than mask and sample: with each sample alone where the
// network can be run so. As long as a repeated run gives the same bits, whole scores on a fixed layout are still a
// function of the mask.
func (s *compiled) fallBack(ctx context.Context, dep *backend.Dependence) error {
	if dep.Repeated {
		return fmt.Errorf("the self-test failed, no score could be relied on: %w", dep)
	}
	if s.canRunAlone() {
		return &touching{dep}
	}
	s.warn("samples-depend", dep.Error()+": every trial is run in full, in the order of the data, by one worker", "export it with a free batch axis, or with a batch of 1")
	s.ev.Close()
	s.options.Naive, s.options.KeepOrder, s.options.Workers = true, true, 1
	return s.openTrials(ctx, func(*prepared, *segments.Source) error { return nil })
}
