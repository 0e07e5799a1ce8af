package machine

import (
	"context"
	"errors"
	"fmt"
	"math"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/link"
	"example.org/demote/backend/metric"
	"example.org/demote/quant"
)

// A shipping source says of what workers elsewhere can make the same one.
type shipping interface {
	// Ship is the network. The error names what cannot be shipped.
	Ship() (link.Network, error)
}

// shippable are the networks of all shapes, or an error that names what workers elsewhere cannot have yet.
func shippable(list []Shape, o Options) (networks []link.Network, err error) {
	for _, shape := range list {
		s, is := shape.Source.(shipping)
		switch {
		case !is:
			return nil, errors.New("backend: this network cannot be handed to workers elsewhere")
		case o.Config != nil && !o.OnCPU:
			return nil, errors.New("backend: session settings are not handed to workers elsewhere")
		}
		n, err := s.Ship()
		if err != nil {
			return nil, err
		}
		networks = append(networks, n)
	}
	return networks, nil
}

// sendPlans has the workers compile the networks.
func (f *Members) sendPlans(networks []link.Network, records []quant.Record, told func(name string, why error)) error {
	o := f.opts
	p := link.Plan{Records: records, Samples: f.samples, Axis: o.Axis, Output: f.shapes[0].judge.Output(), Beside: o.Beside, Threads: o.Threads, Spin: o.Spin,
		Level: o.Level, Cuts: o.Cuts, Patient: o.Patient, Naive: o.Naive, Activations: o.Activations}
	p.CPU, p.Config = o.OnCPU, o.Config
	if p.Workers = f.asked; o.KeepOrder { // what a block gives depends on more than mask and samples
		p.Workers = o.Workers
	}
	if spec, ok := o.Metric.Spec(); ok && len(o.Beside) == 0 && f.judgedThere() {
		f.judgesThere, p.Metric = true, &spec
	}
	truths := make([]map[string][]byte, len(f.shapes)) // of all samples of a shape, where it is in the plan
	for i, s := range f.shapes {
		t := s.opts.Truth
		switch {
		case !f.judgesThere:
		case o.Metric.BySample():
			s.truthOf = link.SizesOf(t, o.Metric.NeedsLabels, o.Metric.NeedsReference)
			s.truthOf.Labelled = s.judge.Labelled()
		default:
			truths[i] = link.TruthBytes(t, o.Metric.NeedsLabels, o.Metric.NeedsReference)
		}
	}
	f.planned = func(e *elsewhere) error {
		ctx, gone := e.there()
		if gone != nil {
			return gone
		}
		own := p
		own.Shapes = nil
		var err error
		for i, s := range f.shapes {
			shape := link.Shape{Block: s.opts.Block, TruthOf: s.truthOf}
			if shape.Network, err = networks[i].Put(ctx, e.link); err == nil && truths[i] != nil {
				shape.Truth, err = link.PutTruth(ctx, e.link, truths[i], s.opts.Truth.LabelDims)
			}
			if err == nil && s.of != nil {
				shape.Of, err = link.Put(ctx, e.link, link.Numbers(s.of))
			}
			if err != nil {
				break
			}
			own.Shapes = append(own.Shapes, shape)
		}
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return e.lose(err)
		}
		if err := e.ask("plan", own, nil); err != nil {
			return err
		}
		return e.readThere()
	}
	return f.eachElsewhere(told, f.planned)
}

// judgedThere says whether workers can judge their blocks by a metric of outcomes: what a block comes to fits in an
// answer, and lists of all samples' labels, of which each fills in its own, are no burden for any.
func (f *Members) judgedThere() bool {
	if !f.opts.Metric.Folds() {
		return true
	}
	t, room := f.opts.Truth, int64(math.MaxInt64)
	for _, m := range f.list {
		room = min(room, m.(*elsewhere).hello.Room)
	}
	for _, s := range f.shapes {
		if numbers, ok := s.judge.MostCounts(s.opts.Block); !ok || !link.CountsFit(numbers) {
			return false
		}
	}
	return int64(8*len(t.Labels)+4*len(t.Pixels)+4*len(t.Values)) <= room/2
}

// form says what bytesOf are made of, but for the samples.
func (s *shaping) form() (text string) {
	for _, in := range s.inputs {
		text += fmt.Sprint(in.Name, in.Type, in.SampleBytes(s.opts.Block), ";")
	}
	return text
}

// bytesOf are samples as they travel, by number among those of the shape: each with all inputs, one behind the other.
func (s *shaping) bytesOf(samples []int) ([]byte, error) {
	size := 0
	for _, in := range s.inputs {
		size += in.SampleBytes(s.opts.Block)
	}
	data := make([]byte, len(samples)*size)
	at := 0
	for _, sample := range samples {
		for i, in := range s.inputs {
			n := in.SampleBytes(s.opts.Block)
			if err := s.from.Read(i, sample, data[at:at+n]); err != nil {
				return nil, err
			}
			at += n
		}
	}
	return data, nil
}

// judgeRows is what the output rows of a block gain, whose samples are these among those of the judge.
func judgeRows(ctx context.Context, judge *metric.Scorer, g *bounds.Gain, rows []float32, samples []int) error {
	if !judge.Served() {
		*g = judge.Block(rows, samples)
		return nil
	}
	wait, err := judge.Submit(ctx, rows, samples)
	if err != nil {
		return err
	}
	return wait(g)
}
