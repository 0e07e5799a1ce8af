package ir

import (
	"slices"
)

// FakeQuantOp is the operator of an activation quantizer (holder) in a switchable network, in the domain
// FakeQuantDomain, version 1. Its inputs are x (float32) and the mask (uint8, one element per holder), its output is y,
// with the shape of x: each value quantized and dequantized, on one of two grids. Its attributes are `holder` (index in
// the mask, where 0 selects the high grid, else low), `low` and `high` (the six numbers of quant.Params.Floats). It is
// this program's own, and package cgo registers its kernel with ONNX Runtime. MaskInput is the graph input of the mask.
// On a GPU it may have the attribute clip, or be a FakeQuantOf, see rewrite.Fused.
const (
	FakeQuantOp     = "FakeQuant"
	MaskInput       = "demote.mask"
	FakeQuantDomain = "demote"
)

// ContribDomain is the domain of ONNX Runtime's own operators. Its QuantizeLinear has 16-bit types with every
// operator set.
const ContribDomain = "com.microsoft"

// isLinear reports whether a node is one of the two operators of QDQ files, of the standard or of ONNX Runtime's
// domain.
func isLinear(n Node, op string) bool {
	return n.GetOpType() == op && (Standard(n) || n.GetDomain() == ContribDomain)
}

// IsDQ reports whether a node is a DequantizeLinear of the standard domain or of ContribDomain: inputs x (integers),
// scale and optionally the zero point, y = (x - zero point) * scale.
func IsDQ(n Node) bool { return isLinear(n, "DequantizeLinear") }

// IsQ reports whether a node is a QuantizeLinear of the standard domain or of ContribDomain: inputs x (float), scale
// and optionally the zero point, y = saturate(round(x / scale) + zero point), ties to even.
func IsQ(n Node) bool { return isLinear(n, "QuantizeLinear") }

// IsQDQ reports whether a model has QuantizeLinear or DequantizeLinear nodes.
func (m *Model) IsQDQ() bool {
	return slices.ContainsFunc(m.Graph().GetNode(), func(n Node) bool { return IsQ(n) || IsDQ(n) })
}

// MCTQDomain is the domain of the quantizers that Sony's Model Compression Toolkit writes (package mct_quantizers).
const MCTQDomain = "mct_quantizers"

// IsMCTQ reports whether a node is of the Model Compression Toolkit's domain.
func IsMCTQ(n Node) bool { return n.GetDomain() == MCTQDomain }

// IsMCTQ reports whether a model has quantizers of the Model Compression Toolkit.
func (m *Model) IsMCTQ() bool {
	return slices.ContainsFunc(m.Graph().GetNode(), IsMCTQ)
}
