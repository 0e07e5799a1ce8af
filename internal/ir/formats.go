package ir

import (
	"slices"
)

// FakeQuantOp is the operator of a holder in a switchable network, in the domain "demote", version 1: inputs x (float)
// and the mask (uint8, one element a holder), output y, attributes `holder` (index in the mask; 0 there = high grid, else
// low), `low` and `high` (the six numbers of quant.Params.Floats). MaskInput is the graph input that holds the mask.
const (
	FakeQuantOp     = "FakeQuant"
	MaskInput       = "demote.mask"
	FakeQuantDomain = "demote"
)

// ContribDomain is ONNX Runtime's own domain, whose QuantizeLinear knows 16 bits at every operator set.
const ContribDomain = "com.microsoft"

func isLinear(n Node, op string) bool {
	return n.GetOpType() == op && (Standard(n) || n.GetDomain() == ContribDomain)
}

// IsDQ reports whether a node is a DequantizeLinear, of the standard domain or of Microsoft's.
func IsDQ(n Node) bool { return isLinear(n, "DequantizeLinear") }

// IsQ reports whether a node is a QuantizeLinear, of the standard domain or of Microsoft's.
func IsQ(n Node) bool { return isLinear(n, "QuantizeLinear") }

// IsQDQ reports whether a model has QuantizeLinear or DequantizeLinear nodes.
func (m *Model) IsQDQ() bool {
	return slices.ContainsFunc(m.Graph().GetNode(), func(n Node) bool { return IsQ(n) || IsDQ(n) })
}

// MCTQDomain is the domain of the quantizers that Sony's Model Compression Toolkit writes (package mct_quantizers).
const MCTQDomain = "mct_quantizers"

// IsMCTQ reports whether a node is of the Model Compression Toolkit's domain.
func IsMCTQ(n Node) bool { return n.GetDomain() == MCTQDomain }

// IsMCTQ reports whether a model has nodes of the toolkit's quantizers.
func (m *Model) IsMCTQ() bool {
	return slices.ContainsFunc(m.Graph().GetNode(), IsMCTQ)
}
