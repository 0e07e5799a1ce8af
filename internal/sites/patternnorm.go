package sites

import (
	"slices"

	"example.org/demote/internal/ir"
)

// normalizers are the operators that normalize as a whole; a factor and a summand of constants behind them belong to
// them, as in a GroupNorm, which exporters write with an InstanceNormalization between two Reshapes.
var normalizers = map[string]bool{
	"InstanceNormalization": true, "LayerNormalization": true, "GroupNormalization": true, "MeanVarianceNormalization": true, "LpNormalization": true,
}

// normalization matches a normalization of single operators by its last node but the factor and summand of constants:
//
//	LayerNorm  d / s, d * r, or x*r - mean*r [+ beta], where d = x - mean, s = Sqrt(ReduceMean(d*d) + epsilon),
//	           r one over it
//	RMSNorm    x / s or x * r of ReduceMean(x*x)
//	L2Norm     of ReduceSum(x*x) or ReduceL2(x)
//
// (Ba et al., Layer normalization, 2016; Zhang and Sennrich, Root mean square layer normalization, 2019.) One over
// the deviation is a Reciprocal, a quotient or a power; epsilon is added before the root, behind it, or is a lowest
// value; gamma may have been multiplied into r; what is the same may be computed twice. The pattern's holder is
// behind its last node: squares span twice the exponents of what is normalized, and small ones decide about the small
// values.
func (f *finder) normalization(n ir.Node) *pattern {
	if normalizers[n.GetOpType()] {
		return f.affine(&pattern{name: n.GetOpType(), nodes: []ir.Node{n}}, n)
	}
	var name string
	var nodes []ir.Node
	switch n.GetOpType() {
	case "Div":
		name, nodes = f.normalized(ir.Input(n, 0), f.deviation(ir.Input(n, 1), maxNormDepth))
	case "Mul":
		for i := 0; i < 2 && name == ""; i++ {
			name, nodes = f.normalized(ir.Input(n, i), f.gain(ir.Input(n, 1-i), maxNormDepth))
		}
	case "Sub":
		name, nodes = f.spreadApart(ir.Input(n, 0), ir.Input(n, 1))
	case "Add":
		for i := 0; i < 2 && name == ""; i++ {
			name, nodes = f.shifted(ir.Input(n, i), ir.Input(n, 1-i))
		}
	}
	if name == "" {
		return nil
	}
	p := &pattern{name: name, nodes: append(nodes, n)}
	for _, step := range nodes {
		p.inner = append(p.inner, step.GetOutput()...)
	}
	return f.affine(p, n)
}

// normalized tells what dividing a tensor by a spread is; "" where the tensor is not what the spread is of. The
// tensor may have been multiplied by a constant before.
func (f *finder) normalized(t string, s *spread) (string, []ir.Node) {
	if s == nil {
		return "", nil
	}
	if name, nodes := f.divided(t, s); name != "" {
		return name, nodes
	}
	n := f.made(t, "Mul")
	if n == nil {
		return "", nil
	}
	if a, ok := f.besides(n); ok {
		if name, nodes := f.divided(a, s); name != "" {
			return name, append(nodes, n)
		}
	}
	return "", nil
}

func (f *finder) divided(t string, s *spread) (string, []ir.Node) {
	t = f.same(t)
	x, axes, centring := f.centred(t)
	switch {
	case s.mean != "": // the squares are not of the difference
		if x == s.of && x != "" && slices.Equal(axes, s.axes) {
			return "LayerNorm", append(centring, s.nodes...)
		}
		return "", nil
	case t != s.of && !f.sameDifference(t, s.of):
		return "", nil
	case x != "" && slices.Equal(axes, s.axes):
		_, _, again := f.centred(s.of)
		return "LayerNorm", append(append(centring, again...), s.nodes...)
	case s.least == "ReduceMean":
		return "RMSNorm", s.nodes
	}
	return "L2Norm", s.nodes
}

// centred matches x - mean(x) and returns x; "" where it is none.
func (f *finder) centred(t string) (x string, axes []int64, nodes []ir.Node) {
	sub := f.made(t, "Sub")
	if sub == nil {
		return "", nil, nil
	}
	x, axes, nodes = f.mean(ir.Input(sub, 1))
	if x == "" || x != f.same(ir.Input(sub, 0)) {
		return "", nil, nil
	}
	return x, axes, append(nodes, sub)
}

// spreadApart matches x*r - mean(x)*r, as batch_normalization of TensorFlow computes a LayerNorm.
func (f *finder) spreadApart(a, b string) (string, []ir.Node) {
	m, _, _ := f.gained(b)
	return f.spreadApartOf(a, b, m)
}

// spreadApartOf is spreadApart where the mean is told.
func (f *finder) spreadApartOf(a, b, m string) (string, []ir.Node) {
	x, s, first := f.gained(a)
	_, r, second := f.gained(b)
	if s == nil || r == nil || s.of != r.of || s.mean != r.mean || !slices.Equal(s.axes, r.axes) {
		return "", nil
	}
	of, axes, means := f.mean(m)
	around := s.of
	var centring []ir.Node
	if s.mean == "" {
		var about []int64
		if around, about, centring = f.centred(s.of); !slices.Equal(about, s.axes) {
			return "", nil
		}
	}
	if of == "" || of != f.same(x) || of != around || !slices.Equal(axes, s.axes) {
		return "", nil
	}
	return "LayerNorm", slices.Concat(s.nodes, r.nodes, means, centring, []ir.Node{first, second})
}

// gained matches a tensor times the gain of a normalization, and returns both.
func (f *finder) gained(t string) (string, *spread, ir.Node) {
	n := f.made(t, "Mul")
	if n == nil {
		return "", nil, nil
	}
	for i := range 2 {
		if s := f.gain(ir.Input(n, 1-i), maxNormDepth); s != nil {
			return ir.Input(n, i), s, n
		}
	}
	return "", nil, nil
}

// shifted matches x*r + (beta - mean(x)*r), and x*r + (-mean(x)*r [+ beta]) with the sign in either place.
func (f *finder) shifted(a, b string) (string, []ir.Node) {
	product, nodes := b, []ir.Node(nil)
	if add := f.made(b, "Add"); add != nil {
		if t, ok := f.besides(add); ok {
			product, nodes = t, []ir.Node{add}
		}
	}
	if sub := f.made(b, "Sub"); sub != nil && f.fixed(ir.Input(sub, 0)) {
		product, nodes = ir.Input(sub, 1), []ir.Node{sub}
	} else if neg := f.made(product, "Neg"); neg != nil {
		product, nodes = ir.Input(neg, 0), append(nodes, neg)
	} else if name, more := f.negatedMean(a, product); name != "" {
		return name, append(more, nodes...)
	} else {
		return "", nil
	}
	name, more := f.spreadApart(a, product)
	if name == "" {
		return "", nil
	}
	return name, append(more, nodes...)
}

// negatedMean matches x*r and (-mean(x))*r.
func (f *finder) negatedMean(a, b string) (string, []ir.Node) {
	m, _, _ := f.gained(b)
	neg := f.made(m, "Neg")
	if neg == nil {
		return "", nil
	}
	name, nodes := f.spreadApartOf(a, b, ir.Input(neg, 0))
	if name == "" {
		return "", nil
	}
	return name, append(nodes, neg)
}

// sameAxes reports whether two reductions go over the same axes.
func (f *finder) sameAxes(a, b ir.Node) bool {
	return slices.Equal(f.axes(a), f.axes(b))
}

// axes returns the axes of a reduction, an attribute before operator set 18 and an input from there on.
func (f *finder) axes(n ir.Node) []int64 {
	if a := ir.Attr(n, "axes"); a != nil {
		return a.GetInts()
	}
	if c := f.Constant(ir.Input(n, 1)); c != nil {
		axes, _ := ir.Ints(c) // not integers: no axes
		return axes
	}
	return nil
}

// affine adds the Mul by gamma and the Add of beta behind a normalization, or one of them, if each is the only reader
// of what is before; Reshape and Transpose may stand between. A factor of one element is no gamma: it scales what a
// LayerNorm without gamma returns. A summand that is no number a channel, such as a table of positions, is no beta.
func (f *finder) affine(p *pattern, last ir.Node) *pattern {
	mul, gamma, through := f.only(ir.Output(last, 0), "Mul")
	if gamma != nil && severalValues(gamma) {
		p.between(ir.Output(last, 0), through, mul)
		last = mul
	} else {
		gamma = nil
	}
	add, beta, through := f.only(ir.Output(last, 0), "Add")
	if beta != nil && (gamma != nil && slices.Equal(gamma.GetDims(), beta.GetDims()) || severalValues(beta) && isChannels(beta.GetDims())) {
		p.between(ir.Output(last, 0), through, add)
	}
	return p
}

// isChannels reports whether a shape has at most one dimension other than 1.
func isChannels(dims []int64) bool {
	n, err := ir.Count(dims)
	return err == nil && (n == 1 || slices.Contains(dims, n))
}

// between adds a node that reads a tensor, and those that move it in between.
func (p *pattern) between(t string, through []ir.Node, n ir.Node) {
	for _, move := range append(through, n) {
		p.and(move, t)
		t = ir.Output(move, 0)
	}
}

// only returns the sole reader of a tensor, and the constant in it, if it is that operator on the tensor and a
// constant, with the nodes that move the tensor before.
func (f *finder) only(t, op string) (n ir.Node, constant ir.Tensor, through []ir.Node) {
	for range maxNormDepth {
		readers := f.readers(t)
		if len(readers) != 1 || f.IsOutput(t) || !ir.Standard(readers[0]) {
			return nil, nil, nil
		}
		if n = readers[0]; n.GetOpType() == op {
			break
		}
		if !f.moves(n) || ir.Input(n, 0) != t || !slices.Contains([]string{"Reshape", "Transpose", "Cast", "Identity"}, n.GetOpType()) {
			return nil, nil, nil
		}
		through, t = append(through, n), ir.Output(n, 0)
	}
	if n == nil || n.GetOpType() != op {
		return nil, nil, nil
	}
	for i := range 2 {
		if c := f.Constant(ir.Input(n, i)); c != nil && ir.Input(n, 1-i) == t {
			return n, c, through
		}
	}
	return nil, nil, nil
}

func severalValues(t ir.Tensor) bool {
	n, err := ir.Count(t.GetDims())
	return err == nil && n > 1
}
