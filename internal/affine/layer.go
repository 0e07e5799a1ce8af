package affine

import (
	"math"
	"slices"

	"example.org/demote/internal/ir"
)

// layer is a node with constant weights whose output a factor and a summand a channel can be taken into. The bias of
// a MatMul is the constant of an Add behind it.
type layer struct {
	node, add ir.Node
	weight    int // which input of node
	bias      int // which input of node, or of add
	axis      int // of the channels in the output, from the end
	rank      int // of the output, at least
	count     int // of channels
	channel   func(element int) int
	oneScale  bool // the weights share one scale when they are quantized
}

// last is the node that makes the layer's output.
func (l *layer) last() ir.Node {
	if l.add != nil {
		return l.add
	}
	return l.node
}

// biasName is the name of the bias; "" where there is none.
func (l *layer) biasName() string {
	switch {
	case l.add != nil:
		return ir.Input(l.add, l.bias)
	case l.node.GetOpType() == "MatMul":
		return ""
	}
	return ir.Input(l.node, l.bias)
}

// layerOf returns the layer that makes a tensor for a single reader; nil where there is none.
func (b *batchNorms) layerOf(t string) *layer {
	n := b.soleProducer(t)
	if n == nil {
		return nil
	}
	var l *layer
	switch n.GetOpType() {
	case "Conv", "ConvTranspose", "Gemm":
		l = &layer{node: n, weight: 1, bias: 2}
	case "MatMul":
		l = &layer{node: n, weight: 1}
		if b.constant(ir.Input(n, 1)) == nil {
			l.weight = 0
		}
	case "Add":
		for i := range 2 {
			if product := b.soleProducer(ir.Input(n, 1-i)); product != nil && product.GetOpType() == "MatMul" && b.constant(ir.Input(n, i)) != nil {
				l = &layer{node: product, add: n, weight: 1, bias: i}
			}
		}
	}
	if l == nil || b.constant(ir.Input(l.node, l.weight)) == nil || l.biasName() != "" && b.constant(l.biasName()) == nil {
		return nil
	}
	if l = l.measured(b.constant(ir.Input(l.node, l.weight)).GetDims()); l == nil {
		return nil
	}
	for _, t := range []string{ir.Input(l.node, 1-l.weight), ir.Output(l.node, 0), ir.Output(l.last(), 0)} {
		if rank := b.ranks.Known[t]; rank > 1 {
			l.rank = max(l.rank, rank)
		} else if rank == 1 {
			l.rank = 1
		}
	}
	return l
}

// soleProducer is the node that makes a tensor that is read once and is no output of the network; nil where there is
// none.
func (b *batchNorms) soleProducer(t string) ir.Node {
	n := b.index.Producer(t)
	if n == nil || !ir.Standard(n) || len(n.GetOutput()) != 1 || len(ir.Subgraphs(n)) > 0 || b.index.IsOutput(t) {
		return nil
	}
	readers := b.index.Consumers(t)
	if len(readers) != 1 || ir.TimesIn(readers[0], t) != 1 {
		return nil
	}
	return n
}

// measured fills in the channels by the dimensions of the weights; nil where these do not fit the node.
func (l *layer) measured(dims []int64) *layer {
	if len(dims) < 2 || slices.Contains(dims, 0) {
		return nil
	}
	l.rank = len(dims)
	switch l.node.GetOpType() {
	case "Conv":
		l.count, l.axis = int(dims[0]), len(dims)-1
	case "ConvTranspose":
		l.count, l.axis = int(dims[1]*ir.AttrInt(l.node, "group", 1)), len(dims)-1
	case "Gemm":
		l.count, l.axis = int(dims[1]), 1
		if ir.AttrInt(l.node, "transB", 0) != 0 {
			l.count = int(dims[0])
		}
	case "MatMul":
		columns := int(dims[len(dims)-1])
		l.oneScale = len(dims) > 2 || l.weight == 0
		if l.weight == 0 {
			rows := int(dims[len(dims)-2])
			l.count, l.axis, l.channel = rows, 2, func(i int) int { return i / columns % rows }
			return l
		}
		l.count, l.axis, l.channel = columns, 1, func(i int) int { return i % columns }
		return l
	}
	l.axis = max(l.axis, 1)
	l.channel = channels(l.node, dims, l.count)
	if l.channel == nil {
		return nil
	}
	return l
}

// perChannel spreads a constant that is one number, or one a channel, over a layer's channels; nil where it is
// neither, or where it would give the output more dimensions.
func (l *layer) perChannel(t ir.Tensor) []float64 {
	values, err := ir.Floats(t)
	if err != nil || len(t.GetDims()) > l.rank {
		return nil
	}
	all := make([]float64, l.count)
	dims := t.GetDims()
	at := len(dims) - l.axis
	switch {
	case len(values) == 1:
		for i := range all {
			all[i] = float64(values[0])
		}
	case at >= 0 && len(values) == l.count && dims[at] == int64(l.count):
		for i, v := range values {
			all[i] = float64(v)
		}
	default:
		return nil
	}
	return all
}

// scaled returns weights times their channels' factors; nil where one would no longer be a normal float32 number.
func (l *layer) scaled(t ir.Tensor, s *scaling) (ir.Tensor, error) {
	values, err := ir.Floats(t)
	if err != nil {
		return nil, err
	}
	for i, v := range values {
		exact := float64(v) * s.scale[l.channel(i)]
		if size := math.Abs(exact); size > math.MaxFloat32 || size != 0 && size < ir.LeastNormal && math.Abs(float64(v)) >= ir.LeastNormal || size != size {
			return nil, nil
		}
		values[i] = float32(exact)
	}
	return ir.NewFloats("", t.GetDims(), values), nil
}
