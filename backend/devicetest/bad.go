package devicetest

import (
	"context"
	"errors"
	"time"

	"example.org/demote/backend/device"
	"example.org/demote/onnx/onnxpb"
)

// testBadModels compiles what cannot be compiled, and what can behind it.
func testBadModels(b *bench) {
	d := b.open()
	toy := NewToy(toyBlock, toySamples, 13)
	whole := func(change func(*device.Segment)) []*device.Segment {
		s, err := toy.Segment(0, 4)
		b.must(err)
		change(s)
		return []*device.Segment{s}
	}
	unknown, err := model([]*onnxpb.NodeProto{node("NoSuchOperator", "y", "x")}, nil, toy.Inputs(), []device.Tensor{toy.tensor("y")})
	b.must(err)
	second, err := toy.Segment(1, 4)
	b.must(err)
	for name, parts := range map[string][]*device.Segment{
		"no model":             whole(func(s *device.Segment) { s.Model.Bytes = []byte("no model") }),
		"no bytes":             whole(func(s *device.Segment) { s.Model.Bytes = nil }),
		"half a model":         whole(func(s *device.Segment) { s.Model.Bytes = s.Model.Bytes[:len(s.Model.Bytes)/2] }),
		"an unknown operator":  whole(func(s *device.Segment) { s.Model = unknown }),
		"an input nobody made": {second},
		"a good part, and none": append(whole(func(*device.Segment) {}), &device.Segment{Model: device.Model{Bytes: []byte("no model")}, Inputs: []device.Tensor{toy.tensor("y")},
			Outputs: []device.Tensor{toy.tensor("y")}}),
	} {
		n, err := d.Compile(parts, toy.Inputs(), 1)
		if b.refused(name, err); err == nil {
			n.Close()
		}
	}
	l, blocks := b.compile(toy, 1, 0, 4).Lanes()[0], b.load(toy)
	b.check("behind bad models", toy, one(1), blocks[0], b.rows(l, one(1), blocks[0], 0))
}

// testBadData loads samples that cannot be read: the error is that of who reads them.
func testBadData(b *bench) {
	gone := errors.New("the disk is gone")
	toy := NewToy(toyBlock, toySamples, 14)
	for _, stream := range []bool{false, true} {
		d := b.open(func(o *device.Options) { o.Stream = stream })
		l := b.compile(toy, 1, 0, 4).Lanes()[0]
		block, err := d.Load(toy.Inputs(), []int{0}, func(int, []byte) error { return gone })
		if stream {
			b.must(err)
			b.made = append(b.made, block.Close)
			err = l.Do(func() error { return l.RunPart(block, 0) })
		}
		if !errors.Is(err, gone) {
			b.Errorf("stream %v: %v", stream, err)
		}
		good := b.load(toy)
		b.check("behind bad data", toy, one(), good[0], b.rows(l, one(), good[0], 0))
	}
}

// testCancelled ends runs by the context, and lets them go on under another one.
func testCancelled(b *bench) {
	ctx, cancel := context.WithCancel(b.ctx)
	defer cancel()
	own := b.ctx
	b.ctx = ctx
	d := b.open()
	toy := NewToy(toyBlock, toySamples, 15)
	l, blocks := b.compile(toy, 1, 0, 4).Lanes()[0], b.load(toy)
	b.rows(l, one(), blocks[0], 0)
	cancel()
	var err error
	// it takes a moment until all know
	for until := time.Now().Add(5 * time.Second); err == nil && time.Now().Before(until); {
		err = l.Do(func() error { return errors.Join(l.SetMask(one(0)), l.RunPart(blocks[1], 0), l.Wait()) })
	}
	b.refused("runs under a cancelled context", err)
	b.must(d.Watch(own))
	b.check("under another context", toy, one(2), blocks[1], b.rows(l, one(2), blocks[1], 0))
}

// testClosed closes everything more than once, some of it behind the device.
func testClosed(b *bench) {
	d := b.open()
	toy := NewToy(toyBlock, toySamples, 16)
	n, blocks := b.compile(toy, 2, 0, 2, 4), b.load(toy)
	b.rows(n.Lanes()[0], one(1), blocks[0], 0, 1)
	room := b.rooms(n.Lanes()[0], toy.Stored(2))[0]
	room.Close()
	n.Close()
	n.Close()
	for _, block := range blocks {
		block.Close()
		block.Close()
	}
	d.Close()
	d.Close()
}
