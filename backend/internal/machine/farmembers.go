package machine

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"golang.org/x/sync/errgroup"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/device"
	"example.org/demote/backend/link"
	"example.org/demote/backend/metric"
	"example.org/demote/crash"
	"example.org/demote/quant"
)

// A shipping source says of what workers elsewhere can make the same one.
type shipping interface {
	// Ship is the network. The error names what cannot be shipped.
	Ship() (link.Network, error)
}

// NewElsewhere are Members on the workers behind Options.Links. This process runs no trial and compiles nothing. It
// judges outputs where a metric is neither of single samples nor of outcomes that add up.
// Where none of the workers is left in front of the end, it begins anew with those that come.
func NewElsewhere(ctx context.Context, src device.Source, samples device.Samples, records []quant.Record, o Options) (*Members, error) {
	for {
		f, err := beginElsewhere(ctx, src, samples, records, o)
		if err == nil {
			return f, nil
		}
		if o.Late == nil || !WorkerLost(err) || ctx.Err() != nil {
			return nil, err
		}
		if o.Links, err = Await(ctx, o.Late, max(1, f.blocks()), o.Tell, err); err != nil {
			return nil, err
		}
	}
}

// beginElsewhere is NewElsewhere on the workers that are there. Of an error, the members are closed.
func beginElsewhere(ctx context.Context, src device.Source, samples device.Samples, records []quant.Record, o Options) (f *Members, err error) {
	f = &Members{samples: samples.Len(), from: samples, inputs: src.Inputs(), ctx: ctx, recruits: newRecruits(ctx, o.Late)}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	if f.opts, err = o.fit(samples.Len()); err != nil {
		return f, err
	}
	for _, l := range o.Links {
		f.list = append(f.list, newElsewhere(ctx, l, f))
	}
	if err := f.opts.checkBatch(f.inputs); err != nil {
		return f, err
	}
	if len(records) != src.Holders() {
		return f, fmt.Errorf("backend: %d records for %d holders", len(records), src.Holders())
	}
	network, err := shippable(src, o)
	if err != nil {
		return f, err
	}
	if o.Data != nil {
		if f.data, f.rows, err = locate(samples, len(f.inputs), *o.Data); err != nil {
			return f, err
		}
	}
	told := func(name string, why error) {
		if o.Told != nil {
			o.Told(fmt.Sprintf("%s is left out: %v", name, why))
		}
	}
	if err := f.greet(told); err != nil {
		return f, err
	}
	if err := f.readOutputs(src); err != nil {
		return f, err
	}
	if err := f.sendPlans(network, records, told); err != nil {
		return f, err
	}
	return f, f.assemble(o.Told)
}

// shippable is the network of a source, or an error that names what workers elsewhere cannot have yet.
func shippable(src device.Source, o Options) (n link.Network, err error) {
	s, is := src.(shipping)
	switch {
	case !is:
		return n, errors.New("backend: this network cannot be handed to workers elsewhere")
	case o.Config != nil && !o.OnCPU:
		return n, errors.New("backend: session settings are not handed to workers elsewhere")
	}
	return s.Ship()
}

// eachElsewhere calls a function of all workers at once. Those that fail are left out; the error is that of the first
// where none is left, and of one whose memory is full.
func (f *Members) eachElsewhere(told func(name string, why error), call func(e *elsewhere) error) error {
	errs := make([]error, len(f.list))
	var all errgroup.Group
	for i, m := range f.list {
		all.Go(func() error {
			defer crash.Catch(&errs[i])
			errs[i] = call(m.(*elsewhere))
			return nil
		})
	}
	_ = all.Wait()
	for _, err := range errs { // it has a cure: smaller blocks of all, or room on a disk
		if errors.Is(err, link.ErrFull) || errors.Is(err, link.ErrStore) {
			return err
		}
	}
	var left []part
	for i, m := range f.list {
		if errs[i] == nil {
			left = append(left, m)
			continue
		}
		if e := m.(*elsewhere); e.ctx.Err() == nil && !slices.Equal(f.list, []part{m}) {
			told(e.Name(), errs[i])
		}
	}
	if len(left) == 0 {
		f.closeAll(f.list, nil)
		f.list = nil
		return errors.Join(errs[:1]...)
	}
	f.closeAll(f.list, left)
	f.list = left
	return nil
}

// closeAll closes those that are not among the ones that are left.
func (f *Members) closeAll(all, left []part) {
	for _, m := range all {
		if !slices.Contains(left, m) {
			m.Close()
			m.end()
		}
	}
}

// greet asks the workers what they are. Those that are not like the first are left out.
func (f *Members) greet(told func(name string, why error)) error {
	err := f.eachElsewhere(told, func(e *elsewhere) error { return e.ask("hello", nil, &e.hello) })
	if err != nil {
		return err
	}
	first := f.list[0].(*elsewhere)
	f.can = first.hello.Can
	return f.eachElsewhere(told, func(e *elsewhere) error { return e.like(first) })
}

// like says what a worker is that is not like the first one.
func (e *elsewhere) like(first *elsewhere) error {
	switch {
	case e.hello.Can != first.hello.Can:
		return fmt.Errorf("its device, %s, is of another kind than %s of %s", e.hello.Device.Name, first.hello.Device.Name, first.Name())
	case e.hello.Runtime != first.hello.Runtime:
		return fmt.Errorf("its ONNX Runtime is %s, that of %s is %s", e.hello.Runtime, first.Name(), first.hello.Runtime)
	}
	return nil
}

// readOutputs has a judge of the network's outputs on this side.
func (f *Members) readOutputs(src device.Source) error {
	whole, err := src.Segment(0, src.Cuts()-1)
	if err != nil {
		return err
	}
	f.judge = metric.NewScorer(f.opts.Metric, f.opts.Truth, f.samples)
	read, err := outputsOf(f.opts, f.can, f.inputs, whole.Outputs)
	if err != nil {
		return err
	}
	f.judge.Read(read...)
	return f.judge.Check()
}

// sendPlans has the workers compile the network.
func (f *Members) sendPlans(n link.Network, records []quant.Record, told func(name string, why error)) error {
	o := f.opts
	p := link.Plan{Network: n, Records: records, Samples: f.samples, Block: o.Block, Axis: o.Axis, Output: f.judge.Output(), Beside: o.Beside, Threads: o.Threads, Spin: o.Spin,
		Level: o.Level, Cuts: o.Cuts, Patient: o.Patient, Naive: o.Naive, Activations: o.Activations}
	p.CPU, p.Config = o.OnCPU, o.Config
	if o.KeepOrder { // what a block gives depends on more than mask and samples
		p.Workers = o.Workers
	}
	var truth map[string][]byte
	if spec, ok := o.Metric.Spec(); ok && len(o.Beside) == 0 && f.judgedThere() {
		f.judgesThere, p.Metric = true, &spec
		if o.Metric.BySample() {
			f.truthOf = link.SizesOf(o.Truth, o.Metric.NeedsLabels, o.Metric.NeedsReference)
			f.truthOf.Labelled = f.judge.Labelled()
			p.TruthOf = f.truthOf
		}
		if p.TruthOf == nil {
			truth = link.TruthBytes(o.Truth, o.Metric.NeedsLabels, o.Metric.NeedsReference)
		}
	}
	f.planned = func(e *elsewhere) error {
		ctx, gone := e.there()
		if gone != nil {
			return gone
		}
		own := p
		var err error
		if own.Network, err = n.Put(ctx, e.link); err == nil && f.judgesThere && p.TruthOf == nil {
			own.Truth, err = link.PutTruth(ctx, e.link, truth, o.Truth.LabelDims)
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
	numbers, ok := f.judge.MostCounts(f.opts.Block)
	return ok && link.CountsFit(numbers) && int64(8*len(t.Labels)+4*len(t.Pixels)+4*len(t.Values)) <= room/2
}

// form says what bytesOf are made of, but for the samples.
func (f *Members) form() (text string) {
	for _, in := range f.inputs {
		text += fmt.Sprint(in.Name, in.Type, in.SampleBytes(f.opts.Block), ";")
	}
	return text
}

// bytesOf are samples as they travel: each with all inputs, one behind the other.
func (f *Members) bytesOf(samples []int) ([]byte, error) {
	size := 0
	for _, in := range f.inputs {
		size += in.SampleBytes(f.opts.Block)
	}
	data := make([]byte, len(samples)*size)
	at := 0
	for _, sample := range samples {
		for i, in := range f.inputs {
			n := in.SampleBytes(f.opts.Block)
			if err := f.from.Read(i, sample, data[at:at+n]); err != nil {
				return nil, err
			}
			at += n
		}
	}
	return data, nil
}

// judgeRows is what the output rows of a block gain.
func (f *Members) judgeRows(ctx context.Context, g *bounds.Gain, rows []float32, samples []int) error {
	if !f.judge.Served() {
		*g = f.judge.Block(rows, samples)
		return nil
	}
	wait, err := f.judge.Submit(ctx, rows, samples)
	if err != nil {
		return err
	}
	return wait(g)
}
