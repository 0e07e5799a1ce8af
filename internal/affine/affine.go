package affine

import (
	"math"
	"slices"

	"example.org/demote/internal/ir"
)

// scalingBy is what an Add, Sub, Mul or Div with a constant does to the channels of its operand i; nil where that is
// not the same for all values of a channel, or no number. A summand that switches scores off is left where it is: it
// belongs to a mask.
func (l *layer) scalingBy(n ir.Node, i int, c ir.Tensor) *scaling {
	values := l.perChannel(c)
	if values == nil {
		return nil
	}
	s := &scaling{make([]float64, l.count), make([]float64, l.count)}
	for at, v := range values {
		s.scale[at] = 1
		switch op := n.GetOpType(); {
		case op == "Mul":
			s.scale[at] = v
		case op == "Div" && i == 0:
			s.scale[at] = 1 / v
		case op == "Div":
			return nil
		case op == "Add":
			s.shift[at] = v
		case i == 0: // x - v
			s.shift[at] = -v
		default:
			s.scale[at], s.shift[at] = -1, v
		}
		if math.IsNaN(v) || math.IsInf(s.scale[at], 0) || math.Abs(s.shift[at]) >= -ir.MaskLimit {
			return nil
		}
	}
	return s
}

// foldAffine takes an Add, Sub, Mul or Div with a constant into the layer before it, and reports whether that was
// possible. It is not where a weight would leave the normal float32 numbers. A summand behind a MatMul becomes, or
// is, the constant of an Add.
func (b *batchNorms) foldAffine(n ir.Node) (bool, error) {
	if len(n.GetInput()) != 2 {
		return false, nil
	}
	for i := range 2 {
		c := b.constant(ir.Input(n, 1-i))
		if c == nil {
			continue
		}
		l := b.layerOf(ir.Input(n, i))
		if l == nil {
			continue
		}
		if s := l.scalingBy(n, i, c); s != nil {
			return b.takeIn(l, s, n, ir.Input(n, 1-i))
		}
	}
	return false, nil
}

// takeIn changes a layer's weights and bias for a node behind it whose constant has that name.
func (b *batchNorms) takeIn(l *layer, s *scaling, n ir.Node, constant string) (bool, error) {
	product := l.node.GetOpType() == "MatMul" && l.add == nil
	shifts := slices.ContainsFunc(s.shift, func(v float64) bool { return v != 0 })
	if product && shifts && (n.GetOpType() == "Add" || l.weight == 0) {
		return false, nil // a bias already
	}
	if l.oneScale && slices.ContainsFunc(s.scale, func(v float64) bool { return math.Abs(v) != math.Abs(s.scale[0]) }) {
		return false, nil // small factors would leave their channels nothing of the common scale
	}
	weights, err := l.scaled(b.constant(ir.Input(l.node, l.weight)), s)
	if weights == nil || err != nil {
		return false, err
	}
	var offsets []float32
	if shifts || l.biasName() != "" {
		if offsets, err = s.bias(l.node, b.constant(l.biasName())); offsets == nil || err != nil {
			return false, err
		}
		if slices.ContainsFunc(offsets, func(v float32) bool { return math.Abs(float64(v)) > math.MaxFloat32 || v != v }) {
			return false, nil
		}
	}
	if slices.ContainsFunc(s.scale, func(v float64) bool { return v != 1 }) {
		l.node.Input[l.weight] = b.store(ir.Input(l.node, l.weight), ir.Input(l.node, l.weight), weights)
	}
	b.unread[constant] = true
	if product && shifts { // Sub: the product stays, and the node adds
		n.OpType, n.Input = ir.Str("Add"), []string{ir.Output(l.node, 0), b.store("", constant, ir.NewFloats("", []int64{int64(l.count)}, offsets))}
		b.index.ReadBy[n.Input[1]] = []ir.Node{n}
		return false, nil
	}
	if offsets != nil {
		b.putBias(l, constant, offsets)
	}
	l.last().Output = []string{ir.Output(n, 0)}
	b.index.MadeBy[ir.Output(n, 0)] = l.last()
	return true, nil
}

// putBias gives a layer a bias of one number a channel.
func (b *batchNorms) putBias(l *layer, like string, offsets []float32) {
	name := l.biasName()
	dims := []int64{int64(len(offsets))}
	if l.add != nil {
		if old := b.constant(name).GetDims(); len(old) > 1 {
			dims = append(slices.Repeat([]int64{1}, len(old)-1), dims...)
		}
		l.add.Input[l.bias] = b.store(name, name, ir.NewFloats("", dims, offsets))
		return
	}
	if name != "" {
		like = name
	}
	l.node.Input = []string{ir.Input(l.node, 0), ir.Input(l.node, 1), b.store(name, like, ir.NewFloats("", dims, offsets))}
	ir.DropAttr(l.node, "beta") // of Gemm, for its bias: it is in the new bias
}
