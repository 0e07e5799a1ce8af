package prepare

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/onnx/onnxpb"
)

// TestFloatNetworksOnly refuses networks that are quantized or compute in half precision, naming the first node, and
// takes those in which constants alone are.
func TestFloatNetworksOnly(t *testing.T) {
	const scale = "const s = 0.1\n const z uint8 = 0\n const sw [4] = 1 1 1 1\n const zw int8 [4] = 0 0 0 0\n"
	domain := func(name string) func(*ir.Model) {
		return func(m *ir.Model) {
			for _, n := range m.Graph().Node {
				if strings.Contains(n.GetOpType(), "uantize") || strings.HasPrefix(n.GetOpType(), "Q") || strings.HasSuffix(n.GetOpType(), "NBits") || strings.Contains(n.GetOpType(), "Integer") {
					n.Domain = &name
				}
			}
			m.Proto.OpsetImport = append(m.Proto.OpsetImport, &onnxpb.OperatorSetIdProto{Domain: &name, Version: proto.Int64(1)})
		}
	}
	half := func(names ...string) func(*ir.Model) {
		return func(m *ir.Model) {
			for _, c := range m.Graph().Initializer {
				for _, name := range names {
					if c.GetName() == name {
						n := 1
						for _, d := range c.Dims {
							n *= int(d)
						}
						c.DataType, c.FloatData, c.RawData = proto.Int32(int32(ir.Float16)), nil, make([]byte, 2*n)
					}
				}
			}
		}
	}
	for _, c := range []struct {
		name, body, text string
		change           func(*ir.Model)
		want             []string // of the refusal; nil: it is taken
	}{
		{"QDQ", "", "input x\n" + scale + "const w [4 4]\n q = QuantizeLinear(x, s, z)\n d = DequantizeLinear(q, s, z)\n y = MatMul(d, w)\n return y", nil, []string{`QuantizeLinear node "node_q"`, "QDQ"}},
		{"QDQ in the middle", "", "input x\n" + scale + "const w [4 4]\n a = MatMul(x, w)\n q = QuantizeLinear(a, s, z)\n d = DequantizeLinear(q, s, z)\n y = MatMul(d, w)\n return y", nil, []string{`QuantizeLinear node "node_q"`, "QDQ"}},
		{"QDQ of ONNX Runtime", "", "input x\n" + scale + "const w [4 4]\n q = QuantizeLinear(x, s, z)\n d = DequantizeLinear(q, s, z)\n y = MatMul(d, w)\n return y", domain("com.microsoft"), []string{`QuantizeLinear node "node_q"`, "QDQ"}},
		{"QDQ of another toolkit", "", "input x\n" + scale + "const w [4 4]\n q = VitisQuantizeLinear(x, s, z)\n y = MatMul(q, w)\n return y", domain("com.vai.quantize"), []string{`VitisQuantizeLinear node "node_q"`}},
		{"an integer input", "", "input x uint8\n" + scale + "const w [4 4]\n d = DequantizeLinear(x, s, z)\n y = MatMul(d, w)\n return y", nil, []string{`DequantizeLinear node "node_d"`}},
		{"dynamic quantization", "", "input x\n" + scale + "const w int8 [4 4] = 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n q, qs, qz = DynamicQuantizeLinear(x)\n i = MatMulInteger(q, w, qz)\n f = Cast(i) to=1\n y = Mul(f, qs)\n return y", nil, []string{`DynamicQuantizeLinear node "node_q"`, "dynamic"}},
		{"dynamic quantization, fused", "", "input x\n" + scale + "const w int8 [4 4] = 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n y = DynamicQuantizeMatMul(x, w, s)\n return y", domain("com.microsoft"), []string{`DynamicQuantizeMatMul node "node_y"`, "dynamic"}},
		{"QOperator", "", "input x uint8\n" + scale + "const w int8 [4 4] = 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n y = QLinearMatMul(x, s, z, w, s, zw, s, z)\n return y", nil, []string{`QLinearMatMul node "node_y"`, "QOperator"}},
		{"QOperator of ONNX Runtime", "", "input x uint8\n" + scale + "y = QGemm(x, s, z)\n return y", domain("com.microsoft"), []string{`QGemm node "node_y"`, "QOperator"}},
		{"QDQ in a branch", "If", scale + "const wb [4 4]\n q = QuantizeLinear(a, s, z)\n d = DequantizeLinear(q, s, z)\n return d", nil, []string{`QuantizeLinear node "node_q" inside If node "branch"`}},
		{"QDQ in a loop", "Loop", scale + "q = QuantizeLinear(a, s, z)\n d = DequantizeLinear(q, s, z)\n return d", nil, []string{`QuantizeLinear node "node_q" inside Loop node "loop"`}},
		{"half", "", "input x float16\n const w [4 4]\n y = MatMul(x, w)\n return y", half("w"), []string{`MatMul node "node_y" computes in float16`, "float32"}},
		{"half in the middle", "", "input x\n const v [4 4]\n const w [4 4]\n a = MatMul(x, v)\n h = Cast(a) to=10\n m = MatMul(h, w)\n y = Cast(m) to=1\n return y", half("w"), []string{`MatMul node "node_m" computes in float16`}},
		{"bfloat16 in the middle", "", "input x\n const v [4 4]\n a = MatMul(x, v)\n h = Cast(a) to=16\n m = Sigmoid(h)\n y = Cast(m) to=1\n return y", nil, []string{`Sigmoid node "node_m" computes in bfloat16`}},
		{"half in a branch", "If", "h = Cast(a) to=10\n m = Sigmoid(h)\n d = Cast(m) to=1\n return d", nil, []string{`Sigmoid node "node_m" inside If node "branch" computes in float16`}},

		{"a row of an integer input", "", "input x uint8\n" + scale + "const i int64 = 0\n const w [4 4]\n g = Gather(x, i)\n d = DequantizeLinear(g, s, z)\n y = MatMul(d, w)\n return y", nil, []string{`DequantizeLinear node "node_d"`}},
		{"a table and activations joined", "", "input x uint8\n" + scale + "const t uint8 [1 4] = 1 2 3 4\n const w [4 4]\n g = Concat(t, x) axis=0\n d = DequantizeLinear(g, s, z)\n y = MatMul(d, w)\n return y", nil, []string{`DequantizeLinear node "node_d"`}},
		{"a table that is summed", "", "input i int64\n" + scale + "const t uint8 [2 4] = 1 2 3 4 5 6 7 8\n const w [4 4]\n g = Gather(t, i)\n a = Add(g, g)\n d = DequantizeLinear(a, s, z)\n y = MatMul(d, w)\n return y", nil, []string{`DequantizeLinear node "node_d"`}},

		{"a table", "", "input i int64\n" + scale + "const t uint8 [2 4] = 1 2 3 4 5 6 7 8\n const w [4 4]\n g = Gather(t, i)\n d = DequantizeLinear(g, s, z)\n y = MatMul(d, w)\n r = Neg(y)\n return r", nil, nil},
		{"a table, moved on", "", "input i int64\n input n int64\n" + scale + "const t uint8 [2 4] = 1 2 3 4 5 6 7 8\n const w [4 4]\n g = Gather(t, i)\n v = Reshape(g, n)\n c = Concat(v, t) axis=0\n d = DequantizeLinear(c, s, z)\n y = MatMul(d, w)\n r = Neg(y)\n return r", nil, nil},
		{"a table in a branch", "If", scale + "const tb uint8 [2 4] = 1 2 3 4 5 6 7 8\n h = ArgMax(a)\n g = Gather(tb, h)\n d = DequantizeLinear(g, s, z)\n return d", nil, nil},
		{"QDQ that no output depends on", "", "input x\n" + scale + "const w [4 4]\n a = MatMul(x, w)\n q = QuantizeLinear(a, s, z)\n d = DequantizeLinear(q, s, z)\n y = Neg(a)\n return y", nil, nil},
		{"half that no output depends on", "", "input x\n const w [4 4]\n a = MatMul(x, w)\n h = Cast(a) to=10\n d = Sigmoid(h)\n y = Neg(a)\n return y", nil, nil},
		{"QDQ that no output of a branch depends on", "If", scale + "q = QuantizeLinear(a, s, z)\n d = DequantizeLinear(q, s, z)\n m = Sigmoid(a)\n return m", nil, nil},
		{"weights alone", "", "input x\n" + scale + "const w int8 [4 4] = 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n d = DequantizeLinear(w, sw, zw) axis=0\n y = MatMul(x, d)\n r = Neg(y)\n return r", nil, nil},
		{"weights through both", "", "input x\n" + scale + "const w [4 4]\n const zi int8 = 0\n q = QuantizeLinear(w, s, zi)\n d = DequantizeLinear(q, s, zi)\n y = MatMul(x, d)\n r = Neg(y)\n return r", nil, nil},
		{"weights of 4 bits", "", "input x\n" + scale + "const w uint8 [4 1 2] = 1 1 1 1 1 1 1 1\n y = MatMulNBits(x, w, sw) K=4 N=4 bits=4 block_size=16\n r = Neg(y)\n return r", domain("com.microsoft"), nil},
		{"half weights behind a Cast", "", "input x\n const w [4 4]\n c = Cast(w) to=1\n y = MatMul(x, c)\n r = Neg(y)\n return r", half("w"), nil},
		{"half weights, moved and cast", "", "input x\n const w [4 4]\n t = Transpose(w)\n c = Cast(t) to=1\n y = MatMul(x, c)\n r = Neg(y)\n return r", half("w"), nil},
		{"a half input that is cast at once", "", "input x float16\n const w [4 4]\n c = Cast(x) to=1\n y = MatMul(c, w)\n r = Neg(y)\n return r", nil, nil},
		{"weights in a branch", "If", scale + "const wb int8 [4 4] = 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n d = DequantizeLinear(wb, sw, zw) axis=0\n m = MatMul(a, d)\n return m", nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var m *ir.Model
			if c.body != "" {
				m = onnxtest.InBody(t, c.body, c.text)
			} else {
				m = onnxtest.FromText(t, c.text)
			}
			if c.change != nil {
				c.change(m)
			}
			m.Path = "file.onnx"
			_, err := Network(m, network.Options{})
			if c.want == nil {
				if err != nil {
					t.Error(err)
				}
				return
			}
			onnxtest.CheckBad(t, err, append(c.want, "file.onnx: ", "give the float network")...)
		})
	}
}

// TestTrainingIsRefused: a network that draws lots, or is in training mode anywhere, is refused by the node's name;
// in a form that draws none it is taken.
func TestTrainingIsRefused(t *testing.T) {
	const head = "input x\n const w [4 4]\n const p = 0.5\n const none = 0\n const yes bool = 1\n const no bool = 0\n a = MatMul(x, w)\n"
	for _, c := range []struct {
		name, body, text string
		want             []string
	}{
		{"Dropout", "", head + "d = Dropout(a, p, yes)\n y = MatMul(d, w)\n return y", []string{`Dropout node "node_d"`, "training mode", "evaluation mode"}},
		{"Dropout at the end", "", head + "y = Dropout(a, p, yes)\n return y", []string{`Dropout node "node_y"`}},
		{"Dropout by an input", "", head + "input t bool\n d = Dropout(a, p, t)\n y = MatMul(d, w)\n return y", []string{`Dropout node "node_d"`, `"t"`, "not known"}},
		{"Dropout by a Constant node", "", head + "t = Not(no)\n d = Dropout(a, p, t)\n y = MatMul(d, w)\n return y", []string{`Dropout node "node_d" is in training mode`}},
		{"RandomNormal", "", head + "r = RandomNormal() shape=[4]\n m = Mul(a, r)\n y = Neg(m)\n return y", []string{`RandomNormal node "node_r"`, "lot"}},
		{"RandomUniform with a seed", "", head + "r = RandomUniform() shape=[4] seed=1.0\n m = Mul(a, r)\n y = Neg(m)\n return y", []string{`RandomUniform node "node_r"`}},
		{"RandomNormalLike", "", head + "r = RandomNormalLike(a)\n m = Mul(a, r)\n y = Neg(m)\n return y", []string{`RandomNormalLike node "node_r"`}},
		{"RandomUniformLike", "", head + "r = RandomUniformLike(a)\n m = Mul(a, r)\n y = Neg(m)\n return y", []string{`RandomUniformLike node "node_r"`}},
		{"Bernoulli", "", head + "r = Bernoulli(a)\n m = Mul(a, r)\n y = Neg(m)\n return y", []string{`Bernoulli node "node_r"`}},
		{"Multinomial", "", head + "r = Multinomial(a)\n f = Cast(r) to=1\n y = Neg(f)\n return y", []string{`Multinomial node "node_r"`}},
		{"BatchNormalization", "", head + "const g [4]\n b, mean, var = BatchNormalization(a, g, g, g, g) training_mode=1\n y = Neg(b)\n return y", []string{`BatchNormalization node "node_b"`, "evaluation mode"}},
		{"in a branch", "If", "const p = 0.5\n const yes bool = 1\n d = Dropout(a, p, yes)\n return d", []string{`Dropout node "node_d" inside If node "branch"`}},
		{"in a loop", "Loop", "r = RandomNormalLike(a)\n d = Add(a, r)\n return d", []string{`RandomNormalLike node "node_r" inside Loop node "loop"`}},
		{"BatchNormalization in a loop", "Loop", "const g [4]\n d, mean, var = BatchNormalization(a, g, g, g, g) training_mode=1\n return d", []string{`BatchNormalization node "node_d" inside Loop node "loop"`}},

		{"Dropout without a mode", "", head + "d = Dropout(a, p)\n y = MatMul(d, w)\n return y", nil},
		{"Dropout out of training", "", head + "d = Dropout(a, p, no)\n y = MatMul(d, w)\n return y", nil},
		{"Dropout out of training by a constant that is computed", "", head + "t = Not(yes)\n d = Dropout(a, p, t)\n y = MatMul(d, w)\n return y", nil},
		{"Dropout of nothing", "", head + "d = Dropout(a, none, yes)\n y = MatMul(d, w)\n return y", nil},
		{"nothing depends on it", "", head + "r = RandomNormalLike(a)\n s = Neg(r)\n y = MatMul(a, w)\n return y", nil},
		{"its shape alone", "", head + "r = RandomNormalLike(a)\n s = Shape(r)\n b = Reshape(a, s)\n y = MatMul(b, w)\n return y", nil},
		{"out of training in a branch", "If", "const p = 0.5\n const no bool = 0\n d = Dropout(a, p, no)\n return d", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := onnxtest.FromText(t, c.text)
			if c.body != "" {
				m = onnxtest.InBody(t, c.body, c.text)
			}
			m.Path = "file.onnx"
			_, err := Network(m, network.Options{})
			if c.want == nil {
				if err != nil {
					t.Error(err)
				}
				return
			}
			onnxtest.CheckBad(t, err, append(c.want, "file.onnx: ")...)
		})
	}
}
