package repair_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"example.org/demote/internal/onnxtest"
	"example.org/demote/internal/repair"
)

// TestStreams finds the tensors whose channels may be scaled, where every operator between layers commutes with
// positive factors, and none where one does not.
func TestStreams(t *testing.T) {
	const convs = "input x\nconst v [4 3 3 3]\nconst w [5 4 1 1]\nconst b [4]\nc = Conv(x, v, b)\n"
	const matrices = "input x\nconst v [3 4]\nconst w [4 5]\nconst g [4]\nconst b [4]\n"
	for _, c := range []struct{ name, text, want string }{
		{"linear", convs + "y = Conv(c, w)\nreturn y", "c"},
		{"Relu", convs + "a = Relu(c)\ny = Conv(a, w)\nreturn y", "c a"},
		{"LeakyRelu", convs + "a = LeakyRelu(c) alpha=0.1\ny = Conv(a, w)\nreturn y", "c a"},
		{"PRelu", convs + "const s [4 1 1]\na = PRelu(c, s)\ny = Conv(a, w)\nreturn y", "c a"},
		{"Relu6", convs + "const zero = 0\nconst six = 6\na = Clip(c, zero, six)\ny = Conv(a, w)\nreturn y", ""},
		{"a Clip that is a Relu", convs + "const zero = 0\na = Clip(c, zero)\ny = Conv(a, w)\nreturn y", "c a"},
		{"a lower bound", convs + "const least = 0.5\na = Clip(c, least)\ny = Conv(a, w)\nreturn y", ""},
		{"SiLU", convs + "s = Sigmoid(c)\na = Mul(c, s)\ny = Conv(a, w)\nreturn y", ""},
		{"a gate of something else", convs + "s = Sigmoid(x)\na = Mul(c, s)\ny = Conv(a, w)\nreturn y", "c a"},
		{"an output", convs + "y = Conv(c, w)\nreturn y c", ""},
		{"a reader of the shape", convs + "y = Conv(c, w)\nz = Shape(c)\nreturn y z", "c"},
		{"another reader", convs + "y = Conv(c, w)\nz = Softmax(c)\nreturn y z", ""},
		{"depthwise", convs + "const d [4 1 3 3]\na = Relu(c)\ne = Conv(a, d) group=4\ny = Conv(e, w)\nreturn y", "c a|e"},
		{"groups", convs + "const h [6 2 1 1]\ny = Conv(c, h) group=2\nreturn y", "c"},
		{"transposed", convs + "const h [4 2 1 1]\ny = ConvTranspose(c, h)\nreturn y", "c"},
		{"pools and a classifier", convs + "const l [4 7]\np = MaxPool(c) kernel_shape=[2,2]\nq = GlobalAveragePool(p)\nf = Flatten(q)\ny = Gemm(f, l)\nreturn y", "c p q f"},
		{"a Flatten of more than channels", convs + "const l [16 7]\nf = Flatten(c)\ny = Gemm(f, l)\nreturn y", ""},
		{"a residual sum", convs + "const m [4 4 1 1]\na = Relu(c)\nd = Conv(a, m)\ns = Add(d, a)\ny = Conv(s, w)\nreturn y", "c a d s"},
		{"a sum with an input", convs + "s = Add(c, x)\ny = Conv(s, w)\nreturn y", ""},
		{"a sum of other channels", convs + "const m [1 4 1 1]\nd = Conv(c, m)\ns = Add(c, d)\ny = Conv(s, w)\nreturn y", ""},
		{"a constant summand", convs + "const k [1 4 1 1]\ns = Add(c, k)\ny = Conv(s, w)\nreturn y", "c s"},
		{"a summand of one number", convs + "const k = 1\ns = Add(c, k)\ny = Conv(s, w)\nreturn y", ""},
		{"matrices", matrices + "c = MatMul(x, v)\nd = Add(b, c)\na = Relu(d)\ny = MatMul(a, w)\nreturn y", "c d a"},
		{"Gemm", "input x\nconst v [4 3]\nconst w [4 5]\nc = Gemm(x, v) transB=1\na = Relu(c)\ny = Gemm(a, w)\nreturn y", "c a"},
		{"axes of two kinds", convs + "const l [4 7]\ny = MatMul(c, l)\nreturn y", ""},
		{"LayerNormalization", matrices + "n = LayerNormalization(x, g, b)\ny = MatMul(n, w)\nreturn y", "n norm"},
		{"LayerNormalization over several axes", matrices + "n = LayerNormalization(x, g, b) axis=1\ny = MatMul(n, w)\nreturn y", ""},
		{"LayerNormalization into a sum", matrices + "n = LayerNormalization(x, g, b)\ny = MatMul(n, w)\nz = Add(x, n)\nreturn y z", ""},
		{"a factor and a summand behind a quotient", matrices + "e = Sqrt(x)\nq = Div(x, e)\nm = Mul(q, g)\nn = Add(m, b)\ny = MatMul(n, w)\nreturn y", "m n norm"},
		{"GELU", matrices + "c = MatMul(x, v)\na = Gelu(c)\ny = MatMul(a, w)\nreturn y", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			list, err := repair.Streams(onnxtest.FromText(t, c.text))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range list {
				text := strings.Join(s.Tensors, " ")
				if s.Norm {
					text += " norm"
				}
				got = append(got, text)
			}
			if text := strings.Join(got, "|"); text != c.want {
				t.Errorf("%q, want %q", text, c.want)
			}
		})
	}
}

// TestTensors names what repairs must see, with the axes of the channels.
func TestTensors(t *testing.T) {
	axes, err := repair.Tensors(onnxtest.FromText(t, "input x\nconst v [4 3 3 3]\nconst b [4]\nconst w [5 4 1 1]\nc = Conv(x, v, b)\ns = Sigmoid(c)\ny = Conv(s, w, k)\nconst k [5]\nreturn y"))
	if err != nil || fmt.Sprint(axes) != "map[s:1]" {
		t.Errorf("%v, %v", axes, err)
	}
	axes, err = repair.Tensors(onnxtest.FromText(t, "input x\nconst v [3 4]\nconst w [4 5]\nc = MatMul(x, v)\na = Relu(c)\ny = MatMul(a, w)\nreturn y"))
	if names := slices.Sorted(func(yield func(string) bool) {
		for k, v := range axes {
			if !yield(fmt.Sprint(k, v)) {
				return
			}
		}
	}); err != nil || fmt.Sprint(names) != "[a-1 c-1]" {
		t.Errorf("%v, %v", axes, err)
	}
}
