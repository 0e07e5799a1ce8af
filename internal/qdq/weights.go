package qdq

import (
	"math"
	"slices"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/quantize"
	"example.org/demote/mistake"
	"example.org/demote/quant"
)

// dequantizeConstants computes the DequantizeLinear nodes whose integers are constants, or come from a QuantizeLinear
// of a constant, once: the result is an initializer of the name that the node gave it. It returns the weights that
// lie on int8 grids. Biases of 32 bits become float32(code)*scale, as the operator has it.
func dequantizeConstants(m *ir.Model) (map[string]*network.Weight, error) {
	x, err := ir.NewIndex(m)
	if err != nil {
		return nil, err
	}
	g := m.Graph()
	weights := make(map[string]*network.Weight)
	gone := make(map[ir.Node]bool)
	for _, n := range x.Nodes() {
		if !ir.IsDQ(n) || len(n.GetOutput()) != 1 {
			continue
		}
		name, source := ir.Output(n, 0), x.Producer(ir.Input(n, 0))
		codes := x.Constant(ir.Input(n, 0))
		var c *constantCodes
		switch {
		case codes != nil && !x.IsInput(ir.Input(n, 0)):
			c, err = codesOf(x, n, codes)
		case source != nil && ir.IsQ(source) && x.Constant(ir.Input(source, 0)) != nil:
			c, err = codesBehind(x, source, n)
			gone[source] = true
		default:
			continue
		}
		if err != nil {
			return nil, err
		}
		gone[n] = true
		g.Initializer = append(g.Initializer, ir.TakeFloats(name, c.dims, c.values()))
		if w := c.weight(name); w != nil {
			weights[name] = w
		}
	}
	for n := range gone { // a QuantizeLinear of a constant that something else reads too
		for _, r := range x.Consumers(ir.Output(n, 0)) {
			if ir.IsQ(n) && !gone[r] {
				return nil, mistake.Errorf("%s computes with integers that %s makes of a constant: integer operators are not supported", ir.NodeName(r), ir.NodeName(n))
			}
		}
	}
	quantize.DropNodes(m, gone)
	return weights, nil
}

// constantCodes are the integers of a constant with their grids.
type constantCodes struct {
	linearParameters
	dims    []int64
	channel int // the axis of the channels, -1: one scale
	inner   int // elements from one channel to the next
	codes   []int32
}

// grids says which scale belongs to which element of a tensor.
func (p linearParameters) grids(n ir.Node, dims []int64) (*constantCodes, error) {
	c := &constantCodes{linearParameters: p, dims: dims, channel: -1, inner: 1}
	if len(p.scales) == 1 {
		return c, nil
	}
	axis, err := ir.AxisOf(p.axis, len(dims))
	if err != nil {
		return nil, mistake.Errorf("%s: attribute \"axis\": %w", ir.NodeName(n), err)
	}
	if dims[axis] != int64(len(p.scales)) {
		return nil, mistake.Errorf("%s: %d scales for %d channels on axis %d of %q", ir.NodeName(n), len(p.scales), dims[axis], axis, ir.Input(n, 0))
	}
	c.channel = axis
	for _, d := range dims[axis+1:] {
		c.inner *= int(d)
	}
	return c, nil
}

func codesOf(x *ir.Index, n ir.Node, t ir.Tensor) (*constantCodes, error) {
	p, err := readLinear(x, n)
	if err != nil {
		return nil, err
	}
	if have := ir.DType(t.GetDataType()); have != p.typ {
		return nil, mistake.Errorf("%s: %q is of type %s, its zero point of type %s", ir.NodeName(n), ir.Input(n, 0), have, p.typ)
	}
	c, err := p.grids(n, t.GetDims())
	if err != nil {
		return nil, err
	}
	if typ := ir.DType(t.GetDataType()); t.GetRawData() != nil && (typ == ir.Int8 || typ == ir.Uint8) {
		c.codes = make([]int32, len(t.GetRawData()))
		for i, b := range t.GetRawData() {
			if c.codes[i] = int32(b); typ == ir.Int8 {
				c.codes[i] = int32(int8(b))
			}
		}
		return c, nil
	}
	codes, err := ir.Ints(t)
	if err != nil {
		return nil, mistake.Errorf("%s: %w", ir.NodeName(n), err)
	}
	c.codes = make([]int32, len(codes))
	for i, code := range codes {
		c.codes[i] = int32(code)
	}
	return c, nil
}

// codesBehind quantizes the constant floats that q reads, as its operator does: clamp(rint(w/s)+zp).
func codesBehind(x *ir.Index, q, dq ir.Node) (*constantCodes, error) {
	p, err := readLinear(x, q)
	if err != nil {
		return nil, err
	}
	p2, err := readLinear(x, dq)
	if err != nil {
		return nil, err
	}
	if !slices.Equal(p.scales, p2.scales) || !slices.Equal(p.zeros, p2.zeros) || p.typ != p2.typ || len(p.scales) > 1 && p.axis != p2.axis {
		return nil, mistake.Errorf("%s has another scale, zero point or axis than %s", ir.NodeName(dq), ir.NodeName(q))
	}
	t := x.Constant(ir.Input(q, 0))
	if ir.DType(t.GetDataType()) != ir.Float {
		return nil, mistake.Errorf("%s: %q is of type %s, not FLOAT", ir.NodeName(q), ir.Input(q, 0), ir.DType(t.GetDataType()))
	}
	values, err := ir.Floats(t)
	if err != nil {
		return nil, mistake.Errorf("%s: %w", ir.NodeName(q), err)
	}
	c, err := p.grids(q, t.GetDims())
	if err != nil {
		return nil, err
	}
	bits := integerBits(p.typ)
	lo, hi := float64(0), math.Ldexp(1, bits)-1
	if isSigned(p.typ) {
		lo, hi = -math.Ldexp(1, bits-1), math.Ldexp(1, bits-1)-1
	}
	c.codes = make([]int32, len(values))
	bad := -1
	c.blocks(len(values), func(from, to, k int) {
		zero, scale := float64(c.zeros[k]), c.scales[k]
		for i := from; i < to; i++ {
			v := values[i]
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				bad = i
				return
			}
			c.codes[i] = int32(min(max(math.RoundToEven(float64(v/scale))+zero, lo), hi))
		}
	})
	if bad >= 0 {
		return nil, mistake.Errorf("%s: %q holds %g at element %d", ir.NodeName(q), ir.Input(q, 0), values[bad], bad)
	}
	return c, nil
}

// blocks calls f with the elements from lo up to hi that share scale k, one segment after the other.
func (c *constantCodes) blocks(elements int, f func(lo, hi, k int)) {
	if c.channel < 0 {
		f(0, elements, 0)
		return
	}
	for lo, k := 0, 0; lo < elements; lo, k = lo+c.inner, (k+1)%len(c.scales) {
		f(lo, min(lo+c.inner, elements), k)
	}
}

// values are (code - zero point)*scale in float32, as the operator computes them.
func (c *constantCodes) values() []float32 {
	out := make([]float32, len(c.codes))
	c.blocks(len(out), func(lo, hi, k int) {
		zero, scale := int32(c.zeros[k]), c.scales[k]
		for i := lo; i < hi; i++ {
			out[i] = float32(float32(c.codes[i]-zero)*scale) + 0
		}
	})
	return out
}

// weight returns the constant as a weight where its codes less the zero point fit the integers of its width, of 16 bits
// at most; biases are none.
func (c *constantCodes) weight(name string) *network.Weight {
	bits := integerBits(c.typ)
	if bits > network.MaxBits {
		return nil
	}
	w := &network.Weight{Tensor: name, Dims: c.dims, Axis: c.channel, Width: quant.W8, Scales: c.scales}
	least, most := int32(math.MaxInt32), int32(math.MinInt32)
	c.each(func(_ int, code int32) { least, most = min(least, code), max(most, code) })
	switch {
	case bits == 16 && least >= math.MinInt16 && most <= math.MaxInt16:
		w.Width, w.Wide = quant.W16, make([]int16, len(c.codes))
		c.each(func(i int, code int32) { w.Wide[i] = int16(code) })
	case bits <= 8 && least >= math.MinInt8 && most <= math.MaxInt8:
		if bits == 4 && least >= -8 && most <= 7 {
			w.Width = quant.W4
		}
		w.Codes = make([]int8, len(c.codes))
		c.each(func(i int, code int32) { w.Codes[i] = int8(code) })
	default:
		return nil
	}
	return w
}

// each calls f with every code less its zero point.
func (c *constantCodes) each(f func(i int, code int32)) {
	c.blocks(len(c.codes), func(lo, hi, k int) {
		for i := lo; i < hi; i++ {
			f(i, c.codes[i]-int32(c.zeros[k]))
		}
	})
}
