package repair

import (
	"math"
	"slices"

	"example.org/demote/internal/ir"
)

// A Stream is tensors whose channels can be scaled together by positive factors without a change of what the network
// computes: every operator between them commutes with the factors, those that make them have constants that take the
// factors in, and those that read them have weights that take them out again. A Conv, a Relu and a Conv make the
// simplest one; the sums of a residual network belong to one with all layers before and behind them.
type Stream struct {
	Tensors []string // in graph order
	Axis    int      // of the channels: 1, or -1 for the last
	Count   int      // of channels
	Norm    bool     // a factor of a normalization takes the scale in
	into    []constant
	outOf   []constant
}

// constant is a node's input with numbers of channels.
type constant struct {
	node    ir.Node
	input   int
	count   int                   // of channels; 0: any, see of
	channel func(element int) int // of the stream
}

// Streams finds all streams of a model, in graph order.
func Streams(m *ir.Model) ([]*Stream, error) {
	x, err := ir.NewIndex(m)
	if err != nil {
		return nil, err
	}
	f := newFinder(x)
	for _, v := range m.Graph().GetInput() {
		f.fix(v.GetName())
	}
	for _, v := range m.Graph().GetOutput() {
		f.fix(v.GetName())
	}
	for _, n := range x.Nodes() {
		f.node(n)
	}
	var list []*Stream
	for _, t := range f.order {
		if f.lead(t) != t {
			continue
		}
		if s := f.stream(f.parts[t]); s != nil {
			list = append(list, s)
		}
	}
	return list, nil
}

// parts are what is known of a stream so far.
type parts struct {
	tensors     []string
	fixed       bool // something reads or makes it that does not commute with factors
	axis        int  // 0: not known, or any of a matrix's last
	norm        bool
	into, outOf []constant
}

// finder joins tensors to streams: those that a node links are one.
type finder struct {
	index *ir.Index
	leads map[string]string // tensor -> another of its stream; itself for the first
	parts map[string]*parts // by the first
	order []string
}

func newFinder(x *ir.Index) *finder {
	return &finder{index: x, leads: map[string]string{}, parts: map[string]*parts{}}
}

// lead is the tensor that a stream goes by.
func (f *finder) lead(t string) string {
	for f.leads[t] != t {
		if f.leads[t] == "" {
			f.leads[t], f.parts[t] = t, &parts{tensors: []string{t}}
			f.order = append(f.order, t)
			return t
		}
		t = f.leads[t]
	}
	return t
}

func (f *finder) of(t string) *parts { return f.parts[f.lead(t)] }

// fix says that a tensor's channels cannot be scaled.
func (f *finder) fix(t string) {
	if t != "" && f.constant(t) == nil {
		f.of(t).fixed = true
	}
}

// link makes tensors one stream.
func (f *finder) link(tensors ...string) {
	first := f.lead(tensors[0])
	for _, t := range tensors[1:] {
		other := f.lead(t)
		if other == first {
			continue
		}
		p, q := f.parts[first], f.parts[other]
		p.tensors, p.fixed, p.norm = append(p.tensors, q.tensors...), p.fixed || q.fixed, p.norm || q.norm
		p.into, p.outOf = append(p.into, q.into...), append(p.outOf, q.outOf...)
		p.lie(q.axis)
		f.leads[other] = first
		delete(f.parts, other)
	}
}

// lie says on which axis the channels lie; 0: on any.
func (p *parts) lie(axis int) {
	if axis != 0 && p.axis != 0 && axis != p.axis {
		p.fixed = true
	}
	if axis != 0 {
		p.axis = axis
	}
}

// constant returns the float32 initializer of that name, or nil.
func (f *finder) constant(t string) ir.Tensor {
	c := f.index.Initializer(t)
	if c == nil || f.index.IsInput(t) || ir.DType(c.GetDataType()) != ir.Float || slices.Contains(c.GetDims(), 0) {
		return nil
	}
	return c
}

// stream is what parts make in the end; nil where they cannot be scaled.
func (f *finder) stream(p *parts) *Stream {
	if p.fixed || len(p.into) == 0 || len(p.outOf) == 0 {
		return nil
	}
	s := &Stream{Tensors: slices.SortedFunc(slices.Values(p.tensors), func(a, b string) int { return f.made(a) - f.made(b) }), Axis: p.axis, Norm: p.norm, into: p.into, outOf: p.outOf}
	if s.Axis == 0 {
		s.Axis = -1
	}
	for _, c := range slices.Concat(s.into, s.outOf) {
		if c.count != 0 && s.Count != 0 && c.count != s.Count {
			return nil
		}
		s.Count = max(s.Count, c.count)
	}
	for i, c := range s.into {
		if c.count == 0 && !s.spread(&s.into[i], f.constant(ir.Input(c.node, c.input)).GetDims()) {
			return nil
		}
	}
	if s.Count < 2 {
		return nil
	}
	return s
}

func (f *finder) made(t string) int { return f.index.Order(f.index.Producer(t)) }

// spread finds the channels of a summand, which has the stream's shape but for axes of one; false where it has none.
func (s *Stream) spread(c *constant, dims []int64) bool {
	at := len(dims) - 1
	if s.Axis == 1 {
		switch {
		case len(dims) > 3 && dims[0] == 1:
			at = 1
		case len(dims) == 3 && dims[1] == 1 && dims[2] == 1:
			at = 0
		default:
			return false
		}
	}
	if at < 0 || dims[at] != int64(s.Count) {
		return false
	}
	c.channel, c.count = along(dims, at), s.Count
	return true
}

// along is the place on an axis of each element of a tensor.
func along(dims []int64, axis int) func(element int) int {
	stride, count := int(ir.StridesOf(dims)[axis]), int(dims[axis])
	return func(i int) int { return i / stride % count }
}

// unbounded reports whether a Clip has no other bound than zero.
func (f *finder) unbounded(n ir.Node) bool {
	for i, allowed := range []float64{0, math.Inf(1)} {
		if ir.Input(n, i+1) == "" {
			continue
		}
		t := f.index.Constant(ir.Input(n, i+1))
		if t == nil {
			return false
		}
		v, err := ir.Floats(t)
		if err != nil || len(v) != 1 || float64(v[0]) != allowed && math.Abs(float64(v[0])) < math.MaxFloat32 {
			return false
		}
	}
	return true
}
