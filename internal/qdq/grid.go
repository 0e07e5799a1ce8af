package qdq

import (
	"math"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/mistake"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/quant"
)

// linearParameters are the constants of a QuantizeLinear or DequantizeLinear: one scale and zero point, or one a
// channel.
type linearParameters struct {
	scales []float32
	zeros  []int64  // as many
	typ    ir.DType // of the integers
	axis   int64
}

// readLinear reads them. Errors name the node and what of it is wrong.
func readLinear(x *ir.Index, n ir.Node) (linearParameters, error) {
	var p linearParameters
	fail := func(format string, args ...any) (linearParameters, error) {
		return p, mistake.Errorf("%s: %w", ir.NodeName(n), mistake.Errorf(format, args...))
	}
	if ir.AttrInt(n, "block_size", 0) != 0 {
		return fail("attribute \"block_size\": scales for blocks are not supported")
	}
	for _, name := range []string{"axis", "block_size", "saturate", "output_dtype", "precision"} {
		if a := ir.Attr(n, name); a != nil && a.GetType() != onnxpb.AttributeProto_INT {
			return fail("attribute %q is of type %s, not INT", name, a.GetType())
		}
	}
	p.axis = ir.AttrInt(n, "axis", 1)
	t := x.Constant(ir.Input(n, 1))
	if t == nil || x.IsInput(ir.Input(n, 1)) {
		return fail("its scale %q is no constant", ir.Input(n, 1))
	}
	if ir.DType(t.GetDataType()) != ir.Float {
		return fail("its scale %q is of type %s, not FLOAT", ir.Input(n, 1), ir.DType(t.GetDataType()))
	}
	var err error
	if p.scales, err = ir.Floats(t); err != nil {
		return fail("%w", err)
	}
	if len(t.GetDims()) > 1 || len(p.scales) == 0 {
		return fail("its scale %q has dimensions %v", ir.Input(n, 1), t.GetDims())
	}
	for i, s := range p.scales {
		if !(s >= 0x1p-126) || math.IsInf(float64(s), 0) {
			return fail("scale %g in %q (element %d) is not a normal positive number", s, ir.Input(n, 1), i)
		}
	}
	p.zeros = make([]int64, len(p.scales))
	p.typ = ir.Uint8
	if zero := ir.Input(n, 2); zero != "" {
		z := x.Constant(zero)
		if z == nil || x.IsInput(zero) {
			return fail("its zero point %q is no constant", zero)
		}
		if p.typ = ir.DType(z.GetDataType()); integerBits(p.typ) == 0 {
			return fail("its zero point %q is of type %s: only integers of 4, 8 and 16 bits are supported, and 32 for biases", zero, p.typ)
		}
		if p.zeros, err = ir.Ints(z); err != nil {
			return fail("%w", err)
		}
		if len(p.zeros) != len(p.scales) {
			return fail("%d zero points in %q for %d scales", len(p.zeros), zero, len(p.scales))
		}
		return p, nil
	}
	if ir.IsDQ(n) {
		if c := x.Constant(ir.Input(n, 0)); c != nil {
			p.typ = ir.DType(c.GetDataType())
		} else if q := x.Producer(ir.Input(n, 0)); q != nil {
			p.typ = codeType(x, q)
		}
	} else {
		p.typ = codeType(x, n)
	}
	if integerBits(p.typ) == 0 {
		return fail("its integers are of type %s", p.typ)
	}
	return p, nil
}

// codeType returns the integer type that a QuantizeLinear makes.
func codeType(x *ir.Index, q ir.Node) ir.DType {
	if z := x.Constant(ir.Input(q, 2)); z != nil {
		return ir.DType(z.GetDataType())
	}
	if t := ir.DType(ir.AttrInt(q, "output_dtype", 0)); t != ir.Undefined {
		return t
	}
	return ir.Uint8
}

// integerBits returns the width of the integer types that codes are of, 0 for others.
func integerBits(t ir.DType) int {
	switch t {
	case onnxpb.TensorProto_INT4, onnxpb.TensorProto_UINT4:
		return 4
	case ir.Int8, ir.Uint8:
		return 8
	case ir.Int16, ir.Uint16:
		return 16
	case ir.Int32:
		return 32
	}
	return 0
}

func isSigned(t ir.DType) bool {
	return t == ir.Int8 || t == ir.Int16 || t == ir.Int32 || t == onnxpb.TensorProto_INT4
}

// qdqGrid returns the grid of a QuantizeLinear or DequantizeLinear of an activation.
func qdqGrid(x *ir.Index, n ir.Node) (quant.Grid, error) {
	p, err := readLinear(x, n)
	if err != nil {
		return quant.Grid{}, err
	}
	if len(p.scales) > 1 {
		return quant.Grid{}, mistake.Errorf("%s quantizes the activation %q per channel, with %d scales: activations need one scale a tensor", ir.NodeName(n), ir.Input(n, 0), len(p.scales))
	}
	bits := integerBits(p.typ)
	if bits > network.MaxBits {
		return quant.Grid{}, mistake.Errorf("%s: an activation in %s: 16 bits are the most", ir.NodeName(n), p.typ)
	}
	g, err := quant.FromScale(quant.QDQ, p.scales[0], int32(p.zeros[0]), bits, isSigned(p.typ))
	if err != nil {
		return g, mistake.Errorf("%s: scale %q, zero point %q: %w", ir.NodeName(n), ir.Input(n, 1), ir.Input(n, 2), err)
	}
	return g, nil
}
