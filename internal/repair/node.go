package repair

import (
	"example.org/demote/internal/ir"
)

// commuting are operators of one operand that commute with positive factors of channels, whatever their attributes.
var commuting = map[string]bool{
	"Relu": true, "LeakyRelu": true, "Identity": true, "MaxPool": true, "AveragePool": true, "GlobalAveragePool": true, "GlobalMaxPool": true,
	"Neg": true, "Abs": true,
}

// layerOps are the operators whose second input is weights.
var layerOps = map[string]bool{"Conv": true, "ConvTranspose": true, "Gemm": true, "MatMul": true}

// node takes a node's operands and results into streams.
func (f *finder) node(n ir.Node) {
	if ir.Is(n, ir.Shaping) { // which no factor changes
		for _, t := range n.GetOutput() {
			f.fix(t)
		}
		return
	}
	if !ir.Standard(n) || len(ir.Subgraphs(n)) > 0 || !f.known(n) {
		for _, t := range ir.Reads(n) {
			f.fix(t)
		}
		for _, t := range n.GetOutput() {
			f.fix(t)
		}
	}
}

// known is node for the operators of streams; false for others.
func (f *finder) known(n ir.Node) bool {
	in, out := ir.Input(n, 0), ir.Output(n, 0)
	switch op := n.GetOpType(); op {
	case "LayerNormalization":
		return f.norm(n)
	case "PRelu":
		if f.constant(ir.Input(n, 1)) == nil {
			return false
		}
		f.link(in, out)
	case "Clip":
		if !f.unbounded(n) {
			return false
		}
		f.link(in, out)
	case "Flatten":
		p := f.index.Producer(in)
		if p == nil || !ir.Standard(p) || p.GetOpType() != "GlobalAveragePool" && p.GetOpType() != "GlobalMaxPool" || ir.AttrInt(n, "axis", 1) != 1 {
			return false
		}
		f.link(in, out)
	case "Add", "Sub", "Sum":
		return f.sum(n)
	case "Mul", "Div":
		return f.product(n)
	default:
		if layerOps[op] {
			return f.layer(n)
		}
		if !commuting[op] || len(n.GetOutput()) != 1 || f.constant(in) != nil {
			return false
		}
		f.link(in, out)
	}
	return true
}

// layer takes in a node whose second input is weights.
func (f *finder) layer(n ir.Node) bool {
	in, out, w := ir.Input(n, 0), ir.Output(n, 0), f.constant(ir.Input(n, 1))
	if w == nil || f.constant(in) != nil || len(w.GetDims()) < 2 {
		return false
	}
	dims := w.GetDims()
	made, read := constant{node: n, input: 1}, constant{node: n, input: 1}
	axis, biased := 1, ir.Input(n, 2) != ""
	switch op := n.GetOpType(); op {
	case "Conv":
		made.count, made.channel = int(dims[0]), along(dims, 0)
		groups := int(max(1, ir.AttrInt(n, "group", 1)))
		if made.count%groups != 0 {
			return false
		}
		inner, perGroup := along(dims, 1), made.count/groups
		read.count = int(dims[1]) * groups
		read.channel = func(i int) int { return made.channel(i)/perGroup*int(dims[1]) + inner(i) }
	case "Gemm", "MatMul":
		axis, made.count = 0, int(dims[1])
		rows, columns := 0, 1
		if op == "MatMul" {
			axis = -1
		} else if ir.AttrInt(n, "transB", 0) != 0 {
			rows, columns = 1, 0
		}
		if len(dims) != 2 || ir.AttrInt(n, "transA", 0) != 0 {
			return false
		}
		made.count, made.channel = int(dims[columns]), along(dims, columns)
		read.count, read.channel = int(dims[rows]), along(dims, rows)
	default: // the groups of a ConvTranspose share scales
		if ir.AttrInt(n, "group", 1) != 1 {
			return false
		}
		made.count, made.channel = int(dims[1]), along(dims, 1)
		read.count, read.channel = int(dims[0]), along(dims, 0)
	}
	if biased && n.GetOpType() != "MatMul" {
		b := f.constant(ir.Input(n, 2))
		if b == nil || !ir.IsVector(b.GetDims()) || b.GetDims()[len(b.GetDims())-1] != int64(made.count) {
			return false
		}
		bias := constant{node: n, input: 2, count: made.count, channel: along(b.GetDims(), len(b.GetDims())-1)}
		f.of(out).into = append(f.of(out).into, bias)
	}
	f.of(out).into = append(f.of(out).into, made)
	f.of(in).outOf = append(f.of(in).outOf, read)
	f.of(out).lie(axis)
	f.of(in).lie(axis)
	return true
}

// norm takes in a LayerNormalization, whose factor and summand take scales in.
func (f *finder) norm(n ir.Node) bool {
	out := ir.Output(n, 0)
	if ir.AttrInt(n, "axis", -1) != -1 {
		return false
	}
	var list []constant
	for i := 1; i < len(n.GetInput()); i++ {
		if ir.Input(n, i) == "" {
			continue
		}
		c := f.constant(ir.Input(n, i))
		if c == nil || len(c.GetDims()) != 1 {
			return false
		}
		list = append(list, constant{node: n, input: i, count: int(c.GetDims()[0]), channel: along(c.GetDims(), 0)})
	}
	f.fix(ir.Input(n, 0))
	for _, more := range n.GetOutput()[1:] {
		f.fix(more)
	}
	p := f.of(out)
	p.into, p.norm = append(p.into, list...), true
	p.lie(-1)
	return true
}

// sum takes in a sum: of tensors, whose factors must be one, or of a tensor and a constant.
func (f *finder) sum(n ir.Node) bool {
	linked, constants := []string{ir.Output(n, 0)}, []constant{}
	for i, t := range n.GetInput() {
		if f.constant(t) != nil {
			constants = append(constants, constant{node: n, input: i})
		} else {
			linked = append(linked, t)
		}
	}
	if len(linked) == 1 {
		return false
	}
	f.link(linked...)
	f.of(linked[0]).into = append(f.of(linked[0]).into, constants...)
	return true
}

// product takes in a product with a constant or with a gate. A vector of constants behind a normalization takes scales
// in, as the last step of one that is written in single operators.
func (f *finder) product(n ir.Node) bool {
	a, b, out := ir.Input(n, 0), ir.Input(n, 1), ir.Output(n, 0)
	at := 1
	if n.GetOpType() == "Mul" && (f.constant(a) != nil || f.gate(a)) {
		a, b, at = b, a, 0
	}
	switch c := f.constant(b); {
	case f.constant(a) != nil:
		return false
	case c != nil && n.GetOpType() == "Mul" && len(c.GetDims()) == 1 && c.GetDims()[0] > 1:
		f.fix(a)
		p := f.of(out)
		p.into, p.norm = append(p.into, constant{node: n, input: at, count: int(c.GetDims()[0]), channel: along(c.GetDims(), 0)}), true
		p.lie(-1)
	case c != nil || f.gate(b):
		f.link(a, out)
	default:
		return false
	}
	return true
}

// gate reports whether a tensor is a factor between 0 and 1, which stays what it is.
func (f *finder) gate(t string) bool {
	p := f.index.Producer(t)
	return p != nil && ir.Standard(p) && (p.GetOpType() == "Sigmoid" || p.GetOpType() == "HardSigmoid")
}
