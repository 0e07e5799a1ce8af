package qdq

import (
	"example.org/demote/internal/format"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/quant"
)

// Format is QuantizeLinear and DequantizeLinear of the standard domain. Files with those of com.microsoft are read by
// it too.
var Format = format.Format{
	Name: "qdq", File: "mixed.onnx", Does: "QuantizeLinear and DequantizeLinear, opset 21", Ends: []string{".onnx"},
	Runs: true, Detect: (*ir.Model).IsQDQ, Formula: quant.QDQ,
	Read: func(m *ir.Model, _ quant.Formula) (*network.Network, []quant.Grid, error) { return read(m) },
	Write: func(mix format.Mix) (w format.Written, err error) {
		w.Model, err = Write(mix.Network, mix.Records, mix.Low)
		return w, err
	},
}

// Microsoft is Format with the operators of the domain com.microsoft.
var Microsoft = format.Format{
	Name: "qdq-ms", File: "mixed-ms.onnx", Does: "the same of com.microsoft, the network's own opset",
	Ends: []string{".onnx"}, Runs: true,
	Write: func(mix format.Mix) (w format.Written, err error) {
		w.Model, err = writeMicrosoft(mix.Network, mix.Records, mix.Low)
		return w, err
	},
}
