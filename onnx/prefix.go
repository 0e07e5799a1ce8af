package onnx

import "slices"

// Loose lists the tensors that nodes of the main graph make and that nobody reads, neither a node nor, as an output, the
// caller. A runtime leaves out what makes them.
func (m *Model) Loose() []string {
	return slices.DeleteFunc(loose(m.Graph().GetNode()), func(t string) bool {
		return slices.ContainsFunc(m.Outputs(), func(v Value) bool { return v.Name == t })
	})
}

// loose are the tensors that some nodes make and none of them reads.
func loose(nodes []node) []string {
	read := make(map[string]bool)
	for _, n := range nodes {
		for _, t := range reads(n) {
			read[t] = true
		}
	}
	var all []string
	for _, n := range nodes {
		for _, t := range n.GetOutput() {
			if t != "" && !read[t] {
				all = append(all, t)
			}
		}
	}
	return all
}

// Nodes is the number of nodes of the main graph.
func (m *Model) Nodes() int { return len(m.Graph().GetNode()) }

// NodeName is what messages call a node of the main graph, by its place in computing order.
func (m *Model) NodeName(i int) string { return nodeName(m.Graph().GetNode()[i]) }

// Prefix is the model that ends behind its first nodes, in computing order: its outputs are the tensors that those make
// and none of them reads. It is nil where they make none, as no nodes do.
func (m *Model) Prefix(nodes int) *Model {
	outputs := loose(m.Graph().GetNode()[:nodes])
	if len(outputs) == 0 {
		return nil
	}
	return m.WithOutputs(outputs...)
}
