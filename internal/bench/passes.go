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

// Passes are the measured passes of one split.
type Passes struct {
	Split
	Plain interface {
		Pass(context.Context) error
		Close()
	}
	Wall, Cpu []float64 // seconds, by pass
}

// Measure runs a pass and takes its time.
func (p *Passes) Measure(ctx context.Context) error {
	wall, cpu, err := Clocked(func() error { return p.Plain.Pass(ctx) })
	if err == nil {
		p.Wall, p.Cpu = append(p.Wall, wall), append(p.Cpu, cpu)
	}
	return err
}

// OpenPasses loads the float network for a split, once for the samples of each shape.
func (s *Measurement) OpenPasses(ctx context.Context, of Split, known []*blocks.Shapes, onDevice bool) (_ *Passes, err error) {
	var all ShapePasses
	defer func() {
		if err != nil {
			all.Close()
		}
	}()
	for i, q := range s.Members() {
		batch := of.Batch
		if q.Own != nil {
			batch = min(batch, q.Data.Len())
		}
		src, err := passSource(q, batch, known[i])
		if err != nil {
			return nil, err
		}
		if onDevice {
			e, err := backend.New(ctx, src, s.Data, nil, backend.Options{Metric: metric.OutputsOnly, Output: s.Output, Axis: s.Axis, Block: of.Batch,
				Naive: true, Stream: s.Options.Stream, Level: blocks.Optimization, Device: s.Device.Name})
			return &Passes{Split: of, Plain: gpuPasses{e}}, err
		}
		segment, err := src.Segment(0, src.Cuts()-1)
		if err != nil {
			return nil, err
		}
		plain, err := direct.NewPlain(segment, q.Data, direct.PlainOptions{Sessions: of.Sessions, Threads: of.Threads, Level: blocks.Optimization, Stream: s.Options.Stream})
		if err != nil {
			return nil, err
		}
		all = append(all, plain)
	}
	return &Passes{Split: of, Plain: all}, nil
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
	return segments.New(fixed, 0, []string{p.Output})
}

// ShapePasses are passes over the samples of one shape after the other.
type ShapePasses []*direct.Plain

// Pass runs the samples of each shape once.
func (list ShapePasses) Pass(ctx context.Context) error {
	for _, p := range list {
		if err := p.Pass(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Close gives all sessions back.
func (list ShapePasses) Close() {
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
