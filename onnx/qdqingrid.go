package onnx

import (
	"math"

	"demote/onnx/onnxpb"
	"demote/quant"
)

// linearParameters are the constants of a QuantizeLinear or DequantizeLinear: one scale and zero point, or one a channel.
type linearParameters struct {
	scales []float32
	zeros  []int64 // as many
	typ    DType   // of the integers
	axis   int64
}

// readLinear reads them. Errors name the node and what of it is wrong.
func readLinear(x *Index, n node) (linearParameters, error) {
	var p linearParameters
	fail := func(format string, args ...any) (linearParameters, error) {
		return p, badf("%s: %w", nodeName(n), badf(format, args...))
	}
	if attrInt(n, "block_size", 0) != 0 {
		return fail("attribute \"block_size\": scales for blocks are not supported")
	}
	for _, name := range []string{"axis", "block_size", "saturate", "output_dtype", "precision"} {
		if a := attr(n, name); a != nil && a.GetType() != onnxpb.AttributeProto_INT {
			return fail("attribute %q is of type %s, not INT", name, a.GetType())
		}
	}
	p.axis = attrInt(n, "axis", 1)
	t := x.Constant(input(n, 1))
	if t == nil || x.IsInput(input(n, 1)) {
		return fail("its scale %q is no constant", input(n, 1))
	}
	if DType(t.GetDataType()) != Float {
		return fail("its scale %q is of type %s, not FLOAT", input(n, 1), DType(t.GetDataType()))
	}
	var err error
	if p.scales, err = Floats(t); err != nil {
		return fail("%w", err)
	}
	if len(t.GetDims()) > 1 || len(p.scales) == 0 {
		return fail("its scale %q has dimensions %v", input(n, 1), t.GetDims())
	}
	for i, s := range p.scales {
		if !(s >= 0x1p-126) || math.IsInf(float64(s), 0) {
			return fail("scale %g in %q (element %d) is not a normal positive number", s, input(n, 1), i)
		}
	}
	p.zeros = make([]int64, len(p.scales))
	p.typ = Uint8
	if zero := input(n, 2); zero != "" {
		z := x.Constant(zero)
		if z == nil || x.IsInput(zero) {
			return fail("its zero point %q is no constant", zero)
		}
		if p.typ = DType(z.GetDataType()); integerBits(p.typ) == 0 {
			return fail("its zero point %q is of type %s: only integers of 4, 8 and 16 bits are supported, and 32 for biases", zero, p.typ)
		}
		if p.zeros, err = Ints(z); err != nil {
			return fail("%w", err)
		}
		if len(p.zeros) != len(p.scales) {
			return fail("%d zero points in %q for %d scales", len(p.zeros), zero, len(p.scales))
		}
		return p, nil
	}
	if isDQ(n) {
		if c := x.Constant(input(n, 0)); c != nil {
			p.typ = DType(c.GetDataType())
		} else if q := x.Producer(input(n, 0)); q != nil {
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
func codeType(x *Index, q node) DType {
	if z := x.Constant(input(q, 2)); z != nil {
		return DType(z.GetDataType())
	}
	if t := DType(attrInt(q, "output_dtype", 0)); t != Undefined {
		return t
	}
	return Uint8
}

// integerBits returns the width of the integer types that codes are of, 0 for others.
func integerBits(t DType) int {
	switch t {
	case onnxpb.TensorProto_INT4, onnxpb.TensorProto_UINT4:
		return 4
	case Int8, Uint8:
		return 8
	case Int16, Uint16:
		return 16
	case Int32:
		return 32
	}
	return 0
}

func isSigned(t DType) bool {
	return t == Int8 || t == Int16 || t == Int32 || t == onnxpb.TensorProto_INT4
}

// qdqGrid returns the grid of a QuantizeLinear or DequantizeLinear of an activation.
func qdqGrid(x *Index, n node) (quant.Grid, error) {
	p, err := readLinear(x, n)
	if err != nil {
		return quant.Grid{}, err
	}
	if len(p.scales) > 1 {
		return quant.Grid{}, badf("%s quantizes the activation %q per channel, with %d scales: activations need one scale a tensor", nodeName(n), input(n, 0), len(p.scales))
	}
	bits := integerBits(p.typ)
	if bits > maxBits {
		return quant.Grid{}, badf("%s: an activation in %s: 16 bits are the most", nodeName(n), p.typ)
	}
	g, err := quant.FromScale(quant.QDQ, p.scales[0], int32(p.zeros[0]), bits, isSigned(p.typ))
	if err != nil {
		return g, badf("%s: scale %q, zero point %q: %w", nodeName(n), input(n, 1), input(n, 2), err)
	}
	return g, nil
}
