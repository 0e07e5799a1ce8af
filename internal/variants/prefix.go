package variants

import (
	"slices"

	"example.org/demote/internal/ir"
)

// Loose lists the outputs of nodes of the main graph that no node reads and that are no outputs of the graph. A runtime
// leaves out the nodes that make them.
func Loose(m *ir.Model) []string {
	return slices.DeleteFunc(loose(m.Graph().GetNode()), func(t string) bool {
		return slices.ContainsFunc(m.Outputs(), func(v ir.Value) bool { return v.Name == t })
	})
}

// loose are the tensors that some nodes make and none of them reads.
func loose(nodes []ir.Node) []string {
	read := make(map[string]bool)
	for _, n := range nodes {
		for _, t := range ir.Reads(n) {
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

// Prefix is the model that ends after its first nodes, in topological order. Its outputs are the tensors that these
// nodes make and none of them reads. It is nil if there are none.
func Prefix(m *ir.Model, nodes int) *ir.Model {
	outputs := loose(m.Graph().GetNode()[:nodes])
	if len(outputs) == 0 {
		return nil
	}
	return WithOutputs(m, outputs...)
}
