package cpu

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"

	"golang.org/x/sync/errgroup"

	"example.org/demote/backend/device"
	"example.org/demote/cgo"
	"example.org/demote/crash"
)

// Device is the device that every machine has: ONNX Runtime's CPU provider, with all memory in C.
type Device struct {
	device.Base
	opts device.Options
	stop *cgo.Stop // ends what runs once the context is cancelled
}

// Kind is the CPU.
var Kind = device.Kind{Traits: device.Traits{InOrder: true, Shapes: true, Entries: true, Optimizes: true, Integers: true, Halves: true, Compares: true}, Open: openCPU}

// ForData is a device that takes samples, and runs nothing; stream: they are read when they are run.
func ForData(stream bool) *Device { return &Device{opts: device.Options{Stream: stream}} }

// openCPU opens ONNX Runtime's CPU provider.
func openCPU(ctx context.Context, o device.Options) (device.Device, error) {
	stop, err := cgo.NewStop(ctx)
	if err != nil {
		return nil, err
	}
	return &Device{opts: o, stop: stop}, nil
}

// Part is a compiled segment.
type Part struct {
	*device.Segment
	Session  *cgo.Session // nil: the segment is empty
	index    int
	variants *variants // nil: no constant follows a holder
}

// network is a network on the CPU.
type network struct {
	options cgo.Options // of sessions
	parts   []*Part
	workers []*Lane
	list    []device.Lane // the workers
}

// sessionOptions are those of every session that must give the same bits.
func (d *Device) sessionOptions() cgo.Options {
	o := d.opts
	return cgo.Options{Level: o.Level, IntraThreads: o.Threads, Spin: o.Spin, Config: o.Config, Stop: d.stop}
}

// Compile makes a session a segment and binds every lane to all of them.
func (d *Device) Compile(parts []*device.Segment, inputs []device.Tensor, lanes int) (_ device.Network, err error) {
	c := &network{options: d.sessionOptions()}
	defer func() {
		if err != nil {
			c.Close()
		}
	}()
	all, broken := errgroup.WithContext(context.Background())
	all.SetLimit(max(1, lanes))
	for i, s := range parts {
		p := &Part{Segment: s, index: i}
		c.parts = append(c.parts, p)
		options := d.sessionOptions()
		options.SharedArena = len(parts) > 1
		if s.Empty {
			continue
		}
		if s.Optimal {
			options.Level = 0
		}
		all.Go(func() (err error) {
			defer crash.Catch(&err)
			debug.SetPanicOnFault(true) // weights may lie in a file that is mapped
			if broken.Err() != nil {
				return nil
			}
			if p.Session, err = s.Model.Session(options); err != nil {
				return fmt.Errorf("cannot compile part %d of %d: %w", i+1, len(parts), err)
			}
			s.Model = device.Model{} // the session has its own
			d.opts.Stepped()
			return nil
		})
	}
	if err = all.Wait(); err != nil {
		return nil, err
	}
	for _, p := range c.parts {
		if len(p.Followed) > 0 {
			p.variants = newVariants(p, d.sessionOptions(), len(d.opts.Records))
		}
	}
	for range lanes {
		w, err := NewLane(c.parts, inputs, d.opts.Records)
		if err != nil {
			return nil, err
		}
		w.stepped = d.opts.Stepped
		c.workers, c.list = append(c.workers, w), append(c.list, w)
	}
	return c, nil
}

func (c *network) Lanes() []device.Lane { return c.list }

// Narrow implements compiled.
func (c *network) Narrow(chosen []int) {
	all := c.parts
	c.parts = nil
	for _, at := range chosen {
		all[at].index = len(c.parts)
		c.parts = append(c.parts, all[at])
	}
	for _, w := range c.workers {
		w.Narrow(chosen, c.parts)
	}
	for _, p := range all {
		if !slices.Contains(c.parts, p) {
			p.Session.Close()
		}
	}
}

// Close gives sessions and lanes back. It may be called more than once.
func (c *network) Close() {
	for _, w := range c.workers {
		w.Close()
	}
	for _, p := range c.parts {
		p.Session.Close()
	}
	c.workers, c.list, c.parts = nil, nil, nil
}

// block is a block in C memory, a tensor an input, or one that is read whenever it is run.
type block struct {
	tensors []*cgo.Tensor
	slots   []int
	read    func(input int, dst []byte) error // of a block without tensors: writes all slots of an input
}

// Load makes tensors and fills them, or remembers how they are filled.
func (d *Device) Load(inputs []device.Tensor, samples []int, fill func(input int, dst []byte) error) (device.Block, error) {
	if d.opts.Stream {
		return &block{slots: samples, read: fill}, nil
	}
	b := &block{slots: samples}
	for i, in := range inputs {
		t, err := NewTensor(in)
		if err != nil {
			b.Close()
			return nil, fmt.Errorf("no memory for the data: %w", err)
		}
		b.tensors = append(b.tensors, t)
		if err := fill(i, t.Bytes()); err != nil {
			b.Close()
			return nil, err
		}
	}
	d.opts.Stepped()
	return b, nil
}

func (b *block) Samples() []int { return b.slots }

// Close gives the memory back. It may be called more than once.
func (b *block) Close() {
	for _, t := range b.tensors {
		t.Close()
	}
	b.tensors = nil
}

// Watch implements device.
func (d *Device) Watch(ctx context.Context) error { return d.stop.Watch(ctx) }

// Close implements device. The CPU stays.
func (d *Device) Close() { d.stop.Close() }
