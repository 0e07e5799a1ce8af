package devicetest

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"sync/atomic"

	"google.golang.org/protobuf/proto"

	"example.org/demote/backend/device"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/quant"
	"example.org/demote/search"
)

// Reference is a device in plain Go. It knows the operators MatMul, Add, Relu and Identity, and those of holders, and
// takes no memory that the garbage collector does not give back; Open counts what is made and closed all the same,
// see ReferenceLive.
var Reference = device.Kind{Traits: device.Traits{InOrder: true, Shapes: true, Entries: true, Halves: true, Compares: true}, Open: openReference}

// ReferenceLive is the number of things made on Reference that are not closed.
func ReferenceLive() int64 { return referenceLive.Load() }

var referenceLive atomic.Int64

// closable counts as alive until it is closed, however often.
type closable struct{ closed bool }

func (c *closable) open() { referenceLive.Add(1) }

// Close may be called more than once.
func (c *closable) Close() {
	if !c.closed {
		c.closed = true
		referenceLive.Add(-1)
	}
}

// reference is the device.
type reference struct {
	device.Base
	closable
	opts device.Options
	ctx  context.Context
}

func openReference(ctx context.Context, o device.Options) (device.Device, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	d := &reference{opts: o, ctx: ctx}
	d.open()
	return d, nil
}

// Watch implements device.Device.
func (d *reference) Watch(ctx context.Context) error {
	d.ctx = ctx
	return nil
}

// referenceBlock is a block of inputs in the machine's memory, or how it is read.
type referenceBlock struct {
	closable
	slots []int
	data  [][]float32
	read  func(input int, dst []byte) error
}

// Samples implements device.Block.
func (b *referenceBlock) Samples() []int { return b.slots }

// Load implements device.Device.
func (d *reference) Load(inputs []device.Tensor, samples []int, fill func(input int, dst []byte) error) (device.Block, error) {
	b := &referenceBlock{slots: samples, read: fill}
	if !d.opts.Stream {
		var err error
		if b.data, err = readAll(inputs, fill); err != nil {
			return nil, err
		}
		b.read = nil
	}
	b.open()
	d.opts.Stepped()
	return b, nil
}

func readAll(inputs []device.Tensor, fill func(input int, dst []byte) error) (data [][]float32, err error) {
	for i, in := range inputs {
		raw := make([]byte, in.Bytes()*max(1, in.Steps))
		if err := fill(i, raw); err != nil {
			return nil, err
		}
		values := make([]float32, len(raw)/4)
		for k := range values {
			values[k] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*k:]))
		}
		data = append(data, values)
	}
	return data, nil
}

// referenceNetwork is a network on the device.
type referenceNetwork struct {
	closable
	device.NetworkBase
	parts []*referencePart
	lanes []device.Lane
}

// referencePart is a segment, taken apart.
type referencePart struct {
	*device.Segment
	nodes    []*onnxpb.NodeProto
	values   map[string][]float32    // of its initializers
	dims     map[string][]int64      // of these
	followed map[string][2][]float32 // values that follow a holder: high, low
}

// Compile implements device.Device.
func (d *reference) Compile(parts []*device.Segment, inputs []device.Tensor, lanes int) (device.Network, error) {
	n := &referenceNetwork{}
	known := map[string]bool{}
	for _, in := range inputs {
		known[in.Name] = true
	}
	for i, s := range parts {
		p, err := readPart(s)
		if err != nil {
			return nil, fmt.Errorf("cannot compile part %d of %d: %w", i+1, len(parts), err)
		}
		for _, in := range s.Inputs {
			if !known[in.Name] {
				return nil, fmt.Errorf("part %d reads %s, which no part before it writes", i, in.Name)
			}
		}
		for _, out := range s.Outputs {
			known[out.Name] = true
		}
		n.parts = append(n.parts, p)
		s.Model = device.Model{}
		d.opts.Stepped()
	}
	for range lanes {
		l, err := newReferenceLane(d, n, inputs)
		if err != nil {
			return nil, err
		}
		n.lanes = append(n.lanes, l)
	}
	n.open()
	return n, nil
}

// readPart takes a model apart.
func readPart(s *device.Segment) (*referencePart, error) {
	p := &referencePart{Segment: s, values: map[string][]float32{}, dims: map[string][]int64{}, followed: map[string][2][]float32{}}
	m := &onnxpb.ModelProto{}
	if s.Empty {
		return p, nil
	}
	if err := proto.Unmarshal(s.Model.Bytes, m); err != nil {
		return nil, fmt.Errorf("no ONNX file: %w", err)
	}
	for _, t := range m.GetGraph().GetInitializer() {
		p.values[t.GetName()], p.dims[t.GetName()] = t.GetFloatData(), t.GetDims()
	}
	for _, n := range m.GetGraph().GetNode() {
		if !slices.Contains([]string{"MatMul", "Add", "Relu", "Identity", "FakeQuant", "FakeQuantCodes", "FromCodes"}, n.GetOpType()) {
			return nil, fmt.Errorf("the reference has no operator %s", n.GetOpType())
		}
		p.nodes = append(p.nodes, n)
	}
	if len(p.nodes) == 0 {
		return nil, fmt.Errorf("the network has no nodes")
	}
	for _, f := range s.Followed {
		var both [2][]float32
		for i := range both {
			var err error
			if both[i], err = f.Value(i == 1); err != nil {
				return nil, err
			}
		}
		p.followed[f.Name] = both
	}
	return p, nil
}

// Lanes implements device.Network.
func (n *referenceNetwork) Lanes() []device.Lane { return n.lanes }

// Narrow implements device.Network.
func (n *referenceNetwork) Narrow(chosen []int) {
	var parts []*referencePart
	for _, at := range chosen {
		parts = append(parts, n.parts[at])
	}
	n.parts = parts
}

// Recode implements device.Device.
func (d *reference) Recode(t *device.StoredTensor, from, to search.Mask, codes device.Room) bool {
	r := codes.(*referenceRoom)
	a, b := gridOf(d.opts.Records, t.Holder, from), gridOf(d.opts.Records, t.Holder, to)
	for i, c := range r.codes {
		r.codes[i] = codeOf(b, valueOf(a, c))
	}
	return true
}

// referenceRoom has codes of a tensor on a grid, or values of one on none.
type referenceRoom struct {
	closable
	codes  []uint16
	values []float32
}

func gridOf(records []quant.Record, holder int, m search.Mask) quant.Grid {
	if m.Low(holder) {
		return records[holder].Low
	}
	return records[holder].High
}

func codeOf(g quant.Grid, v float32) uint16  { return uint16(g.Code(v) - g.Min) }
func valueOf(g quant.Grid, c uint16) float32 { return g.Decode(int32(c) + g.Min) }

func valuesOf(g quant.Grid, codes []uint16) (values []float32) {
	for _, c := range codes {
		values = append(values, valueOf(g, c))
	}
	return values
}
