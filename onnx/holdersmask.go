package onnx

import "slices"

// maskLimit is the value at and below which an added number switches an attention score off: exp(-1e4) is 0 in float32.
const maskLimit = -1e4

// findMasks finds the attention masks: an operand of an Add whose values are 0 and numbers <= maskLimit alone, or a Where
// that puts such a number in place of scores, if all that comes of it goes to Softmax. Quantizing the masked scores
// would spend the whole grid on the distance to the mask.
func (f *finder) findMasks() {
	f.findValues()
	toSoftmax := make(map[string]bool)
	leads := make(map[node]bool) // all that comes of the node goes to Softmax
	for _, n := range slices.Backward(f.nodes) {
		for _, t := range n.GetOutput() {
			toSoftmax[t] = f.onlyTo(t, func(c node) bool { return leads[c] })
		}
		leads[n] = standard(n) && n.GetOpType() == "Softmax" || f.passes(n) && allOf(n.GetOutput(), toSoftmax)
	}
	masks := make(map[node]bool)
	for _, n := range f.nodes {
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
	within := make(map[node]bool) // all that comes of the node is part of masks
	for _, n := range slices.Backward(f.nodes) {
		for _, t := range n.GetOutput() {
			f.masking[t] = f.values[t].isKnown() && f.onlyTo(t, func(c node) bool {
				return within[c] || f.counts[t] && f.pooled[c] || masks[c] && f.maskOperand(c, t)
			})
		}
		within[n] = allOf(n.GetOutput(), f.masking)
	}
}

// passes reports whether scores may pass a node between their mask and Softmax.
func (f *finder) passes(n node) bool { return f.moves(n) || is(n, scoring) }

// allOf reports whether all names, absent ones apart, are in a set.
func allOf(names []string, set map[string]bool) bool {
	return !slices.ContainsFunc(names, func(t string) bool { return t != "" && !set[t] })
}

// masks reports whether a node puts a mask on scores.
func (f *finder) masks(n node) bool {
	return slices.ContainsFunc(n.GetInput(), func(t string) bool { return f.maskOperand(n, t) })
}

// maskOperand reports whether a tensor is what a node masks scores by: of an Add, the operand that holds only 0 and values
// <= maskLimit; of a Where, such a value or the condition that chooses it.
func (f *finder) maskOperand(n node, t string) bool {
	if !standard(n) {
		return false
	}
	switch n.GetOpType() {
	case "Add":
		for i := range 2 {
			if input(n, i) == t && input(n, 1-i) != t {
				return f.values[t].isMask() && f.Type(t) == Float
			}
		}
	case "Where":
		a, b := f.values[input(n, 1)], f.values[input(n, 2)]
		return a.isOff() != b.isOff() && (t == input(n, 0) || f.values[t].isOff())
	}
	return false
}
