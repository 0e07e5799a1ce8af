package backend

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"

	"golang.org/x/sync/errgroup"

	"example.org/demote/cgo"
	"example.org/demote/crash"
)

// cpu is the device that every machine has: ONNX Runtime's CPU provider, with all memory in C.
type cpu struct {
	baseDevice
	opts deviceOptions
	stop *cgo.Stop // ends what runs once the context is cancelled
}

// cpuKind is the CPU.
var cpuKind = kind{traits{InOrder: true, Shapes: true, Entries: true, Optimizes: true, Compares: true}, openCPU}

// openCPU opens ONNX Runtime's CPU provider.
func openCPU(ctx context.Context, o deviceOptions) (device, error) {
	stop, err := cgo.NewStop(ctx)
	if err != nil {
		return nil, err
	}
	return &cpu{opts: o, stop: stop}, nil
}

// cpuPart is a compiled segment.
type cpuPart struct {
	*Segment
	session  *cgo.Session // nil: the segment is empty
	index    int
	variants *variants // nil: no constant follows a holder
}

// cpuChain is a network on the CPU.
type cpuChain struct {
	options cgo.Options // of sessions
	parts   []*cpuPart
	workers []*cpuLane
	list    []lane // the workers
}

// sessionOptions are those of every session that must give the same bits.
func (d *cpu) sessionOptions() cgo.Options {
	o := d.opts
	return cgo.Options{Level: o.Level, IntraThreads: o.Threads, Spin: o.Spin, Config: o.Config, Stop: d.stop}
}

// compile makes a session a segment and binds every lane to all of them.
func (d *cpu) compile(parts []*Segment, inputs []Tensor, lanes int) (_ compiled, err error) {
	c := &cpuChain{options: d.sessionOptions()}
	defer func() {
		if err != nil {
			c.Close()
		}
	}()
	all, broken := errgroup.WithContext(context.Background())
	all.SetLimit(max(1, lanes))
	for i, s := range parts {
		p := &cpuPart{Segment: s, index: i}
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
			if p.session, err = cgo.NewSession(s.Model, options); err != nil {
				return fmt.Errorf("cannot compile part %d of %d: %w", i+1, len(parts), err)
			}
			s.Model = nil // the session has its own
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
		w, err := newCPULane(c.parts, inputs, d.opts.Records)
		if err != nil {
			return nil, err
		}
		c.workers, c.list = append(c.workers, w), append(c.list, w)
	}
	return c, nil
}

func (c *cpuChain) lanes() []lane { return c.list }

// narrow implements compiled.
func (c *cpuChain) narrow(chosen []int) {
	all := c.parts
	c.parts = nil
	for _, at := range chosen {
		all[at].index = len(c.parts)
		c.parts = append(c.parts, all[at])
	}
	for _, w := range c.workers {
		w.narrow(chosen, c.parts)
	}
	for _, p := range all {
		if !slices.Contains(c.parts, p) {
			p.session.Close()
		}
	}
}

// Close gives sessions and lanes back. It may be called more than once.
func (c *cpuChain) Close() {
	for _, w := range c.workers {
		w.Close()
	}
	for _, p := range c.parts {
		p.session.Close()
	}
	c.workers, c.list, c.parts = nil, nil, nil
}

// cpuBlock is a block in C memory, a tensor an input, or one that is read whenever it is run.
type cpuBlock struct {
	tensors []*cgo.Tensor
	slots   []int
	read    func(input int, dst []byte) error // of a block without tensors: writes all slots of an input
}

// load makes tensors and fills them, or remembers how they are filled.
func (d *cpu) load(inputs []Tensor, samples []int, fill func(input int, dst []byte) error) (block, error) {
	if d.opts.Stream {
		return &cpuBlock{slots: samples, read: fill}, nil
	}
	b := &cpuBlock{slots: samples}
	for i, in := range inputs {
		t, err := newSteps(in)
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
	return b, nil
}

func (b *cpuBlock) samples() []int { return b.slots }

// Close gives the memory back. It may be called more than once.
func (b *cpuBlock) Close() {
	for _, t := range b.tensors {
		t.Close()
	}
	b.tensors = nil
}

// watch implements device.
func (d *cpu) watch(ctx context.Context) error { return d.stop.Watch(ctx) }

// Close implements device. The CPU stays.
func (d *cpu) Close() { d.stop.Close() }
