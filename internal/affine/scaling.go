package affine

import (
	"math"

	"example.org/demote/internal/ir"
	"example.org/demote/mistake"
)

// scaling is what a BatchNormalization, or a factor or summand, does to channel i: y = x*scale[i] + shift[i].
type scaling struct{ scale, shift []float64 }

// scaling reads the parameters of a BatchNormalization; nil where they are not all constants.
func (b *batchNorms) scaling(n ir.Node) (*scaling, error) {
	var p [4][]float32
	for i := range p {
		t := b.constant(ir.Input(n, i+1))
		if t == nil {
			return nil, nil
		}
		var err error
		if p[i], err = ir.Floats(t); err != nil {
			return nil, err
		}
		if len(t.GetDims()) != 1 || len(p[i]) != len(p[0]) {
			return nil, mistake.Errorf("parameter %q has dimensions %v, the first one %d elements", ir.Input(n, i+1), t.GetDims(), len(p[0]))
		}
	}
	gamma, beta, mean, variance := p[0], p[1], p[2], p[3]
	epsilon := float64(ir.AttrFloat(n, "epsilon", 1e-5))
	s := &scaling{make([]float64, len(gamma)), make([]float64, len(gamma))}
	for i := range gamma {
		s.scale[i] = float64(gamma[i]) / math.Sqrt(float64(variance[i])+epsilon)
		s.shift[i] = float64(beta[i]) - float64(mean[i])*s.scale[i]
		if math.IsNaN(s.shift[i]) || math.IsInf(s.scale[i], 0) {
			return nil, mistake.Errorf("channel %d has scale %g, mean %g and variance %g", i, gamma[i], mean[i], variance[i])
		}
	}
	return s, nil
}

// bias returns the bias of the node before with the BatchNormalization in it; nil where the old bias is not one
// number a channel.
func (s *scaling) bias(before ir.Node, old ir.Tensor) ([]float32, error) {
	factor := 1.0
	if before.GetOpType() == "Gemm" {
		factor = float64(ir.AttrFloat(before, "beta", 1))
	}
	out := make([]float32, len(s.scale))
	var values []float32
	if old != nil {
		var err error
		if values, err = ir.Floats(old); err != nil {
			return nil, err
		}
		if op := before.GetOpType(); len(values) != len(out) && (len(values) != 1 || op != "Gemm" && op != "MatMul") {
			return nil, nil
		}
		if dims := old.GetDims(); len(dims) > 1 && dims[len(dims)-1] != int64(len(values)) {
			return nil, nil // a column: one number a row
		}
	}
	for i := range out {
		b := 0.0
		switch len(values) {
		case 0:
		case 1:
			b = factor * float64(values[0])
		default:
			b = factor * float64(values[i])
		}
		out[i] = float32(b*s.scale[i] + s.shift[i])
	}
	return out, nil
}

// channels returns the output channel of each element of a weight; nil where the node is none of the three operators
// or has another number of channels.
func channels(n ir.Node, dims []int64, want int) func(element int) int {
	if len(dims) < 2 {
		return nil
	}
	strides := ir.StridesOf(dims)
	switch n.GetOpType() {
	case "Conv":
		if int(dims[0]) != want {
			return nil
		}
		return func(i int) int { return i / int(strides[0]) }
	case "ConvTranspose": // input channel, output channel of the group, kernel
		group := int(ir.AttrInt(n, "group", 1))
		if group < 1 || int(dims[0])%group != 0 || int(dims[1])*group != want {
			return nil
		}
		perGroup := int(dims[0]) / group
		return func(i int) int {
			return i/int(strides[0])/perGroup*int(dims[1]) + i/int(strides[1])%int(dims[1])
		}
	case "Gemm":
		axis := 1
		if ir.AttrInt(n, "transB", 0) != 0 {
			axis = 0
		}
		if len(dims) != 2 || int(dims[axis]) != want {
			return nil
		}
		return func(i int) int { return i / int(strides[axis]) % want }
	}
	return nil
}
