package sites

import (
	"slices"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/sinks"
)

// findMasks finds the attention masks: an operand of an Add whose values are 0 and numbers <= ir.MaskLimit alone, or
// a Where that puts such a number in place of scores, if all that comes of it goes to Softmax. Quantizing the masked
// scores would spend the whole grid on the distance to the mask.
func (f *finder) findMasks() {
	f.findValues()
	toSoftmax := make(map[string]bool)
	leads := make(map[ir.Node]bool) // all that comes of the node goes to Softmax
	for _, n := range slices.Backward(f.Ordered) {
		for _, t := range n.GetOutput() {
			toSoftmax[t] = sinks.OnlyTo(f.Index, t, func(c ir.Node) bool { return leads[c] })
		}
		leads[n] = ir.Standard(n) && n.GetOpType() == "Softmax" || f.passes(n) && sinks.AllOf(n.GetOutput(), toSoftmax)
	}
	masks := make(map[ir.Node]bool)
	for _, n := range f.Ordered {
		for _, t := range n.GetOutput() {
			if !toSoftmax[t] || !f.varies[t] || !f.passes(n) {
				continue
			}
			if f.masks(n) {
				masks[n] = true
			}
			if masks[n] || slices.ContainsFunc(n.GetInput(), func(in string) bool { return f.masked[in] }) {
				f.masked[t] = true
			}
		}
	}
	within := make(map[ir.Node]bool) // all that comes of the node is part of masks
	for _, n := range slices.Backward(f.Ordered) {
		for _, t := range n.GetOutput() {
			f.masking[t] = f.values[t].isKnown() && sinks.OnlyTo(f.Index, t, func(c ir.Node) bool {
				return within[c] || f.counts[t] && f.pooled[c] || masks[c] && f.maskOperand(c, t)
			})
		}
		within[n] = sinks.AllOf(n.GetOutput(), f.masking)
	}
}

// passes reports whether scores may pass a node between their mask and Softmax.
func (f *finder) passes(n ir.Node) bool { return f.moves(n) || ir.Is(n, ir.Scoring) }

// masks reports whether a node puts a mask on scores.
func (f *finder) masks(n ir.Node) bool {
	return slices.ContainsFunc(n.GetInput(), func(t string) bool { return f.maskOperand(n, t) })
}

// maskOperand reports whether a tensor is what a node masks scores by: of an Add, the operand that holds only 0 and
// values <= ir.MaskLimit; of a Where, such a value or the condition that chooses it.
func (f *finder) maskOperand(n ir.Node, t string) bool {
	if !ir.Standard(n) {
		return false
	}
	switch n.GetOpType() {
	case "Add":
		for i := range 2 {
			if ir.Input(n, i) == t && ir.Input(n, 1-i) != t {
				return f.values[t].isMask() && f.Type(t) == ir.Float
			}
		}
	case "Where":
		a, b := f.values[ir.Input(n, 1)], f.values[ir.Input(n, 2)]
		return a.isOff() != b.isOff() && (t == ir.Input(n, 0) || f.values[t].isOff())
	}
	return false
}
