package pair

import (
	"math"
	"slices"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
)

// compare fills in the first difference of the graphs and the constants that differ between matching nodes.
func (r *Report) compare(low *ir.Model, high *network.Network) error {
	lx, err := ir.NewIndex(low)
	if err != nil {
		return err
	}
	hx, err := ir.NewIndex(high.Model)
	if err != nil {
		return err
	}
	m := match(lx, hx, high.Model.Inputs())
	holders := make(map[string]int)
	for _, h := range high.Holders {
		holders[h.Tensor] = h.Index
	}
	r.Topology = m.first
	seen := make(map[[2]string]*Difference)
	for _, p := range m.pairs {
		for i := range min(len(p.low.GetInput()), len(p.high.GetInput())) {
			l, h := ir.Input(p.low, i), ir.Input(p.high, i)
			a, b := lx.Constant(l), hx.Constant(h)
			if a == nil || b == nil {
				continue
			}
			d := seen[[2]string{l, h}]
			first := d == nil
			if first {
				found, err := difference(a, b)
				if err != nil {
					return err
				}
				d = &found
				seen[[2]string{l, h}] = d
			}
			if d.Elements == 0 {
				continue
			}
			holder := follows(hx, p.high, holders)
			r.uses = append(r.uses, constantUse{node: hx.Order(p.high), input: i, low: a, lowName: l, holder: holder})
			if first {
				d.Kind, d.Node, d.Low, d.High, d.Holder = constantKind(hx, p.high, i), nodeLabel(p.high), l, h, holder
				r.Differences = append(r.Differences, *d)
			}
		}
	}
	return nil
}

// follows returns the holder whose bit chooses a node's constants for Follow: the first behind it, or for a Pad,
// whose value belongs to the tensor that it pads, the one in front of it. -1: none.
func follows(x *ir.Index, n ir.Node, holders map[string]int) int {
	if ir.Standard(n) && n.GetOpType() == "Pad" {
		if t := ir.Source(x, ir.Input(n, 0), func(t string) bool { _, ok := holders[t]; return ok }); t != "" {
			return holders[t]
		}
	}
	return holderBehind(x, n, holders)
}

// holderBehind returns the first holder, in the order of the graph, that a node's results run into without passing
// another one; -1 if they reach an output before.
func holderBehind(x *ir.Index, n ir.Node, holders map[string]int) int {
	best := -1
	seen := make(map[ir.Node]bool)
	var walk func(n ir.Node)
	walk = func(n ir.Node) {
		if seen[n] {
			return
		}
		seen[n] = true
		for _, t := range n.GetOutput() {
			if h, ok := holders[t]; ok {
				if best < 0 || h < best {
					best = h
				}
				continue
			}
			for _, c := range x.Consumers(t) {
				walk(c)
			}
		}
	}
	walk(n)
	return best
}

// difference compares two constants element by element. Of other types or dimensions, everything differs, by +Inf.
func difference(a, b ir.Tensor) (Difference, error) {
	size, err := ir.Count(b.GetDims())
	if err != nil {
		return Difference{}, err
	}
	all := Difference{Largest: math.Inf(1), Elements: int(size)}
	if a.GetDataType() != b.GetDataType() || !slices.Equal(a.GetDims(), b.GetDims()) {
		return all, nil
	}
	var d Difference
	add := func(delta float64) {
		if delta != 0 {
			d.Elements++
			d.Largest = max(d.Largest, math.Abs(delta))
		}
	}
	switch ir.DType(a.GetDataType()) {
	case ir.Float, ir.Float16, ir.BFloat16, ir.Double:
		x, err := ir.Floats(a)
		if err != nil {
			return d, err
		}
		y, err := ir.Floats(b)
		if err != nil {
			return d, err
		}
		for i := range x {
			if x[i] != y[i] && !(x[i] != x[i] && y[i] != y[i]) {
				add(float64(x[i]) - float64(y[i]))
			}
		}
	default:
		x, errX := ir.Ints(a)
		y, errY := ir.Ints(b)
		if errX != nil || errY != nil { // strings, complex numbers: not compared
			return d, nil
		}
		for i := range x {
			add(float64(x[i]) - float64(y[i]))
		}
	}
	return d, nil
}

// nodeLabel is a node's name or, where it has none, that of its first output.
func nodeLabel(n ir.Node) string {
	if n.GetName() != "" {
		return n.GetName()
	}
	return ir.Output(n, 0)
}

// constantKind says what a constant operand is to its node.
func constantKind(x *ir.Index, n ir.Node, i int) string {
	op := n.GetOpType()
	switch {
	case !ir.Standard(n):
	case op == "Conv" || op == "ConvTranspose" || op == "Gemm":
		if i == 2 {
			return "bias"
		}
		return "weight"
	case op == "MatMul":
		return "weight"
	case op == "Add" && len(x.Constant(ir.Input(n, i)).GetDims()) == 1:
		if p := x.Producer(ir.Input(n, 1-i)); p != nil && p.GetOpType() == "MatMul" {
			return "bias"
		}
	}
	return "constant"
}
