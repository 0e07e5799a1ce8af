package sites

import "example.org/demote/internal/ir"

// guarded matches a floor that keeps values away from zero, by a Clip, a Max or an Add with a positive number, and
// all that reads it, as long as that is a logarithm, a root, a negative power or a denominator, for which zero is
// infinity. A grid between the two would put the zeros back; it lies in front of the floor.
func (f *finder) guarded(n ir.Node) *pattern {
	t := ir.Output(n, 0)
	readers := f.readers(t)
	if !ir.Standard(n) || len(readers) == 0 || f.IsOutput(t) || !f.varies[t] || f.masked[t] || !f.isFloor(n) {
		return nil
	}
	for _, r := range readers {
		if !f.needsFloor(r, t) {
			return nil
		}
	}
	return &pattern{name: "a floor before " + readers[0].GetOpType(), nodes: readers, inner: []string{t}}
}

// isFloor reports whether a node puts a number above zero under its values, or adds one to them.
func (f *finder) isFloor(n ir.Node) bool {
	switch n.GetOpType() {
	case "Clip":
		low, known := f.scalar(ir.Input(n, 1))
		return known && low > 0
	case "Max", "Add":
		if len(n.GetInput()) != 2 {
			return false
		}
		for i := range 2 {
			if v, known := f.scalar(ir.Input(n, i)); known && v > 0 {
				return true
			}
		}
	}
	return false
}

// needsFloor reports whether a node makes infinity of a zero in a tensor, or an infinite slope.
func (f *finder) needsFloor(n ir.Node, t string) bool {
	if !ir.Standard(n) {
		return false
	}
	switch n.GetOpType() {
	case "Log", "Reciprocal", "Sqrt":
		return true
	case "Div":
		return ir.Input(n, 1) == t && ir.Input(n, 0) != t
	case "Pow":
		exponent, known := f.scalar(ir.Input(n, 1))
		return ir.Input(n, 0) == t && known && exponent < 1
	}
	return false
}
