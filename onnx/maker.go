package onnx

import "slices"

// Maker says in a message what makes a tensor of the main graph: the operator and its name, or that it is an input.
func (m *Model) Maker(tensor string) string {
	for _, n := range m.Graph().GetNode() {
		if slices.Contains(n.GetOutput(), tensor) {
			return nodeName(n)
		}
	}
	return "no node"
}
