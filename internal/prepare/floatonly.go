package prepare

import (
	"strings"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/sites"
	"example.org/demote/mistake"
)

// quantizedOps are the operators that compute with quantized activations, beside those whose names begin with QLinear
// or QOrdered, or hold QuantizeLinear or FakeQuant, whatever their domain (toolkits have domains of their own).
// Operators with nothing but quantized weights, such as MatMulNBits, are not among them.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
var quantizedOps = map[string]bool{
	"ConvInteger": true, "MatMulInteger": true, "MatMulInteger16": true, "MatMulIntegerToFloat": true, "DynamicQuantizeMatMul": true,
	"DynamicQuantizeLSTM": true, "QGemm": true, "QAttention": true, "QEmbedLayerNormalization": true, "QuantizeBFP": true, "DequantizeBFP": true,
	"QuantizeWithOrder": true, "DequantizeWithOrder": true,
}

// RefuseQuantized refuses a network with quantized activations: a second quantization would be compared with the first
// one. Nodes that only restore constants, a weight or the rows of a table after DequantizeLinear, are allowed, and so
// are nodes that no output of the network depends on.
func RefuseQuantized(m *ir.Model) error {
	live, err := sites.LiveNodes(m)
	if err != nil {
		return err
	}
	return m.Walk(func(p *ir.Place, n ir.Node) error {
		if !live[n] {
			return nil
		}
		op := n.GetOpType()
		linear := strings.Contains(op, "QuantizeLinear") || strings.Contains(op, "DequantizeLinear") || strings.Contains(op, "FakeQuant")
		var how string
		switch {
		case (linear || ir.IsMCTQ(n)) && !p.Depends(ir.Input(n, 0)):
			return nil // of constants
		case strings.HasPrefix(op, "DequantizeLinear") && p.Stores(ir.Input(n, 0)):
			return nil // of constants that the network takes a part of
		case strings.HasPrefix(op, "Dynamic") && (linear || quantizedOps[op]):
			how = "dynamic quantization"
		case ir.IsMCTQ(n):
			how = "quantizers of " + ir.MCTQDomain
		case linear:
			how = "QDQ format"
		case quantizedOps[op] || strings.HasPrefix(op, "QLinear") || strings.HasPrefix(op, "QOrdered"):
			how = "QOperator format"
		default:
			return nil
		}
		return mistake.Errorf("%s quantizes activations (%s): give the float network that it was made of, or two quantized files of it with --low and --high", p.Name(n), how)
	})
}

// RefuseComputedHalf refuses a network with a part that computes in float16 or bfloat16 on values that depend on its
// inputs: grids are defined for float32 alone. Constants behind a Cast are float32 already, and inputs that are cast at
// once are converted. Nodes that no output depends on are allowed.
func RefuseComputedHalf(m *ir.Model) error {
	live, err := sites.LiveNodes(m)
	if err != nil {
		return err
	}
	return m.Walk(func(p *ir.Place, n ir.Node) error {
		if ir.Is(n, ir.Carrying) || !live[n] {
			return nil
		}
		for _, list := range [][]string{n.GetOutput(), n.GetInput()} {
			for _, t := range list {
				if typ := p.Types.Known(t); (typ == ir.Float16 || typ == ir.BFloat16) && t != "" && p.Depends(t) {
					return &PrecisionError{typ, mistake.Errorf("%s computes in %s: give the float network, exported in float32", p.Name(n), ir.TypeName(typ))}
				}
			}
		}
		return nil
	})
}
