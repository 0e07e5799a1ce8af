package onnx

import (
	"math"
	"slices"
)

// layer is a node with constant weights whose output a factor and a summand a channel can be taken into. The bias of a MatMul is
// the constant of an Add behind it.
type layer struct {
	node, add node
	weight    int // which input of node
	bias      int // which input of node, or of add
	axis      int // of the channels in the output, from the end
	rank      int // of the output, at least
	count     int // of channels
	channel   func(element int) int
	oneScale  bool // the weights share one scale when they are quantized
}

// last is the node that makes the layer's output.
func (l *layer) last() node {
	if l.add != nil {
		return l.add
	}
	return l.node
}

// biasName is the name of the bias; "" where there is none.
func (l *layer) biasName() string {
	switch {
	case l.add != nil:
		return input(l.add, l.bias)
	case l.node.GetOpType() == "MatMul":
		return ""
	}
	return input(l.node, l.bias)
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
		if b.constant(input(n, 1)) == nil {
			l.weight = 0
		}
	case "Add":
		for i := range 2 {
			if product := b.soleProducer(input(n, 1-i)); product != nil && product.GetOpType() == "MatMul" && b.constant(input(n, i)) != nil {
				l = &layer{node: product, add: n, weight: 1, bias: i}
			}
		}
	}
	if l == nil || b.constant(input(l.node, l.weight)) == nil || l.biasName() != "" && b.constant(l.biasName()) == nil {
		return nil
	}
	if l = l.measured(b.constant(input(l.node, l.weight)).GetDims()); l == nil {
		return nil
	}
	for _, t := range []string{input(l.node, 1-l.weight), output(l.node, 0), output(l.last(), 0)} {
		if rank := b.ranks.known[t]; rank > 1 {
			l.rank = max(l.rank, rank)
		} else if rank == 1 {
			l.rank = 1
		}
	}
	return l
}

// soleProducer is the node that makes a tensor that is read once and is no output of the network; nil where there is none.
func (b *batchNorms) soleProducer(t string) node {
	n := b.index.Producer(t)
	if n == nil || !standard(n) || len(n.GetOutput()) != 1 || len(subgraphs(n)) > 0 || b.index.IsOutput(t) {
		return nil
	}
	readers := b.index.Consumers(t)
	if len(readers) != 1 || timesIn(readers[0], t) != 1 {
		return nil
	}
	return n
}

func timesIn(n node, t string) (times int) {
	for _, in := range n.GetInput() {
		if in == t {
			times++
		}
	}
	return times
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
		l.count, l.axis = int(dims[1]*attrInt(l.node, "group", 1)), len(dims)-1
	case "Gemm":
		l.count, l.axis = int(dims[1]), 1
		if attrInt(l.node, "transB", 0) != 0 {
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

// perChannel spreads a constant that is one number, or one a channel, over a layer's channels; nil where it is neither, or
// where it would give the output more dimensions.
func (l *layer) perChannel(t tensor) []float64 {
	values, err := Floats(t)
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
func (l *layer) scaled(t tensor, s *scaling) (tensor, error) {
	values, err := Floats(t)
	if err != nil {
		return nil, err
	}
	for i, v := range values {
		exact := float64(v) * s.scale[l.channel(i)]
		if size := math.Abs(exact); size > math.MaxFloat32 || size != 0 && size < leastNormal && math.Abs(float64(v)) >= leastNormal || size != size {
			return nil, nil
		}
		values[i] = float32(exact)
	}
	return NewFloats("", t.GetDims(), values), nil
}
