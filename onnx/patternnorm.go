package onnx

import "slices"

// layerNorm matches a LayerNorm of single operators by its Div:
//
//	d = x - ReduceMean(x)      y = d / Sqrt(ReduceMean(d*d) + epsilon)  [* gamma  [+ beta]]
//
// where d*d is a Pow by 2 or a Mul, and d may be computed twice (Ba et al., Layer normalization, 2016). Its holder is behind the
// last node.
func (f *finder) layerNorm(div node) *pattern {
	if div.GetOpType() != "Div" {
		return nil
	}
	root := f.made(input(div, 1), "Sqrt")
	if root == nil {
		return nil
	}
	plus := f.made(input(root, 0), "Add")
	if plus == nil {
		return nil
	}
	variance := f.meanPlusEpsilon(plus)
	if variance == nil {
		return nil
	}
	square := f.Producer(input(variance, 0))
	if square == nil || !standard(square) {
		return nil
	}
	d := input(square, 0)
	switch {
	case square.GetOpType() == "Pow" && f.is(input(square, 1), 2):
	case square.GetOpType() == "Mul" && input(square, 1) == d:
	default:
		return nil
	}
	centred, numerator := f.made(d, "Sub"), f.made(input(div, 0), "Sub")
	if centred == nil || numerator == nil || !slices.Equal(centred.GetInput(), numerator.GetInput()) {
		return nil
	}
	mean := f.made(input(centred, 1), "ReduceMean")
	if mean == nil || input(mean, 0) != input(centred, 0) || !f.sameAxes(mean, variance) {
		return nil
	}
	p := &pattern{"LayerNorm", []node{mean, centred, numerator, square, variance, plus, root, div}, []string{
		input(centred, 1), d, input(div, 0), output(square, 0), output(variance, 0), output(plus, 0), input(div, 1),
	}}
	return f.affine(p, div)
}

// meanPlusEpsilon matches ReduceMean(...) + a number and returns the ReduceMean.
func (f *finder) meanPlusEpsilon(add node) node {
	for i := range 2 {
		if n := f.made(input(add, i), "ReduceMean"); n != nil {
			if _, ok := f.scalar(input(add, 1-i)); ok {
				return n
			}
		}
	}
	return nil
}

// sameAxes reports whether two reductions go over the same axes.
func (f *finder) sameAxes(a, b node) bool {
	return slices.Equal(f.axes(a), f.axes(b))
}

// axes returns the axes of a reduction, an attribute before operator set 18 and an input from there on.
func (f *finder) axes(n node) []int64 {
	if a := attr(n, "axes"); a != nil {
		return a.GetInts()
	}
	if c := f.Constant(input(n, 1)); c != nil {
		axes, _ := Ints(c) // not integers: no axes
		return axes
	}
	return nil
}

// affine adds the Mul by gamma and the Add of beta behind a normalization, if the one is the only reader of the other.
// A factor of one element is no gamma: it scales what a LayerNorm without gamma returns.
func (f *finder) affine(p *pattern, div node) *pattern {
	t := output(div, 0)
	mul, gamma := f.only(t, "Mul")
	if gamma == nil || !severalValues(gamma) {
		return p
	}
	p.and(mul, t)
	add, beta := f.only(output(mul, 0), "Add")
	if beta != nil && slices.Equal(gamma.GetDims(), beta.GetDims()) {
		p.and(add, output(mul, 0))
	}
	return p
}

// only returns the sole reader of a tensor, and the constant in it, if it is that operator on the tensor and a constant.
func (f *finder) only(t, op string) (node, tensor) {
	readers := f.readers(t)
	if len(readers) != 1 || f.IsOutput(t) || !standard(readers[0]) || readers[0].GetOpType() != op {
		return nil, nil
	}
	n := readers[0]
	for i := range 2 {
		if c := f.Constant(input(n, i)); c != nil && input(n, 1-i) == t {
			return n, c
		}
	}
	return nil, nil
}

func severalValues(t tensor) bool {
	n, err := count(t.GetDims())
	return err == nil && n > 1
}
