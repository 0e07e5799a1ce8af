package shapes

import (
	"example.org/demote/internal/ir"
	"example.org/demote/onnx/onnxpb"
)

// Ranks are the numbers of axes of the tensors of a graph, from declarations and from the nodes that make them.
type Ranks struct {
	Known map[string]int
	Makes map[string]ir.Node
}

// NewRanks reads a graph's declarations.
func NewRanks(g ir.Graph) *Ranks {
	r := &Ranks{Known: make(map[string]int), Makes: make(map[string]ir.Node)}
	for _, list := range [][]*onnxpb.ValueInfoProto{g.GetInput(), g.GetOutput(), g.GetValueInfo()} {
		for _, v := range list {
			if t := v.GetType().GetTensorType(); t != nil && t.Shape != nil {
				r.Known[v.GetName()] = len(t.Shape.Dim)
			}
		}
	}
	for _, t := range g.GetInitializer() {
		r.Known[t.GetName()] = len(t.GetDims())
	}
	for _, n := range g.GetNode() {
		for _, out := range n.GetOutput() {
			r.Makes[out] = n
		}
	}
	return r
}
