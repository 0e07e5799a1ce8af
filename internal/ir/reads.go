package ir

import (
	"slices"

	"example.org/demote/onnx/onnxpb"
)

// TimesRead returns how often each tensor of a graph is read: once per input of a node, once per node of which only
// the subgraphs read it, and once per output of the graph. What is not read is absent. The map is new.
func TimesRead(g Graph) map[string]int {
	times := make(map[string]int)
	for _, nd := range g.GetNode() {
		for _, in := range nd.GetInput() {
			times[in]++
		}
		for _, in := range Reads(nd) {
			if !slices.Contains(nd.GetInput(), in) {
				times[in]++
			}
		}
	}
	for _, v := range g.GetOutput() {
		times[v.GetName()]++
	}
	return times
}

// TimesIn returns how often a node reads a tensor.
func TimesIn(n Node, t string) (times int) {
	for _, in := range n.GetInput() {
		if in == t {
			times++
		}
	}
	return times
}

// MarkRead adds to read the names of all tensors that the nodes of a graph and of its bodies read, and the outputs of
// the bodies.
func MarkRead(g Graph, read map[string]bool) {
	for _, n := range g.GetNode() {
		for _, name := range n.GetInput() {
			read[name] = true
		}
		for _, body := range Subgraphs(n) {
			MarkRead(body, read)
			for _, v := range body.GetOutput() {
				read[v.GetName()] = true
			}
		}
	}
}

// Prune removes, in place, the nodes, initializers and value infos that no output needs, from the outputs upwards. It
// keeps the inputs, and the bodies of the nodes that stay as they are. Nodes must be in topological order.
func (m *Model) Prune() {
	g := m.Graph()
	needed := make(map[string]bool)
	for _, v := range g.Output {
		needed[v.GetName()] = true
	}
	var nodes []Node
	for _, n := range slices.Backward(g.Node) {
		if !slices.ContainsFunc(n.GetOutput(), func(out string) bool { return needed[out] }) {
			continue
		}
		for _, in := range Reads(n) {
			needed[in] = true
		}
		nodes = append(nodes, n)
	}
	slices.Reverse(nodes)
	g.Node = nodes
	g.Initializer = slices.DeleteFunc(g.Initializer, func(t Tensor) bool { return !needed[t.GetName()] })
	outputs := make(map[string]bool)
	for _, v := range g.Output {
		outputs[v.GetName()] = true
	}
	g.ValueInfo = slices.DeleteFunc(g.ValueInfo, func(v *onnxpb.ValueInfoProto) bool {
		return !needed[v.GetName()] || outputs[v.GetName()]
	})
}
