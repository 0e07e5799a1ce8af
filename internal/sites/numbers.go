package sites

import (
	"slices"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/sinks"
)

// findNumbers finds the float tensors whose values are names rather than quantities: all that comes of them is cast
// to integers or booleans, or asked whether it is equal to something. An index one step off is another word, so no
// grid fits them.
func (f *finder) findNumbers() {
	leads := make(map[ir.Node]bool) // all that comes of the node's first operand is a number
	number := func(t string) bool {
		lead := func(c ir.Node) bool { return leads[c] }
		// a shape is not asked of numbers alone
		return sinks.OnlyTo(f.Index, t, lead) && slices.ContainsFunc(f.Consumers(t), lead)
	}
	for _, n := range slices.Backward(f.Ordered) {
		for _, t := range n.GetOutput() {
			f.numbers[t] = number(t)
		}
		leads[n] = f.toInteger(n) || f.rounds(n) && sinks.AllOf(n.GetOutput(), f.numbers)
	}
	for t := range f.Inputs {
		f.numbers[t] = number(t)
	}
}

// toInteger reports whether a node makes integers or booleans of floats, by their exact values.
func (f *finder) toInteger(n ir.Node) bool {
	if !ir.Standard(n) {
		return false
	}
	switch n.GetOpType() {
	case "Cast", "CastLike":
		return ir.IsFloat(f.Type(ir.Input(n, 0))) && !ir.IsFloat(f.Type(ir.Output(n, 0)))
	case "Equal":
		return true
	}
	return false
}

// rounds reports whether numbers stay numbers behind a node: it moves them, or rounds them.
func (f *finder) rounds(n ir.Node) bool {
	return f.moves(n) || ir.Standard(n) && slices.Contains([]string{"Ceil", "Floor", "Round"}, n.GetOpType())
}
