package sites

import (
	"slices"

	"example.org/demote/internal/ir"
)

// maxNormDepth bounds the nodes in a row that are looked through in a normalization.
const maxNormDepth = 16

// spread is what a normalization divides by, or multiplies with: the root of a mean of squares.
type spread struct {
	of    string    // the tensor whose squares are summed
	mean  string    // the tensor whose mean the squares are around if they differ: of E[x*x] - E[x]*E[x]
	axes  []int64   // of the reductions
	nodes []ir.Node // that compute it
	least string    // the operator that sums: ReduceSum makes a length of it, not a deviation
}

func (s *spread) behind(nodes ...ir.Node) *spread {
	if s == nil {
		return nil
	}
	s.nodes = append(s.nodes, nodes...)
	return s
}

// fixed reports whether a tensor is a constant, or depends on shapes alone.
func (f *finder) fixed(t string) bool { return t != "" && !f.varies[t] }

// besides returns the operand of a node of two whose other operand is fixed; only the first where the operator is not
// commutative.
func (f *finder) besides(n ir.Node) (string, bool) {
	if len(n.GetInput()) != 2 {
		return "", false
	}
	if f.fixed(ir.Input(n, 1)) && f.varies[ir.Input(n, 0)] {
		return ir.Input(n, 0), true
	}
	if op := n.GetOpType(); op != "Sub" && op != "Div" && op != "Pow" && f.fixed(ir.Input(n, 0)) && f.varies[ir.Input(n, 1)] {
		return ir.Input(n, 1), true
	}
	return "", false
}

// still looks through the nodes that only reshape or expand a tensor of statistics.
func (f *finder) still(t string) (string, []ir.Node) {
	var nodes []ir.Node
	for range maxNormDepth {
		n := f.Producer(t)
		if n == nil || !f.moves(n) || !slices.Contains([]string{"Cast", "Expand", "Identity", "Reshape", "Squeeze", "Unsqueeze", "Dropout"}, n.GetOpType()) {
			break
		}
		nodes = append(nodes, n)
		t = ir.Input(n, 0)
	}
	return t, nodes
}

// step returns the standard node that makes a tensor, seen through reshapes, which are nodes.
func (f *finder) step(t string) (n ir.Node, through []ir.Node) {
	t, through = f.still(t)
	if n = f.Producer(t); n == nil || !ir.Standard(n) {
		return nil, nil
	}
	return n, append(through, n)
}

// same returns the tensor behind casts and copies that change nothing.
func (f *finder) same(t string) string {
	for range maxNormDepth {
		n := f.Producer(t)
		if n == nil || !f.moves(n) || !slices.Contains([]string{"Cast", "Identity", "Dropout"}, n.GetOpType()) {
			break
		}
		t = ir.Input(n, 0)
	}
	return t
}

// deviation matches Sqrt(variance), its power, ReduceL2, and what adds a number, bounds or scales them.
func (f *finder) deviation(t string, depth int) *spread {
	n, nodes := f.step(t)
	if n == nil || depth == 0 {
		return nil
	}
	switch n.GetOpType() {
	case "Sqrt":
		return f.variance(ir.Input(n, 0), depth-1).behind(nodes...)
	case "Pow":
		if f.is(ir.Input(n, 1), 0.5) {
			return f.variance(ir.Input(n, 0), depth-1).behind(nodes...)
		}
	case "ReduceL2":
		return &spread{of: f.same(ir.Input(n, 0)), axes: f.axes(n), nodes: nodes, least: "ReduceL2"}
	case "Clip":
		return f.deviation(ir.Input(n, 0), depth-1).behind(nodes...)
	case "Add", "Max", "Mul", "Div":
		if a, ok := f.besides(n); ok {
			return f.deviation(a, depth-1).behind(nodes...)
		}
	}
	return nil
}

// variance matches a mean of squares, or a sum, and what adds a number, bounds or scales it.
func (f *finder) variance(t string, depth int) *spread {
	n, nodes := f.step(t)
	if n == nil || depth == 0 {
		return nil
	}
	switch n.GetOpType() {
	case "ReduceMean", "ReduceSum":
		if of, squares := f.squared(ir.Input(n, 0)); of != "" {
			return &spread{of: of, axes: f.axes(n), nodes: append(squares, nodes...), least: n.GetOpType()}
		}
	case "ReduceSumSquare":
		return &spread{of: f.same(ir.Input(n, 0)), axes: f.axes(n), nodes: nodes, least: "ReduceSum"}
	case "Clip", "Relu", "Abs":
		return f.variance(ir.Input(n, 0), depth-1).behind(nodes...)
	case "Add", "Max", "Mul", "Div":
		if a, ok := f.besides(n); ok {
			s := f.variance(a, depth-1).behind(nodes...)
			if s != nil && (n.GetOpType() == "Mul" || n.GetOpType() == "Div") && s.least == "ReduceSum" {
				s.least = "ReduceMean"
			}
			return s
		}
	case "Sub": // E[x*x] - E[x]*E[x]
		s := f.variance(ir.Input(n, 0), depth-1)
		of, squares := f.squared(ir.Input(n, 1))
		x, axes, means := f.mean(of)
		if s != nil && s.mean == "" && x == s.of && x != "" && slices.Equal(axes, s.axes) {
			s.mean = x
			return s.behind(append(append(squares, means...), nodes...)...)
		}
	}
	return nil
}

// squared matches d*d and returns d; "" where it is none.
func (f *finder) squared(t string) (string, []ir.Node) {
	n, nodes := f.step(t)
	switch {
	case n == nil:
	case n.GetOpType() == "Pow" && f.is(ir.Input(n, 1), 2):
		return f.same(ir.Input(n, 0)), nodes
	case n.GetOpType() == "Mul" && f.varies[ir.Input(n, 0)]:
		a, b := f.same(ir.Input(n, 0)), f.same(ir.Input(n, 1))
		if a == b {
			return a, nodes
		}
		if f.sameDifference(a, b) {
			_, _, again := f.centred(b)
			return a, append(append(nodes, again...), f.Producer(b))
		}
	}
	return "", nil
}

// sameDifference reports whether two nodes subtract the same, or the same mean that is computed twice.
func (f *finder) sameDifference(a, b string) bool {
	m, n := f.made(a, "Sub"), f.made(b, "Sub")
	if m == nil || n == nil || f.same(ir.Input(m, 0)) != f.same(ir.Input(n, 0)) {
		return false
	}
	x, axes, _ := f.centred(a)
	y, others, _ := f.centred(b)
	return f.same(ir.Input(m, 1)) == f.same(ir.Input(n, 1)) || x != "" && x == y && slices.Equal(axes, others)
}

// mean matches a mean over axes and returns what it is of.
func (f *finder) mean(t string) (x string, axes []int64, nodes []ir.Node) {
	n, nodes := f.step(t)
	if n == nil {
		return "", nil, nil
	}
	switch n.GetOpType() {
	case "ReduceMean":
		return f.same(ir.Input(n, 0)), f.axes(n), nodes
	case "Mul", "Div":
		a, ok := f.besides(n)
		if !ok {
			return "", nil, nil
		}
		if sum, more := f.step(a); sum != nil && sum.GetOpType() == "ReduceSum" {
			return f.same(ir.Input(sum, 0)), f.axes(sum), append(more, nodes...)
		}
	}
	return "", nil, nil
}

// gain matches what a normalization multiplies with: one over the deviation, or a constant over it.
func (f *finder) gain(t string, depth int) *spread {
	n, nodes := f.step(t)
	if n == nil || depth == 0 {
		return nil
	}
	switch n.GetOpType() {
	case "Reciprocal":
		return f.deviation(ir.Input(n, 0), depth-1).behind(nodes...)
	case "Div":
		if f.fixed(ir.Input(n, 0)) {
			return f.deviation(ir.Input(n, 1), depth-1).behind(nodes...)
		}
	case "Pow":
		if f.is(ir.Input(n, 1), -0.5) {
			return f.variance(ir.Input(n, 0), depth-1).behind(nodes...)
		}
		if f.is(ir.Input(n, 1), -1) {
			return f.deviation(ir.Input(n, 0), depth-1).behind(nodes...)
		}
	case "Sqrt":
		return f.inverse(ir.Input(n, 0), depth-1).behind(nodes...)
	case "Mul":
		if a, ok := f.besides(n); ok {
			return f.gain(a, depth-1).behind(nodes...)
		}
	}
	return nil
}

// inverse matches one over a variance.
func (f *finder) inverse(t string, depth int) *spread {
	n, nodes := f.step(t)
	if n == nil {
		return nil
	}
	switch {
	case n.GetOpType() == "Reciprocal" || n.GetOpType() == "Pow" && f.is(ir.Input(n, 1), -1):
		return f.variance(ir.Input(n, 0), depth).behind(nodes...)
	case n.GetOpType() == "Div" && f.fixed(ir.Input(n, 0)):
		return f.variance(ir.Input(n, 1), depth).behind(nodes...)
	}
	return nil
}
