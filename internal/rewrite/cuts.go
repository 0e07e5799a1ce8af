package rewrite

import (
	"slices"

	"example.org/demote/internal/ir"
	"example.org/demote/onnx/onnxpb"
)

// A Cut is a place in the node order where few tensors are alive: everything after it depends on them alone (and on
// constants and the mask).
type Cut struct {
	Tensors []string // alive at the cut: computed before it, read behind it; network inputs are left out
	node    int      // nodes before this index lie in front of the cut
}

// maxAlive bounds the tensors of a cut: beyond it, what is stored costs more than it saves.
const maxAlive = 4

// Cuts returns the places where a switchable network can be cut with at most a few live tensors, in order. The first is
// the network's input and the last its output; both are always there. Only nodes that the outputs depend on count.
// Places with the same live tensors are one cut.
//
// Every tensor at a cut is the output of a FakeQuant of known shape. ONNX Runtime fuses nothing across that operator,
// so the pieces compute the bits of the whole network, and the tensor's values lie on a grid. No average pool after the
// cut reads such a tensor: whether ONNX Runtime pools in its blocked layout, where it adds in another order, depends on
// the node before the pool.
func Cuts(m *ir.Model, outputs ...string) []Cut {
	nodes := m.Graph().GetNode()
	needed := ancestors(m, outputs)
	last := make(map[string]int)   // tensor -> index of the last needed node that reads it
	pooled := make(map[string]int) // tensor -> index of the last average pool that reads it
	for i, n := range nodes {
		if needed[i] {
			for _, t := range ir.Reads(n) {
				last[t] = i
				if ir.Is(n, ir.Averaging) {
					pooled[t] = i
				}
			}
		}
	}
	final := make(map[string]bool)
	for _, o := range outputs {
		last[o] = len(nodes)
		final[o] = true
	}
	floats, fakes := floatTensors(m), FakeQuants(m)
	cuts := []Cut{{node: 0}}
	var alive []string // in order of computing
	for i, n := range nodes {
		if !needed[i] {
			continue
		}
		alive = slices.DeleteFunc(alive, func(t string) bool { return last[t] <= i })
		for _, t := range n.GetOutput() {
			if t != "" && last[t] > i {
				alive = append(alive, t)
			}
		}
		if len(alive) == 0 || len(alive) > maxAlive || slices.ContainsFunc(alive, func(t string) bool {
			_, fake := fakes[t]
			return final[t] || !floats[t] || !fake || pooled[t] > i
		}) {
			continue
		}
		if c := cuts[len(cuts)-1]; !slices.Equal(c.Tensors, alive) {
			cuts = append(cuts, Cut{Tensors: slices.Clone(alive), node: i + 1})
		}
	}
	return append(cuts, Cut{Tensors: slices.Clone(outputs), node: len(nodes)})
}

// ancestors marks the nodes on which the given tensors depend.
func ancestors(m *ir.Model, tensors []string) []bool {
	nodes := m.Graph().GetNode()
	wanted := make(map[string]bool)
	for _, t := range tensors {
		wanted[t] = true
	}
	needed := make([]bool, len(nodes))
	for i := len(nodes) - 1; i >= 0; i-- {
		if slices.ContainsFunc(nodes[i].GetOutput(), func(t string) bool { return wanted[t] }) {
			needed[i] = true
			for _, t := range ir.Reads(nodes[i]) {
				wanted[t] = true
			}
		}
	}
	return needed
}

// floatTensors are the tensors whose full shape is known and whose elements are float32.
func floatTensors(m *ir.Model) map[string]bool {
	known := make(map[string]bool)
	for _, v := range m.Graph().GetValueInfo() {
		t := v.GetType().GetTensorType()
		if t == nil || t.Shape == nil || ir.DType(t.GetElemType()) != ir.Float {
			continue
		}
		known[v.GetName()] = !slices.ContainsFunc(t.Shape.Dim, func(d *onnxpb.TensorShapeProto_Dimension) bool {
			return d.GetDimValue() <= 0
		})
	}
	return known
}

// Segment is the piece of the network between two cuts as a model of its own. Its inputs are the tensors of from that
// it reads, and the network's inputs and the mask if it reads them. Its outputs are the tensors of to that it computes,
// and at the network's end those that are inputs of the network. All keep their names, types and shapes.
func Segment(m *ir.Model, from, to Cut) *ir.Model {
	g := m.Graph()
	made := make(map[string]bool) // by nodes of the segment
	for _, n := range g.GetNode()[from.node:to.node] {
		for _, t := range n.GetOutput() {
			made[t] = true
		}
	}
	passed := func(t string) bool {
		return to.node == len(g.GetNode()) && slices.ContainsFunc(m.Inputs(), func(v ir.Value) bool { return v.Name == t })
	}
	var outputs []string
	read := make(map[string]bool)
	for _, t := range to.Tensors {
		if made[t] || passed(t) {
			outputs = append(outputs, t)
			read[t] = true // which matters for an input
		}
	}
	needed := ancestors(m, outputs)
	sub := &onnxpb.GraphProto{Name: g.Name}
	for i, n := range g.GetNode() {
		if i >= from.node && i < to.node && needed[i] {
			sub.Node = append(sub.Node, n)
			for _, t := range ir.Reads(n) {
				read[t] = true
			}
		}
	}
	for _, t := range g.GetInitializer() {
		if read[t.GetName()] {
			sub.Initializer = append(sub.Initializer, t)
			delete(read, t.GetName())
		}
	}
	info := m.ValueInfos()
	for _, v := range g.GetInput() {
		if read[v.GetName()] {
			sub.Input = append(sub.Input, v)
		}
	}
	for _, t := range from.Tensors {
		if read[t] {
			sub.Input = append(sub.Input, info[t])
		}
	}
	for _, t := range outputs {
		sub.Output = append(sub.Output, info[t])
	}
	for _, v := range g.GetValueInfo() {
		if made[v.GetName()] && !slices.Contains(outputs, v.GetName()) {
			sub.ValueInfo = append(sub.ValueInfo, v)
		}
	}
	p := &onnxpb.ModelProto{IrVersion: m.Proto.IrVersion, OpsetImport: m.Proto.OpsetImport, Functions: m.Proto.Functions, Graph: sub}
	return &ir.Model{Proto: p, Dir: m.Dir, Path: m.Path}
}

// Behind is the network from a cut to its end, with the tensors of later cuts that it makes as further outputs, each
// once, behind its own, and how many those are.
func Behind(m *ir.Model, from, end Cut, later []Cut) (behind *ir.Model, left int) {
	to := Cut{Tensors: slices.Clone(end.Tensors), node: end.node}
	for _, c := range later {
		for _, t := range c.Tensors {
			if !slices.Contains(from.Tensors, t) && !slices.Contains(to.Tensors, t) {
				to.Tensors, left = append(to.Tensors, t), left+1
			}
		}
	}
	return Segment(m, from, to), left
}

// FakeQuants maps the output tensors of the FakeQuant nodes of a switchable model to their holders.
func FakeQuants(m *ir.Model) map[string]int {
	holders := make(map[string]int)
	for _, n := range m.Graph().GetNode() {
		if (n.GetOpType() == ir.FakeQuantOp || n.GetOpType() == fakeQuantCodesOp) && n.GetDomain() == ir.FakeQuantDomain {
			holders[ir.Output(n, 0)] = int(ir.AttrInt(n, "holder", -1))
		}
	}
	return holders
}
