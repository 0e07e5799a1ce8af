package onnx

import "slices"

// findNumbers finds the float tensors whose values are names rather than quantities: all that comes of them is cast to
// integers or booleans, or asked whether it is equal to something. An index one step off is another word, so no grid fits them.
func (f *finder) findNumbers() {
	leads := make(map[node]bool) // all that comes of the node's first operand is a number
	number := func(t string) bool {
		lead := func(c node) bool { return leads[c] }
		return f.onlyTo(t, lead) && slices.ContainsFunc(f.Consumers(t), lead) // a shape is not asked of numbers alone
	}
	for _, n := range slices.Backward(f.nodes) {
		for _, t := range n.GetOutput() {
			f.numbers[t] = number(t)
		}
		leads[n] = f.toInteger(n) || f.rounds(n) && allOf(n.GetOutput(), f.numbers)
	}
	for t := range f.inputs {
		f.numbers[t] = number(t)
	}
}

// toInteger reports whether a node makes integers or booleans of floats, by their exact values.
func (f *finder) toInteger(n node) bool {
	if !standard(n) {
		return false
	}
	switch n.GetOpType() {
	case "Cast", "CastLike":
		return isFloat(f.Type(input(n, 0))) && !isFloat(f.Type(output(n, 0)))
	case "Equal":
		return true
	}
	return false
}

// rounds reports whether numbers stay numbers behind a node: it moves them, or rounds them.
func (f *finder) rounds(n node) bool {
	return f.moves(n) || standard(n) && slices.Contains([]string{"Ceil", "Floor", "Round"}, n.GetOpType())
}
