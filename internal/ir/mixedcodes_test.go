package ir_test

import (
	"testing"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/onnx/onnxpb"
)

// TestMixedCodes: codes of 4 bits stand beside what takes a byte, of which a runtime may plan the memory wrongly, where
// a node computes codes of 8 bits or truth values, and not where they are constants.
func TestMixedCodes(t *testing.T) {
	const four = "q = QuantizeLinear(x, s, z4)\na = DequantizeLinear(q, s, z4)\n"
	for text, want := range map[string]bool{
		four: false,
		four + "p = QuantizeLinear(x, s, z8)\nb = DequantizeLinear(p, s, z8)":   true,
		four + "p = QuantizeLinear(x, s, z16)\nb = DequantizeLinear(p, s, z16)": false,
		four + "n = IsNaN(a)\nb = Where(n, x, a)":                               true,
		four + "n = Expand(m, x)\nb = Where(n, x, a)":                           true,
		four + "b = Where(m, x, a)":                                             false,
		four + "c = Cast(a) to=2":                                               true,
		"p = QuantizeLinear(x, s, z8)\na = DequantizeLinear(p, s, z8)":          false,
		"n = IsNaN(x)\na = Where(n, x, x)":                                      false,
	} {
		m := onnxtest.FromText(t, "input x\nconst s = 1\nconst z8 uint8 [1] = 3\nconst z16 uint16 [1] = 3\nconst m bool [1] = 1\n"+text+"\nreturn a")
		m.Graph().Initializer = append(m.Graph().Initializer, &onnxpb.TensorProto{
			Name: ir.Str("z4"), Dims: []int64{1}, DataType: new(int32(onnxpb.TensorProto_UINT4)), RawData: []byte{3}})
		if got := m.MixedCodes(); got != want {
			t.Errorf("%v of %s", got, text)
		}
	}
}
