package affine

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/mistake"
)

// affineNode evaluates a 1x1 Conv, a 1x1 ConvTranspose or a Gemm on one sample of some channels in float64: what such
// a node is once space is left out.
func affineNode(t *testing.T, x *ir.Index, n ir.Node, in []float64) []float64 {
	t.Helper()
	w, err := ir.Floats(x.Initializer(ir.Input(n, 1)))
	if err != nil {
		t.Fatal(err)
	}
	dims := x.Initializer(ir.Input(n, 1)).GetDims()
	group := int(ir.AttrInt(n, "group", 1))
	alpha, beta := 1.0, 1.0
	var weight func(out, in int) float64
	var outs int
	switch n.GetOpType() {
	case "Conv":
		outs = int(dims[0])
		weight = func(o, i int) float64 {
			if o/(outs/group) != i/int(dims[1]) {
				return 0
			}
			return float64(w[o*int(dims[1])+i%int(dims[1])])
		}
	case "ConvTranspose":
		outs = int(dims[1]) * group
		weight = func(o, i int) float64 {
			if o/int(dims[1]) != i/(int(dims[0])/group) {
				return 0
			}
			return float64(w[i*int(dims[1])+o%int(dims[1])])
		}
	case "Gemm":
		alpha, beta = float64(ir.AttrFloat(n, "alpha", 1)), float64(ir.AttrFloat(n, "beta", 1))
		outs = int(dims[1])
		weight = func(o, i int) float64 { return float64(w[i*outs+o]) }
		if ir.AttrInt(n, "transB", 0) != 0 {
			outs = int(dims[0])
			weight = func(o, i int) float64 { return float64(w[o*int(dims[1])+i]) }
		}
	}
	out := make([]float64, outs)
	for o := range out {
		for i, v := range in {
			out[o] += alpha * weight(o, i) * v
		}
		if c := x.Initializer(ir.Input(n, 2)); c != nil {
			b, err := ir.Floats(c)
			if err != nil {
				t.Fatal(err)
			}
			out[o] += beta * float64(b[o%len(b)])
		}
	}
	return out
}

// normalize evaluates a BatchNormalization.
func normalize(t *testing.T, x *ir.Index, n ir.Node, in []float64) []float64 {
	t.Helper()
	var p [5][]float32
	for i := 1; i < 5; i++ {
		var err error
		if p[i], err = ir.Floats(x.Initializer(ir.Input(n, i))); err != nil {
			t.Fatal(err)
		}
	}
	out := make([]float64, len(in))
	for i, v := range in {
		out[i] = (v-float64(p[3][i]))/math.Sqrt(float64(p[4][i])+float64(ir.AttrFloat(n, "epsilon", 1e-5)))*float64(p[1][i]) + float64(p[2][i])
	}
	return out
}

// run evaluates a chain of such nodes.
func runChain(t *testing.T, m *ir.Model, in []float64) []float64 {
	t.Helper()
	x, err := ir.NewIndex(m)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range x.Nodes() {
		if n.GetOpType() == "BatchNormalization" {
			in = normalize(t, x, n, in)
		} else {
			in = affineNode(t, x, n, in)
		}
	}
	return in
}

const norms = "const g [4] = 1 -2 0.5 3\n const s [4] = 0.1 0.2 0 -1\n const mean [4] = 1 2 -3 0\n const var [4] = 0.5 1 2 0.001\n const b [4] = 1 2 3 4\n"

func TestFoldBatchNorm(t *testing.T) {
	for _, c := range []struct{ name, text string }{
		{"conv", "const w [4 6 1 1]\n c = Conv(x, w)\n y = BatchNormalization(c, g, s, mean, var)\n return y"},
		{"conv with bias, another epsilon", "const w [4 6 1 1]\n c = Conv(x, w, b)\n y = BatchNormalization(c, g, s, mean, var) epsilon=0.01\n return y"},
		{"conv in groups", "const w [4 3 1 1]\n c = Conv(x, w, b) group=2\n y = BatchNormalization(c, g, s, mean, var)\n return y"},
		{"transposed conv", "const w [6 4 1 1]\n c = ConvTranspose(x, w, b)\n y = BatchNormalization(c, g, s, mean, var)\n return y"},
		{"transposed conv in groups", "const w [6 2 1 1]\n c = ConvTranspose(x, w) group=2\n y = BatchNormalization(c, g, s, mean, var)\n return y"},
		{"gemm", "const w [6 4]\n c = Gemm(x, w, b) alpha=0.5 beta=2.0\n y = BatchNormalization(c, g, s, mean, var)\n return y"},
		{"gemm, transposed, one number as bias", "const w [4 6]\n const k = 3\n c = Gemm(x, w, k) transB=1 beta=2.0\n y = BatchNormalization(c, g, s, mean, var)\n return y"},
		{"two in a row", "const w [4 6 1 1]\n c = Conv(x, w, b)\n d = BatchNormalization(c, g, s, mean, var)\n y = BatchNormalization(d, s, g, var, g) epsilon=2.5\n return y"},
		{"shared weights", "const w [4 4 1 1]\n a = Conv(x, w, b)\n d = BatchNormalization(a, g, s, mean, var)\n c = Conv(d, w, b)\n y = BatchNormalization(c, s, g, mean, var)\n return y"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := onnxtest.FromText(t, "input x\n"+norms+c.text)
			in := make([]float64, 6)
			if strings.Contains(c.name, "shared") {
				in = in[:4]
			}
			const seed = 3
			random := rand.New(rand.NewPCG(seed, 0))
			for i := range in {
				in[i] = random.NormFloat64()
			}
			want := runChain(t, m, in)
			if err := BatchNorm(m); err != nil {
				t.Fatal(err)
			}
			for _, n := range m.Graph().Node {
				if n.GetOpType() == "BatchNormalization" {
					t.Errorf("%s is still there", ir.NodeName(n))
				}
			}
			if last := m.Graph().Node[len(m.Graph().Node)-1]; ir.Output(last, 0) != "y" {
				t.Errorf("the result is called %q", ir.Output(last, 0))
			}
			for _, name := range []string{"mean", "var", "g", "s"} {
				for _, left := range m.Graph().Initializer {
					if left.GetName() == name {
						t.Errorf("initializer %q is still there", name)
					}
				}
			}
			got := runChain(t, m, in)
			for i := range want {
				if math.Abs(got[i]-want[i]) > 1e-5*(1+math.Abs(want[i])) { // weights are rounded to float32
					t.Errorf("channel %d is %g, want %g", i, got[i], want[i])
				}
			}
		})
	}
}

func TestFoldBatchNormLeavesOthers(t *testing.T) {
	for _, c := range []struct{ name, text string }{
		{"another reader", "const w [4 6 1 1]\n c = Conv(x, w)\n d = BatchNormalization(c, g, s, mean, var)\n y = Add(c, d)\n return y"},
		{"an output of the network", "const w [4 6 1 1]\n c = Conv(x, w)\n y = BatchNormalization(c, g, s, mean, var)\n return y c"},
		{"another operator", "c = Neg(x)\n y = BatchNormalization(c, g, s, mean, var)\n return y"},
		{"weights that are computed", "c = Conv(x, x)\n y = BatchNormalization(c, g, s, mean, var)\n return y"},
		{"parameters that are computed", "const w [4 6 1 1]\n k = Neg(x)\n c = Conv(x, w)\n y = BatchNormalization(c, k, s, mean, var)\n return y"},
		{"an input", "y = BatchNormalization(x, g, s, mean, var)\n return y"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := onnxtest.FromText(t, "input x\n"+norms+c.text)
			before := len(m.Graph().Node)
			if err := BatchNorm(m); err != nil {
				t.Fatal(err)
			}
			if len(m.Graph().Node) != before || len(m.Graph().Initializer) < 5 {
				t.Errorf("%d nodes of %d are left", len(m.Graph().Node), before)
			}
		})
	}
}

func TestFoldBatchNormRoundsOnce(t *testing.T) {
	m := onnxtest.FromText(t, "input x\n const w [1 1 1 1] = 0.1\n const g [1] = 0.3\n const z [1] = 0\n const v [1] = 0.7\n c = Conv(x, w)\n y = BatchNormalization(c, g, z, z, v)\n return y")
	if err := BatchNorm(m); err != nil {
		t.Fatal(err)
	}
	w, err := ir.Floats(m.Graph().Initializer[0])
	if err != nil {
		t.Fatal(err)
	}
	want := float32(float64(float32(0.1)) * (float64(float32(0.3)) / math.Sqrt(float64(float32(0.7))+float64(float32(1e-5)))))
	if w[0] != want {
		t.Errorf("weight %v, want %v", w[0], want)
	}
}

func TestFoldBatchNormErrors(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"training mode", "const w [4 6 1 1]\n c = Conv(x, w)\n y = BatchNormalization(c, g, s, mean, var) training_mode=1\n return y", "training mode"},
		{"running statistics", "const w [4 6 1 1]\n c = Conv(x, w)\n y, m, v = BatchNormalization(c, g, s, mean, var)\n return y m v", "training mode"},
		{"a negative variance", "const w [4 6 1 1]\n c = Conv(x, w)\n y = BatchNormalization(c, g, s, mean, mean)\n return y", "channel 2"},
		{"parameters of different length", "const w [4 6 1 1]\n const k [3]\n c = Conv(x, w)\n y = BatchNormalization(c, g, k, mean, var)\n return y", `"k"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := BatchNorm(onnxtest.FromText(t, "input x\n"+norms+c.text))
			if err == nil || !errors.Is(err, mistake.Err) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "node_y") {
				t.Errorf("error %v, want %q and the node in it", err, c.want)
			}
		})
	}
}
