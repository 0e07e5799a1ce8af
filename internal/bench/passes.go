package bench

import (
	"context"

	"example.org/demote/backend"
	"example.org/demote/backend/direct"
	"example.org/demote/backend/metric"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/segments"
	"example.org/demote/internal/task"
	"example.org/demote/search"
)

// passes are the measured passes of one split.
type passes struct {
	split
	plain interface {
		Pass(context.Context) error
		Close()
	}
	wall, cpu []float64 // seconds, by pass
}

// measure runs a pass and takes its time.
func (p *passes) measure(ctx context.Context) error {
	wall, cpu, err := clocked(func() error { return p.plain.Pass(ctx) })
	if err == nil {
		p.wall, p.cpu = append(p.wall, wall), append(p.cpu, cpu)
	}
	return err
}

// openPasses loads the float network for a split, once for the samples of each shape.
func (s *measurement) openPasses(ctx context.Context, of split, known []*blocks.Shapes, onDevice bool) (_ *passes, err error) {
	var all shapePasses
	defer func() {
		if err != nil {
			all.Close()
		}
	}()
	for i, q := range s.Members() {
		batch := of.batch
		if q.Own != nil {
			batch = min(batch, q.Data.Len())
		}
		src, err := passSource(q, batch, known[i])
		if err != nil {
			return nil, err
		}
		if onDevice {
			e, err := backend.New(ctx, src, s.Data, nil, backend.Options{Metric: metric.OutputsOnly, Output: s.Output, Beside: s.Beside, Axis: s.Axis, Block: of.batch,
				Naive: true, Stream: s.Options.Stream, Level: blocks.Optimization, Device: s.Device.Name})
			return &passes{split: of, plain: gpuPasses{e}}, err
		}
		segment, err := src.Segment(0, src.Cuts()-1)
		if err != nil {
			return nil, err
		}
		plain, err := direct.NewPlain(segment, q.Data, direct.PlainOptions{Sessions: of.sessions, Threads: of.threads, Level: blocks.Optimization, Stream: s.Options.Stream})
		if err != nil {
			return nil, err
		}
		all = append(all, plain)
	}
	return &passes{split: of, plain: all}, nil
}

// passSource is the float network for a batch of samples.
func passSource(p *task.Task, batch int, known *blocks.Shapes) (*segments.Source, error) {
	if fixed := blocks.Fixed(p.FloatModel); fixed > 0 && p.Own != nil {
		batch = fixed
	}
	inputs, err := blocks.Inputs(p.FloatModel, p.Data, batch)
	if err != nil {
		return nil, err
	}
	fixed, err := known.Fix(p.FloatModel, inputs, batch, nil)
	if err != nil {
		return nil, err
	}
	return segments.New(fixed, 0, p.Outputs())
}

// shapePasses are passes over the samples of one shape after the other.
type shapePasses []*direct.Plain

// Pass runs the samples of each shape once.
func (list shapePasses) Pass(ctx context.Context) error {
	for _, p := range list {
		if err := p.Pass(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Close gives all sessions back.
func (list shapePasses) Close() {
	for _, p := range list {
		p.Close()
	}
}

// gpuPasses are passes on a GPU.
type gpuPasses struct{ *backend.Evaluator }

func (g gpuPasses) Pass(ctx context.Context) error {
	_, err := g.Again(ctx, search.NewMask(0))
	return err
}
