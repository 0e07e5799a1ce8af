package opset

import (
	"testing"

	"example.org/demote/internal/onnxtest"
)

// TestSoftmaxOfKnownRankStays raises Softmax along its last axis, whose number of axes follows from nodes in front of
// it: it stays a Softmax along the last axis. Where the number is not known, or the axis is not the last, its axes
// are put together.
func TestSoftmaxOfKnownRankStays(t *testing.T) {
	const x = "input x\n const w [4 4]\n const f = 2\n const four int64 [4] = 0 1 2 2\n const two int64 [2] = 0 2\n const one int64 = 1\n const row int64 [1] = 1\n r = Reshape(x, four)\n"
	for _, c := range []struct {
		name, text string
		axis       int64
		flat       bool
	}{
		{"constant shape", x + "a = Identity(r)", 3, false},
		{"not the last axis", x + "a = Identity(r)", 2, true},
		{"of nothing known", "input n int64\n input x\n const four int64 [4] = 0 1 2 2\n a = Reshape(x, n)", 3, true},
		{"divided by a constant", x + "d = Identity(f)\n a = Div(r, d)", 3, false},
		{"product", x + "t = Transpose(r) perm=[0,2,1,3]\n a = MatMul(r, t)", 3, false},
		{"product of a vector", x + "v = Reshape(x, row)\n m = MatMul(r, v)\n a = Unsqueeze(m) axes=[3]", 3, false},
		{"product of a vector and a matrix", x + "v = Reshape(x, row)\n a = MatMul(v, r)", 2, false},
		{"shape from dimensions", x + "s = Shape(x)\n b = Gather(s, one)\n u = Unsqueeze(b) axes=[0]\n k = Concat(u, two, row) axis=0\n a = Reshape(x, k)", 3, false},
		{"its own shape", x + "s = Shape(r)\n a = Reshape(x, s)", 3, false},
		{"Unsqueeze", x + "v = Reshape(x, two)\n a = Unsqueeze(v) axes=[0,1]", 3, false},
		{"Squeeze", x + "a = Squeeze(r) axes=[1]", 2, false},
		{"Squeeze of whatever is 1", x + "a = Squeeze(r)", 2, true},
		{"Gather of one", x + "a = Gather(r, one) axis=1", 2, false},
		{"Gather of some", x + "a = Gather(r, four) axis=1", 3, false},
		{"Expand", x + "v = Reshape(x, two)\n a = Expand(v, four)", 3, false},
		{"Reduce that keeps its axes", x + "a = ReduceMean(r) axes=[1]", 3, false},
		{"Reduce", x + "a = ReduceMean(r) axes=[1] keepdims=0", 2, false},
		{"ReduceSum", x + "a = ReduceSum(r) axes=[1] keepdims=0", 2, false},
		{"LayerNorm of single operators", x + "m = ReduceMean(r) axes=[3]\n s = Sub(r, m)\n q = Mul(s, s)\n v = ReduceMean(q) axes=[3]\n e = Sqrt(v)\n a = Div(s, e)", 3, false},
		{"Where and comparison", x + "g = Greater(r, f)\n a = Where(g, r, f)", 3, false},
	} {
		m := onnxtest.FromText(t, c.text+"\n y = Softmax(a) axis="+string(rune('0'+c.axis))+"\n z = Neg(y)\n return z")
		for _, o := range m.Proto.OpsetImport {
			o.Version = new(int64(11))
		}
		m.Graph().Input[0].Type.GetTensorType().Shape = nil
		if err := Convert(m); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		flat := false
		for _, n := range m.Graph().Node {
			flat = flat || n.GetOpType() == "Flatten"
		}
		if flat != c.flat {
			t.Errorf("%s: its axes are put together: %t", c.name, flat)
		}
	}
}
