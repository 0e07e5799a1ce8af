package onnx

import (
	"math"
	"slices"
)

// dequantizeConstants computes the DequantizeLinear nodes whose integers are constants, or come from a QuantizeLinear of a
// constant, once: the result is an initializer of the name that the node gave it. It returns the weights that lie on int8
// grids. Biases of 32 bits become float32(code)*scale, as the operator has it.
func dequantizeConstants(m *Model) (map[string]*Weight, error) {
	x, err := NewIndex(m)
	if err != nil {
		return nil, err
	}
	g := m.Graph()
	weights := make(map[string]*Weight)
	gone := make(map[node]bool)
	for _, n := range x.Nodes() {
		if !isDQ(n) || len(n.GetOutput()) != 1 {
			continue
		}
		name, source := output(n, 0), x.Producer(input(n, 0))
		codes := x.Constant(input(n, 0))
		var c *constantCodes
		switch {
		case codes != nil && !x.IsInput(input(n, 0)):
			c, err = codesOf(x, n, codes)
		case source != nil && isQ(source) && x.Constant(input(source, 0)) != nil:
			c, err = codesBehind(x, source, n)
			gone[source] = true
		default:
			continue
		}
		if err != nil {
			return nil, err
		}
		gone[n] = true
		g.Initializer = append(g.Initializer, takeFloats(name, c.dims, c.values()))
		if w := c.weight(name); w != nil {
			weights[name] = w
		}
	}
	for n := range gone { // a QuantizeLinear of a constant that something else reads too
		for _, r := range x.Consumers(output(n, 0)) {
			if isQ(n) && !gone[r] {
				return nil, badf("%s computes with integers that %s makes of a constant: integer operators are not supported", nodeName(r), nodeName(n))
			}
		}
	}
	g.Node = slices.DeleteFunc(slices.Clone(g.Node), func(n node) bool { return gone[n] })
	candidates := make(map[string]map[int]string)
	for n := range gone {
		for _, in := range n.GetInput() {
			candidates[in] = map[int]string{}
		}
	}
	(&Network{Model: m}).dropUnread(candidates)
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
func (p linearParameters) grids(n node, dims []int64) (*constantCodes, error) {
	c := &constantCodes{linearParameters: p, dims: dims, channel: -1, inner: 1}
	if len(p.scales) == 1 {
		return c, nil
	}
	axis, err := axisOf(p.axis, len(dims))
	if err != nil {
		return nil, badf("%s: attribute \"axis\": %w", nodeName(n), err)
	}
	if dims[axis] != int64(len(p.scales)) {
		return nil, badf("%s: %d scales for %d channels on axis %d of %q", nodeName(n), len(p.scales), dims[axis], axis, input(n, 0))
	}
	c.channel = axis
	for _, d := range dims[axis+1:] {
		c.inner *= int(d)
	}
	return c, nil
}

func codesOf(x *Index, n node, t tensor) (*constantCodes, error) {
	p, err := readLinear(x, n)
	if err != nil {
		return nil, err
	}
	if have := DType(t.GetDataType()); have != p.typ {
		return nil, badf("%s: %q is of type %s, its zero point of type %s", nodeName(n), input(n, 0), have, p.typ)
	}
	c, err := p.grids(n, t.GetDims())
	if err != nil {
		return nil, err
	}
	if typ := DType(t.GetDataType()); t.GetRawData() != nil && (typ == Int8 || typ == Uint8) {
		c.codes = make([]int32, len(t.GetRawData()))
		for i, b := range t.GetRawData() {
			if c.codes[i] = int32(b); typ == Int8 {
				c.codes[i] = int32(int8(b))
			}
		}
		return c, nil
	}
	codes, err := Ints(t)
	if err != nil {
		return nil, badf("%s: %w", nodeName(n), err)
	}
	c.codes = make([]int32, len(codes))
	for i, code := range codes {
		c.codes[i] = int32(code)
	}
	return c, nil
}

// codesBehind quantizes the constant floats that q reads, as its operator does: clamp(rint(w/s)+zp).
func codesBehind(x *Index, q, dq node) (*constantCodes, error) {
	p, err := readLinear(x, q)
	if err != nil {
		return nil, err
	}
	p2, err := readLinear(x, dq)
	if err != nil {
		return nil, err
	}
	if !slices.Equal(p.scales, p2.scales) || !slices.Equal(p.zeros, p2.zeros) || p.typ != p2.typ || len(p.scales) > 1 && p.axis != p2.axis {
		return nil, badf("%s has another scale, zero point or axis than %s", nodeName(dq), nodeName(q))
	}
	t := x.Constant(input(q, 0))
	if DType(t.GetDataType()) != Float {
		return nil, badf("%s: %q is of type %s, not FLOAT", nodeName(q), input(q, 0), DType(t.GetDataType()))
	}
	values, err := Floats(t)
	if err != nil {
		return nil, badf("%s: %w", nodeName(q), err)
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
		return nil, badf("%s: %q holds %g at element %d", nodeName(q), input(q, 0), values[bad], bad)
	}
	return c, nil
}

// blocks calls f with the elements from lo up to hi that share scale k, one stretch after the other.
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

// weight returns the constant as a weight where its codes less the zero point fit 8 bits; biases and wider constants are none.
func (c *constantCodes) weight(name string) *Weight {
	if integerBits(c.typ) > 8 {
		return nil
	}
	w := &Weight{Tensor: name, Dims: c.dims, Axis: c.channel, Scales: c.scales, Codes: make([]int8, len(c.codes))}
	fit := true
	c.blocks(len(c.codes), func(lo, hi, k int) {
		zero := int32(c.zeros[k])
		for i := lo; i < hi; i++ {
			code := c.codes[i] - zero
			fit = fit && code >= math.MinInt8 && code <= math.MaxInt8
			w.Codes[i] = int8(code)
		}
	})
	if !fit {
		return nil
	}
	return w
}
