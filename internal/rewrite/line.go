package rewrite

import (
	"slices"

	"example.org/demote/internal/ir"
)

// line is a HardSigmoid, of which HardSwish is the product with its operand: x*slope + offset between two bounds, and a
// factor, in the order of operations in which a network has them (cuda.Line).
type line struct {
	slope, offset float32
	between       bounds
	factor        float32
	does          int64     // the bits of FakeQuantOf
	nodes         []ir.Node // that it is made of
}

// numbers of the attribute line of FakeQuantOf.
func (l *line) numbers() []float32 {
	return []float32{l.slope, l.offset, l.between.below, l.between.above, l.factor}
}

// lined takes in a HardSwish or a HardSigmoid, as an operator or of single ones: a constant added to x, or x as it is
// multiplied by one, then a clip, the product with x, and a constant factor or divisor of the clip, of x or of the
// product.
func (f *fusing) lined(t *front, holder ir.Node) {
	n := f.lone(t.x, holder)
	if n == nil {
		return
	}
	l, x := f.swish(n, holder)
	if l == nil {
		l, x = f.hardSigmoid(t.x, holder)
		if l == nil || f.joins(x, l.nodes[len(l.nodes)-1]) {
			return
		}
	}
	if !slices.Equal(f.dims[x], f.dims[t.x]) { // numbers of more axes
		return
	}
	t.x, t.does, t.line = x, l.does|frontLine, l
	for _, n := range l.nodes {
		f.gone[n] = true
	}
}

// swish matches x times a hard sigmoid of it, with a factor of any of the three; nil where a node is none.
func (f *fusing) swish(n, reader ir.Node) (l *line, x string) {
	if n.GetOpType() == "HardSwish" {
		return &line{1.0 / 6, 0.5, bounds{0, 1}, 1, frontTimes, []ir.Node{n}}, ir.Input(n, 0)
	}
	product, factor, divides := n, float32(1), int64(0)
	if in, by, over, ok := f.scaled(n); ok { // of the product
		if product = f.only(in, n); product == nil {
			return nil, ""
		}
		factor, divides = by, over
	}
	if product.GetOpType() != "Mul" || len(product.GetInput()) != 2 {
		return nil, ""
	}
	for i := range 2 {
		gate, value := ir.Input(product, i), ir.Input(product, 1-i)
		l, x := f.hardSigmoid(gate, product)
		if l == nil {
			continue
		}
		l.does |= frontTimes
		l.nodes = append(l.nodes, product)
		if product != n {
			if l.does&frontOfLine != 0 {
				continue
			}
			l.factor, l.does, l.nodes = factor, l.does|divides, append(l.nodes, n)
		}
		if value == x {
			return l, x
		}
		if v := f.only(value, product); v != nil && product == n && l.does&frontOfLine == 0 { // of x
			if in, by, over, ok := f.scaled(v); ok && in == x {
				l.factor, l.does, l.nodes = by, l.does|over|frontOfValue, append(l.nodes, v)
				return l, x
			}
		}
	}
	return nil, ""
}

// hardSigmoid matches a line that is cut off, with a factor or without, from its end upwards.
func (f *fusing) hardSigmoid(t string, reader ir.Node) (*line, string) {
	n := f.only(t, reader)
	if n == nil {
		return nil, ""
	}
	if n.GetOpType() == "HardSigmoid" {
		return &line{ir.AttrFloat(n, "alpha", 0.2), ir.AttrFloat(n, "beta", 0.5), bounds{0, 1}, 1, 0, []ir.Node{n}}, ir.Input(n, 0)
	}
	l := &line{slope: 1, between: everything, factor: 1}
	if in, by, over, ok := f.scaled(n); ok {
		l.factor, l.does = by, over|frontOfLine
		n = f.up(l, n, in)
	}
	for {
		_, b, ok := f.clipping(n)
		if !ok {
			break
		}
		l.between = b.then(l.between)
		n = f.up(l, n, f.varying(n))
	}
	if n == nil || l.between == everything || n.GetOpType() != "Add" {
		return nil, ""
	}
	x, by, ok := f.withNumber(n)
	if !ok {
		return nil, ""
	}
	l.offset = by
	if n = f.up(l, n, x); n != nil && n.GetOpType() == "Mul" {
		if in, by, ok := f.withNumber(n); ok {
			l.slope, l.nodes, x = by, append(l.nodes, n), in
		}
	}
	return l, x
}

// up notes a node as a part of a line and goes on to the node that makes what it reads, if nothing else reads that.
func (f *fusing) up(l *line, n ir.Node, reads string) ir.Node {
	l.nodes = append(l.nodes, n)
	return f.only(reads, n)
}

// only is the standard node that makes a tensor, if only one node reads it; else nil.
func (f *fusing) only(t string, reader ir.Node) ir.Node {
	n := f.lone(t, reader)
	if n == nil || slices.ContainsFunc(f.readBy[t], func(r ir.Node) bool { return r != reader }) {
		return nil
	}
	return n
}

// scaled says of a product with a number, or of a quotient by one, what it reads, the number, and frontDivides.
func (f *fusing) scaled(n ir.Node) (t string, by float32, over int64, ok bool) {
	switch n.GetOpType() {
	case "Mul":
		t, by, ok = f.withNumber(n)
	case "Div":
		t, over = ir.Input(n, 0), frontDivides
		by, ok = f.number(ir.Input(n, 1))
	}
	return t, by, over, ok
}

// withNumber says of a node of two operands, one of them a number, what the other is.
func (f *fusing) withNumber(n ir.Node) (t string, by float32, ok bool) {
	if len(n.GetInput()) != 2 {
		return "", 0, false
	}
	for i := range 2 {
		if by, ok = f.number(ir.Input(n, i)); ok {
			return ir.Input(n, 1-i), by, true
		}
	}
	return "", 0, false
}

// number is the value of a constant of one element that is not NaN.
func (f *fusing) number(t string) (float32, bool) {
	v, err := f.constant(t)
	if err != nil || len(v) != 1 || v[0] != v[0] {
		return 0, false
	}
	return v[0], true
}

// varying is the operand of a clip.
func (f *fusing) varying(n ir.Node) string {
	if n.GetOpType() == "Max" || n.GetOpType() == "Min" {
		t, _, _ := f.withNumber(n)
		return t
	}
	return ir.Input(n, 0)
}

// joins reports whether ONNX Runtime may join a node with the sum that makes what it reads, and then round otherwise: a
// factor, or a number that could be a bias.
func (f *fusing) joins(x string, n ir.Node) bool {
	by, dims := f.made[x], f.dims[x]
	if by == nil || !slices.Contains(sums, by.GetOpType()) || n.GetOpType() == "HardSigmoid" {
		return false
	}
	conv := by.GetOpType() == "Conv" || by.GetOpType() == "ConvTranspose"
	return n.GetOpType() != "Add" || len(dims) == 0 || !conv && dims[len(dims)-1] == 1 ||
		slices.ContainsFunc(n.GetInput(), func(t string) bool { return t != x && len(f.dims[t]) > 1 })
}
