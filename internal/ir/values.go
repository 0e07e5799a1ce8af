package ir

import (
	"slices"
)

// Values returns the descriptions of all declared tensors of the main graph: inputs, outputs and value infos, each
// name once, in no order.
func (m *Model) Values() []Value {
	var all []Value
	for _, v := range m.ValueInfos() {
		all = append(all, ValueOf(v))
	}
	return all
}

// Computed returns the names of the tensors that the nodes of the main graph compute, in topological order, those of
// Constant nodes among them. Inputs, initializers and what bodies compute inside are not. The slice is new.
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

// Maker returns the producer of a tensor of the main graph for messages: the operator and its name, or that it is an
// input.
func (m *Model) Maker(tensor string) string {
	for _, n := range m.Graph().GetNode() {
		if slices.Contains(n.GetOutput(), tensor) {
			return NodeName(n)
		}
	}
	return "no node"
}

// Nodes returns the number of nodes of the main graph.
func (m *Model) Nodes() int { return len(m.Graph().GetNode()) }

// NodeName returns the name of node i of the main graph, in topological order, for messages.
func (m *Model) NodeName(i int) string { return NodeName(m.Graph().GetNode()[i]) }

// MayBe reports whether a value can have the shape dims. Sizes of -1 and an unknown rank, nil, fit everything, on
// either side.
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
