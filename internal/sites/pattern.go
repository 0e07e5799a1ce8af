package sites

import (
	"math"
	"slices"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/sinks"
)

// pattern is a group of nodes that an integer runtime computes as one.
type pattern struct {
	name  string
	nodes []ir.Node
	inner []string // tensors between them, each a holder only if somebody else needs it
}

// cores are the operators that take the activation behind them in.
var cores = map[string]bool{"Conv": true, "ConvTranspose": true, "Gemm": true, "MatMul": true, "Add": true}

// activations are the operators that a core takes in.
var activations = map[string]bool{
	"Relu": true, "LeakyRelu": true, "PRelu": true, "Clip": true, "Sigmoid": true, "Tanh": true, "HardSigmoid": true,
	"HardSwish": true, "Elu": true, "Selu": true, "Softplus": true, "Mish": true, "Gelu": true,
}

// findPatterns finds the fused patterns and notes the tensors inside them.
func (f *finder) findPatterns() {
	composites := make(map[string][]pattern) // activations of several nodes, by the tensor that they read
	taken := make(map[ir.Node]bool)          // nodes of composites: their Add is no core
	for _, n := range f.Ordered {
		if p := f.guarded(n); p != nil {
			f.enclose(*p)
			f.floors[n] = true
		}
	}
	c := &curves{finder: f, of: make(map[string][]curve)}
	for _, n := range f.Ordered {
		if !ir.Standard(n) {
			continue
		}
		x, p := c.composite(n)
		if p != nil && f.floors[n] && len(p.nodes) == 1 { // a maximum that is a Clip is a floor first
			x, p = "", nil
		}
		if p == nil {
			p = f.normalization(n)
		}
		if p == nil {
			p = f.softmax(n)
		}
		if p == nil {
			continue
		}
		if x != "" && (activations[p.name] || p.name == "SiLU") {
			composites[x] = append(composites[x], *p)
		}
		f.enclose(*p)
		for _, n := range p.nodes {
			taken[n] = true
		}
	}
	for _, p := range f.pools {
		for _, t := range p.inner {
			if sinks.OnlyTo(f.Index, t, func(c ir.Node) bool { return f.pooled[c] || sinks.AllOf(c.GetOutput(), f.masking) }) {
				f.inside[t] = p.name
			}
		}
	}
	for _, n := range f.Ordered {
		if !ir.Standard(n) || taken[n] || f.floors[n] {
			continue
		}
		if p := f.biased(n); p != nil {
			f.enclose(*p)
		} else if p := f.affineSteps(n); p != nil && !taken[f.Producer(p.inner[0])] {
			f.enclose(*p)
		}
		if cores[n.GetOpType()] {
			f.activated(n, composites[ir.Output(n, 0)])
		}
	}
}

// enclose notes the tensors inside a pattern whose readers are all in it and that the network does not return. What
// only moves values from node to node of the pattern is in it.
func (f *finder) enclose(p pattern) {
	for _, t := range p.inner {
		if t != "" && f.within(t, p.nodes, maxNormDepth) {
			f.inside[t] = p.name
		}
	}
}

func (f *finder) within(t string, nodes []ir.Node, depth int) bool {
	return sinks.OnlyTo(f.Index, t, func(c ir.Node) bool {
		return slices.Contains(nodes, c) || depth > 0 && f.moves(c) && ir.Input(c, 0) == t && f.within(ir.Output(c, 0), nodes, depth-1)
	})
}

// biased matches a MatMul and the Add of its bias, a constant of [n], or of constant weights one number or a row of
// any dimensions ([1,n]), in either order. A mask is no bias.
func (f *finder) biased(add ir.Node) *pattern {
	if add.GetOpType() != "Add" || f.masked[ir.Output(add, 0)] {
		return nil
	}
	for i := range 2 {
		t := ir.Input(add, i)
		product, bias := f.made(t, "MatMul"), f.Constant(ir.Input(add, 1-i))
		if product == nil || bias == nil {
			continue
		}
		dims, layer := bias.GetDims(), f.Constant(ir.Input(product, 1)) != nil
		if len(dims) == 1 || layer && (len(dims) == 0 || ir.IsVector(dims)) {
			return &pattern{name: "MatMul + Add", nodes: []ir.Node{add}, inner: []string{t}}
		}
	}
	return nil
}

// affineSteps matches two factors or summands of constants, one a channel or one for all, behind each other, in any
// order: a learned scale and shift, or a mean and a deviation of data; the first may be a BatchNormalization.
func (f *finder) affineSteps(n ir.Node) *pattern {
	if ir.IsBatchNorm(n) {
		return nil
	}
	t, after := f.affineStep(n)
	before, first := f.affineStep(f.Producer(t))
	if after == nil || first == nil || before == "" || f.masked[ir.Output(n, 0)] {
		return nil
	}
	alone := ir.IsBatchNorm(f.Producer(t)) && len(after.GetDims()) > 1 // its channels are on the second axis
	if severalValues(after) && severalValues(first) && !alone && !slices.Equal(shorn(after.GetDims()), shorn(first.GetDims())) {
		return nil // one may be a column, the other a row
	}
	return &pattern{name: "scale and shift", nodes: []ir.Node{n}, inner: []string{t}}
}

// shorn is a shape without leading ones.
func shorn(dims []int64) []int64 {
	i := slices.IndexFunc(dims, func(d int64) bool { return d != 1 })
	return dims[max(i, 0):]
}

// affineStep returns the operand of a node that adds a constant to it or multiplies it with one, and the constant;
// nil where the node is none. A BatchNormalization that no layer has taken in is one too.
func (f *finder) affineStep(n ir.Node) (string, ir.Tensor) {
	if n != nil && ir.IsBatchNorm(n) && len(n.GetOutput()) == 1 {
		return ir.Input(n, 0), f.Constant(ir.Input(n, 1))
	}
	if n == nil || !ir.IsAffine(n) || len(n.GetInput()) != 2 {
		return "", nil
	}
	for i := range 2 {
		c := f.Constant(ir.Input(n, 1-i))
		if c != nil && f.varies[ir.Input(n, i)] && isChannels(c.GetDims()) && !(i == 1 && n.GetOpType() == "Div") {
			return ir.Input(n, i), c
		}
	}
	return "", nil
}

// activated matches a core and the activation behind it: one node, or one of the composites that read its output.
func (f *finder) activated(core ir.Node, composites []pattern) {
	t := ir.Output(core, 0)
	for _, p := range composites {
		f.enclose(pattern{name: core.GetOpType() + " + " + p.name, nodes: p.nodes, inner: []string{t}})
	}
	readers := f.readers(t)
	if len(readers) == 1 && f.isActivation(readers[0]) && !f.floors[readers[0]] && ir.Input(readers[0], 0) == t && !slices.Contains(readers[0].GetInput()[1:], t) {
		f.enclose(pattern{name: core.GetOpType() + " + " + readers[0].GetOpType(), nodes: readers, inner: []string{t}})
	}
}

// readers returns the nodes that read a tensor's values.
func (f *finder) readers(t string) []ir.Node {
	return slices.DeleteFunc(slices.Clone(f.Consumers(t)), f.readsShape)
}

func (f *finder) isActivation(n ir.Node) bool {
	return activations[n.GetOpType()] && (ir.Standard(n) || n.GetOpType() == "Gelu")
}

// made returns the node that makes a tensor if it is a standard one of that operator, else nil.
func (f *finder) made(t, op string) ir.Node {
	if n := f.Producer(t); n != nil && ir.Standard(n) && n.GetOpType() == op && ir.Output(n, 0) == t {
		return n
	}
	return nil
}

// and appends a node and the tensor between it and what follows.
func (p *pattern) and(n ir.Node, inner string) *pattern {
	p.nodes = append(p.nodes, n)
	if inner != "" {
		p.inner = append(p.inner, inner)
	}
	return p
}

// scalar returns the value of a constant of one element.
func (f *finder) scalar(t string) (float64, bool) {
	c := f.Constant(t)
	if c == nil {
		return 0, false
	}
	if n, err := ir.Count(c.GetDims()); err != nil || n != 1 {
		return 0, false
	}
	s := constantSet(c)
	if len(s.list) != 1 {
		return 0, false
	}
	return s.list[0], true
}

// is reports whether a tensor is a constant of one element with that value, up to what exporters lose in printing it.
func (f *finder) is(t string, want float64) bool {
	v, ok := f.scalar(t)
	return ok && math.Abs(v-want) <= 1e-3*math.Abs(want)
}
