package backend_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"example.org/demote/backend"
	"example.org/demote/backend/bounds"
	"example.org/demote/backend/device"
	"example.org/demote/backend/devicetest"
	"example.org/demote/backend/far"
	"example.org/demote/backend/link"
	"example.org/demote/backend/link/linktest"
	"example.org/demote/backend/metric"
	"example.org/demote/search"
)

// tally counts the bytes of samples and of stored activations on a device, and the most that there were.
type tally struct{ now, most atomic.Int64 }

func (t *tally) add(n int) (remove func()) {
	now := t.now.Add(int64(n))
	for most := t.most.Load(); now > most && !t.most.CompareAndSwap(most, now); most = t.most.Load() {
	}
	return sync.OnceFunc(func() { t.now.Add(-int64(n)) })
}

// talliedKind is a kind of device that is counted on.
func talliedKind(kind device.Kind, t *tally) *device.Kind {
	open := kind.Open
	kind.Open = func(ctx context.Context, o device.Options) (device.Device, error) {
		d, err := open(ctx, o)
		return &talliedDevice{d, t}, err
	}
	return &kind
}

type talliedDevice struct {
	device.Device
	*tally
}

type talliedBlock struct {
	device.Block
	remove func()
}

func (b *talliedBlock) Close() { b.remove(); b.Block.Close() }

type talliedRoom struct {
	device.Room
	remove func()
}

func (r *talliedRoom) Close() { r.remove(); r.Room.Close() }

func (d *talliedDevice) Load(inputs []device.Tensor, samples []int, fill func(int, []byte) error) (device.Block, error) {
	n := 0
	for _, in := range inputs {
		n += in.Bytes()
	}
	b, err := d.Device.Load(inputs, samples, fill)
	if err != nil {
		return nil, err
	}
	return &talliedBlock{b, d.add(n)}, nil
}

func (d *talliedDevice) Compile(parts []*device.Segment, inputs []device.Tensor, lanes int) (device.Network, error) {
	n, err := d.Device.Compile(parts, inputs, lanes)
	if err != nil {
		return nil, err
	}
	own := &talliedNetwork{Network: n}
	for _, l := range n.Lanes() {
		own.lanes = append(own.lanes, &talliedLane{l, d.tally})
	}
	return own, nil
}

type talliedNetwork struct {
	device.Network
	lanes []device.Lane
}

func (n *talliedNetwork) Lanes() []device.Lane { return n.lanes }

type talliedLane struct {
	device.Lane
	*tally
}

func (l *talliedLane) RunPart(b device.Block, part int) error {
	return l.Lane.RunPart(b.(*talliedBlock).Block, part)
}

func (l *talliedLane) Judge(j *metric.Scorer, b device.Block, gain *bounds.Gain) error {
	return l.Lane.Judge(j, b.(*talliedBlock).Block, gain)
}

func (l *talliedLane) Room(t *device.StoredTensor) (device.Room, error) {
	r, err := l.Lane.Room(t)
	if err != nil {
		return nil, err
	}
	return &talliedRoom{r, l.add(t.CodeBytes())}, nil
}

func (l *talliedLane) Encode(t *device.StoredTensor, m search.Mask, to device.Room) error {
	return l.Lane.Encode(t, m, to.(*talliedRoom).Room)
}

func (l *talliedLane) Decode(t *device.StoredTensor, m search.Mask, from device.Room) error {
	return l.Lane.Decode(t, m, from.(*talliedRoom).Room)
}

func (l *talliedLane) Enter(part int, t *device.StoredTensor, codes device.Room) error {
	return l.Lane.Enter(part, t, codes.(*talliedRoom).Room)
}

func (l *talliedLane) Leave(part int, t *device.StoredTensor, to device.Room) error {
	return l.Lane.Leave(part, t, to.(*talliedRoom).Room)
}

func (l *talliedLane) Same(a, b device.Room) bool {
	return l.Lane.Same(a.(*talliedRoom).Room, b.(*talliedRoom).Room)
}

func (d *talliedDevice) Recode(t *device.StoredTensor, from, to search.Mask, codes device.Room) bool {
	return d.Device.Recode(t, from, to, codes.(*talliedRoom).Room)
}

// even leads to a worker that is as fast as the others, so that it gets as many blocks.
type even struct {
	*linktest.Pipe
	samples int // of a block
}

func (l even) Receive(message func([]byte), lost func(error)) {
	l.Pipe.Receive(func(m []byte) {
		list, err := link.ReadAnswers(m)
		if err != nil {
			list = [][]byte{m}
		}
		for _, m := range list {
			if a, err := link.ReadAnswer(m); err == nil {
				a.Seconds = a.Work / 1e6
				m = link.Answer(&a, l.samples)
			}
			message(m)
		}
	}, lost)
}

// TestMemberMemory searches 20,000 small samples on one device and on four workers, by a metric of which the toy's
// scans store next to nothing, and by one of which they store more than the samples have: on none of them is there more
// of samples and rooms for codes than a quarter and a tenth of it, at any moment.
func TestMemberMemory(t *testing.T) {
	for _, c := range []struct {
		metric string
		target func(high float64) float64
		stores bool
	}{{"top1", func(high float64) float64 { return 0.4 * high }, false}, {"mse", func(float64) float64 { return -0.04 }, true}} {
		t.Run(c.metric, func(t *testing.T) { memberMemory(t, c.metric, c.target, c.stores) })
	}
}

func memberMemory(t *testing.T, by string, target func(high float64) float64, stores bool) {
	const block, samples, workers = 50, 20_000, 4
	toy := devicetest.NewToy(block, samples, 21)
	run := func(e *backend.Evaluator) search.Result {
		if _, err := e.Plan(); err != nil {
			t.Fatal(err)
		}
		high, _, err := e.Arrange(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		r, err := search.Run(t.Context(), "demotion", e, search.Options{Holders: e.Holders(), Target: target(high.Float()), Multiplier: 0.5, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	options := func() backend.Options {
		return backend.Options{Metric: named(t, by), Block: block, Cuts: []int{0, 2, 4}, Patient: true}
	}
	var one tally
	o := options()
	o.Kind, o.Cache, o.Workers = talliedKind(devicetest.Reference, &one), 1<<30, 1
	want := run(opened(t, toy, o))
	var all [workers]tally
	o = options()
	for i := range workers {
		p := linktest.New(fmt.Sprint("worker ", i), func(h link.Host) linktest.Worker {
			return far.NewServer(h, far.ServerOptions{Device: "toy", Kind: talliedKind(devicetest.Reference, &all[i]), Memory: 1 << 32, Beat: 50 * time.Millisecond,
				Source: func(link.Network) (device.Source, error) { return toy, nil }})
		}, linktest.Faults{})
		t.Cleanup(p.Close)
		o.Links = append(o.Links, even{p, block})
	}
	if got := run(openedFar(t, toy, o)); got.Mask.String() != want.Mask.String() {
		t.Errorf("mask %s, on one device %s", got.Mask, want.Mask)
	}
	whole, own := one.most.Load(), int64(samples*toy.Inputs()[0].SampleBytes(block))
	if stored := whole - own; stored > own != stores {
		t.Errorf("one device has had %d bytes of samples and %d of codes", own, stored)
	}
	for i := range all {
		if most := all[i].most.Load(); most > whole/workers*11/10 || most < whole/workers/2 {
			t.Errorf("worker %d has had %d bytes, one device %d", i, most, whole)
		} else {
			t.Logf("worker %d has had %d bytes, one device %d: %.3f of a quarter", i, most, whole, float64(most)*workers/float64(whole))
		}
	}
}
