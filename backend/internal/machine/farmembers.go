package machine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"example.org/demote/backend/link"
	"example.org/demote/backend/metric"
	"example.org/demote/crash"
	"example.org/demote/mistake"
	"example.org/demote/quant"
)

// NewElsewhere are Members on the workers behind Options.Links. This process runs no trial and compiles nothing. It
// judges outputs where a metric is neither of single samples nor of outcomes that add up. Where none of the workers is
// left in front of the end, it begins anew with those that come.
func NewElsewhere(ctx context.Context, list []Shape, records []quant.Record, o Options) (*Members, error) {
	for {
		f, err := beginElsewhere(ctx, list, records, o)
		if err == nil {
			return f, nil
		}
		if o.Late == nil || !WorkerLost(err) || ctx.Err() != nil {
			return nil, err
		}
		if o.Links, err = Await(ctx, o.Late, max(1, len(f.cellsOf(nil))), o.Tell, err); err != nil {
			return nil, err
		}
	}
}

// beginElsewhere is NewElsewhere on the workers that are there. Of an error, the members are closed.
func beginElsewhere(ctx context.Context, list []Shape, records []quant.Record, o Options) (f *Members, err error) {
	f = &Members{ctx: ctx, recruits: newRecruits(ctx, o.Late), asked: o.Workers}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	if f.opts, err = o.fit(total(list)); err != nil {
		return f, err
	}
	for _, l := range o.Links {
		f.list = append(f.list, newElsewhere(ctx, l, f))
	}
	if several(list) {
		if err := checkShapes(list, records, f.opts); err != nil {
			return f, err
		}
	}
	f.shape(list, f.opts)
	for _, s := range f.shapes {
		if err := s.opts.checkBatch(s.inputs); err != nil {
			return f, err
		}
	}
	if n := list[0].Source.Holders(); len(records) != n {
		return f, fmt.Errorf("backend: %d records for %d holders", len(records), n)
	}
	networks, err := shippable(list, o)
	if err != nil {
		return f, err
	}
	if o.Data != nil {
		if f.data, f.rows, err = f.locate(*o.Data); err != nil {
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
	if len(f.shapes) > 1 && !f.can.Shapes {
		return f, ShapesNotThere()
	}
	if err := f.readOutputs(list); err != nil {
		return f, err
	}
	if err := f.sendPlans(networks, records, told); err != nil {
		return f, err
	}
	return f, f.assemble(o.Told)
}

// ShapesNotThere refuses samples of several shapes on workers whose devices have one shape at a time.
func ShapesNotThere() error {
	return mistake.Errorf("samples of different shapes run on workers' CPUs: start workers with --device cpu, or give the value that fills up the smaller ones, --pad NAME=0")
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

// readOutputs has judges of the networks' outputs on this side.
func (f *Members) readOutputs(list []Shape) error {
	for i, s := range f.shapes {
		whole, err := list[i].Source.Segment(0, list[i].Source.Cuts()-1)
		if err != nil {
			return err
		}
		s.judge = metric.NewScorer(f.opts.Metric, s.opts.Truth, s.from.Len())
		read, err := outputsOf(s.opts, f.can, s.inputs, whole.Outputs)
		if err != nil {
			return err
		}
		s.judge.Read(read...)
		if err := s.judge.Check(); err != nil {
			return err
		}
		s.judge.Among(s.of)
	}
	return f.judgeAll()
}
