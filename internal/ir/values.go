package ir

import (
	"slices"
)

// Values describes every tensor of the main graph that the model says something of: inputs,
// outputs and value infos.
func (m *Model) Values() []Value {
	var all []Value
	for _, v := range m.ValueInfos() {
		all = append(all, ValueOf(v))
	}
	return all
}

// Computed lists the tensors that the nodes of the main graph make, in computing order.
func (m *Model) Computed() []string {
	var all []string
	for _, n := range m.Graph().GetNode() {
		for _, t := range n.GetOutput() {
			if t != "" {
				all = append(all, t)
			}
		}
	}
	return all
}

// Maker says in a message what makes a tensor of the main graph: the operator and its name, or that it is an input.
func (m *Model) Maker(tensor string) string {
	for _, n := range m.Graph().GetNode() {
		if slices.Contains(n.GetOutput(), tensor) {
			return NodeName(n)
		}
	}
	return "no node"
}

// Nodes is the number of nodes of the main graph.
func (m *Model) Nodes() int { return len(m.Graph().GetNode()) }

// NodeName is what messages call a node of the main graph, by its place in computing order.
func (m *Model) NodeName(i int) string { return NodeName(m.Graph().GetNode()[i]) }

// MayBe tells whether a value may have the shape dims, as far as both are declared.
func (v Value) MayBe(dims []int64) bool {
	if v.Dims == nil || dims == nil {
		return true
	}
	if len(v.Dims) != len(dims) {
		return false
	}
	for i, d := range v.Dims {
		if d >= 0 && dims[i] >= 0 && d != dims[i] {
			return false
		}
	}
	return true
}
