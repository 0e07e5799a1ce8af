package trial

import (
	"context"
	"time"

	"example.org/demote/backend"
	"example.org/demote/backend/metric"
	"example.org/demote/internal/segments"
	"example.org/demote/internal/stage"
	"example.org/demote/internal/task"
	"example.org/demote/onnx"
	"example.org/demote/search"
)

// scoreFloat runs the float network over the samples: its own score where the metric has one of
// it, and the reference that other metrics compare with. It refuses a network that gives NaN.
func (s *Runner) scoreFloat(ctx context.Context) error {
	var sources []*segments.Source
	o := s.Options
	o.Naive, o.Stream = true, true
	if s.Metric.NeedsReference {
		o.Metric = metric.OutputsOnly
	}
	s.OnCPUs(&o)
	open := func() (*backend.Evaluator, error) {
		sources = nil
		return s.Evaluator(ctx, nil, o, func(q *task.Task) (backend.Source, backend.Samples, error) {
			src, err := segments.Plain(ctx, s.FloatModel, q.Inputs, q.Block, s.Outputs()...)
			if err = q.OfShape(err); err == nil {
				err = q.CheckLabels(s.Metric, src)
			}
			sources = append(sources, src)
			return src, q.Data, err
		})
	}
	begun := time.Now()
	e, err := open()
	if err != nil {
		return s.WithCure(err)
	}
	closed := false
	defer func() {
		if !closed {
			e.Close()
		}
	}()
	s.loading = time.Since(begun)
	at := e.Places()
	var reference []float32
	if s.Metric.NeedsReference {
		reference = make([]float32, at[s.Data.Len()])
	}
	bad := make([]bool, s.Data.Len())
	see := s.watcher().SeeFloat(e)
	work := s.Config.Begin(stage.Float, "samples", s.Data.Len(), 0)
	look := see
	look.Mark = func(sample int, m backend.Mark) {
		see.Mark(sample, m)
		work.One()
		bad[sample] = m.NaN
	}
	if reference != nil {
		look.Rows = nil
		look.Row = func(sample int, values []float32) {
			copy(reference[at[sample]:], values)
			see.Show(sample, values)
		}
	}
	score, err := e.Look(ctx, search.NewMask(0), look)
	s.pass = work.End()
	if err != nil {
		return err
	}
	for i, b := range bad {
		if b && !s.Config.AllowNaN {
			return s.RefuseNaN(e, "float", i)
		}
	}
	judged := 0
	if s.Metric.NeedsReference {
		judged = e.Judged(s.Metric)
	}
	closed = true
	e.Close() // its session would lie beside that of the look for NaN
	if err := s.findHiddenNaN(ctx, sources, open); err != nil {
		return err
	}
	s.Options.Reference, s.Options.Places = reference, at
	switch {
	case !s.Metric.NeedsReference:
	case s.Groups != nil && !s.Metric.IsWhole():
		score, err = s.Metric.ScorePlaces(reference, reference, at)
	default:
		score, err = s.Metric.ScoreRows(reference, reference, judged)
	}
	if err != nil {
		return err
	}
	s.FloatScore = &score
	if s.Groups != nil { // other ways to prepare the samples are tried on those of one shape
		return s.watcher().AskFloat(ctx, nil)
	}
	return s.watcher().AskFloat(ctx, sources[0])
}

// ScoreLow scores the 8-bit file's own network, which is another one than the 16-bit file's with
// every holder demoted; nil where they are the same.
func (s *Runner) ScoreLow(ctx context.Context) (*search.Score, error) {
	if s.Low == nil {
		return nil, nil
	}
	o, records := s.Options, task.FixedRecords(s.LowGrids)
	o.Naive, o.Stream = true, true
	s.OnCPUs(&o)
	e, err := s.Evaluator(ctx, records, o, func(q *task.Task) (backend.Source, backend.Samples, error) {
		src, _, err := q.FixedSource(ctx, s.Low, s.LowGrids)
		return src, q.Data, err
	})
	if err != nil {
		return nil, err
	}
	defer e.Close()
	score, err := e.Score(ctx, search.NewMask(len(records)))
	return &score, err
}

// highReference is the 16-bit network's outputs, which a pair is compared with.
func (s *Runner) highReference(ctx context.Context) error {
	if !s.Metric.NeedsReference {
		return nil
	}
	o := s.Options
	o.Naive, o.Stream, o.Metric = true, true, metric.OutputsOnly
	s.OnCPUs(&o)
	e, err := s.Evaluator(ctx, s.Records, o, func(q *task.Task) (backend.Source, backend.Samples, error) {
		src, err := q.Source(ctx)
		return src, q.Data, err
	})
	if err != nil {
		return err
	}
	defer e.Close()
	s.Options.Places = e.Places()
	s.Options.Reference, err = e.AllOutputs(ctx, search.NewMask(len(s.Records)))
	return err
}

// OpenFile compiles a file that runs as it is, on the search's own data and metric.
func (s *Runner) OpenFile(ctx context.Context, m *onnx.Model, config map[string]string) (*backend.Evaluator, error) {
	o := s.Options
	o.Naive, o.Stream, o.Config = true, true, config
	s.OnCPUs(&o)
	return s.Evaluator(ctx, nil, o, func(q *task.Task) (backend.Source, backend.Samples, error) {
		src, err := segments.Plain(ctx, m, q.Inputs, q.Block, s.Outputs()...)
		return src, q.Data, err
	})
}
