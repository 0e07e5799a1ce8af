package sites

import (
	"example.org/demote/internal/ir"
	"example.org/demote/internal/shapes"
)

// MACs returns the multiply-accumulates of the nodes of the model, by the nodes' names, for a run over the given
// shapes. Conv, ConvTranspose, MatMul and Gemm count by their definition: the number of elements of the output (of
// ConvTranspose of the input) times the length of one sum. Nodes of unknown shape and all other operators have none.
func MACs(m *ir.Model, dims map[string][]int64) map[string]float64 {
	shapes := make(map[string][]int64, len(dims))
	for name, d := range dims {
		shapes[name] = d
	}
	for _, t := range m.Graph().GetInitializer() {
		shapes[t.GetName()] = t.GetDims()
	}
	macs := make(map[string]float64)
	for _, n := range m.Graph().GetNode() {
		if v := nodeMACs(n, shapes); v > 0 && ir.Standard(n) {
			macs[ir.Label(n)] += v
		}
	}
	return macs
}

func nodeMACs(n ir.Node, known map[string][]int64) float64 {
	a, b, out := known[ir.Input(n, 0)], known[ir.Input(n, 1)], known[ir.Output(n, 0)]
	switch n.GetOpType() {
	case "Conv":
		return elementsOf(out) * elementsOf(shapes.Tail(b))
	case "ConvTranspose":
		return elementsOf(a) * elementsOf(shapes.Tail(b))
	case "MatMul":
		if len(a) > 0 && len(b) > 0 {
			return elementsOf(out) * float64(max(a[len(a)-1], 0))
		}
	case "Gemm":
		if len(a) == 2 {
			return elementsOf(out) * float64(max(a[1-ir.AttrInt(n, "transA", 0)], 0))
		}
	}
	return 0
}

// elementsOf is the number of elements of a shape; 0 where it is not known.
func elementsOf(dims []int64) float64 {
	if len(dims) == 0 {
		return 0
	}
	n := 1.0
	for _, d := range dims {
		n *= float64(max(d, 0))
	}
	return n
}
