package onnx

// The FakeQuant node of a switchable network, and the graph input with the mask: one byte a holder, 0 = high grid.
const (
	fakeQuantDomain = "demote"
	fakeQuantOp     = "FakeQuant"
	MaskInput       = "demote.mask"
)
