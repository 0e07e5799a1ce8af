package shapes_test

import (
	"fmt"
	"strings"
	"testing"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/internal/prepare"
	"example.org/demote/internal/shapes"
	"example.org/demote/internal/sites"
)

// TestWork counts by hand what stays in floating point, over sizes of the inputs alone.
func TestWork(t *testing.T) {
	const mat = "const w [4 4]\n a = MatMul(x, w)\n r = Relu(a)\n "
	x := []int64{2, 4} // 2 rows of 4
	for _, c := range []struct {
		name, body, text string
		x                []int64
		all, float       float64
		least            bool
		islands          []string
	}{
		{"nothing", "", "input x\n" + mat + "b = Neg(r)\n return b", x, 2 * 4 * 4, 0, false, nil},
		{"a convolution, a pool and a Gemm", "", "input x\n const w [6 3 3 3]\n c = Conv(x, w) pads=[1,1,1,1] strides=[2,2]\n p = MaxPool(c) kernel_shape=[2,2] strides=[2,2]\n" +
			" f = Flatten(p)\n const v [5 24]\n y = Gemm(f, v) transB=1\n return y", []int64{1, 3, 8, 8}, 6*4*4*27 + 5*24, 0, false, nil},
		{"a transposed convolution", "", "input x\n const w [3 2 2 2]\n c = ConvTranspose(x, w)\n y = Neg(c)\n return y", []int64{1, 3, 5, 5}, 75 * 8, 0, false, nil},
		{"an LSTM", "", "input x\n const wl [1 16 4]\n const rl [1 16 4]\n y, h, k = LSTM(x, wl, rl) hidden_size=4\n const w [4 4]\n o = MatMul(h, w)\n return o", []int64{7, 2, 4},
			7 * 2 * (64 + 64), 7 * 2 * (64 + 64), true, []string{"LSTM"}}, // the size behind an LSTM is no simple rule
		{"a GRU both ways", "", "input x\n const wl [2 9 4]\n const rl [2 9 3]\n y, h = GRU(x, wl, rl) hidden_size=3\n z = Neg(y)\n return z", []int64{5, 1, 4}, 5 * (72 + 54), 5 * (72 + 54), false, []string{"GRU"}},
		{"a branch", "If", "const wb [4 8]\n m = MatMul(a, wb)\n d = Relu(m)\n return d", x, 2*4*4 + 2*4*8, 2 * 4 * 8, false, []string{`If node "branch"`}},
		{"a loop of three", "Loop", "const wb [4 4]\n m = MatMul(a, wb)\n d = Relu(m)\n return d", x, 2*4*4 + 3*2*4*4, 3 * 2 * 4 * 4, false, []string{`Loop node "loop"`}},
		{"a branch without any", "If", "d = Relu(a)\n return d", x, 2 * 4 * 4, 0, false, nil},
		{"einsum", "", "input x\n const w [4 5]\n a = Einsum(x, w) equation=ij,jk->ik\n return a", x, 2 * 4 * 5, 0, false, nil},
		{"no sizes", "", "input x\n" + mat + "b = Neg(r)\n return b", nil, 16, 0, true, nil}, // every weight once
		{"what nothing needs", "", "input x\n" + mat + "const v [4 9]\n u = MatMul(r, v)\n b = Neg(r)\n return b", x, 2 * 4 * 4, 0, false, nil},
		{"doubles, in float32", "", "input x\n" + mat + "q = Cast(r) to=11\n u = MatMul(q, q)\n b = Cast(u) to=1\n return b", []int64{4, 4}, 64 + 64, 0, false, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := onnxtest.FromText(t, c.text)
			if c.body != "" {
				m = onnxtest.InBody(t, c.body, c.text)
			}
			if strings.HasPrefix(c.name, "doubles") {
				if err := prepare.Widen(m, ir.Double); err != nil {
					t.Fatal(err)
				}
			}
			n, err := prepare.Network(m, network.Options{})
			if err != nil {
				t.Fatal(err)
			}
			dims := map[string][]int64{}
			if c.x != nil {
				dims["x"] = c.x
			}
			w, err := sites.Measure(n, dims)
			if err != nil {
				t.Fatal(err)
			}
			if c.name == "an LSTM" { // its head reads a tensor of a size that is not known
				c.all += 16
			}
			if w.All != c.all || w.Float != c.float || w.Least != c.least || len(w.Islands) != len(c.islands) {
				t.Errorf("%+v, want %v of %v, least %v", w, c.float, c.all, c.least)
			}
			for i, name := range c.islands {
				if !strings.HasPrefix(w.Islands[i].Node, name) {
					t.Errorf("island %q, want %q", w.Islands[i].Node, name)
				}
			}
		})
	}
}

// TestWorkIsNeverWrongAboutSizes holds the sizes that are worked out without a runtime against declared ones:
// whatever a rule says of the real networks is what the file says, if it says anything.
func TestWorkIsNeverWrongAboutSizes(t *testing.T) {
	for _, path := range []string{onnxtest.ExampleFile, onnxtest.VitFile} {
		n, err := prepare.Network(onnxtest.ReadFile(t, path), network.Options{})
		if err != nil {
			t.Fatal(err)
		}
		x, err := ir.NewIndex(n.Model)
		if err != nil {
			t.Fatal(err)
		}
		s := &shapes.Sizes{Dims: map[string][]int64{}}
		for _, v := range n.Model.Inputs() {
			s.Dims[v.Name] = append([]int64{3}, v.Dims[1:]...)
		}
		for _, c := range n.Model.Graph().Initializer {
			s.Dims[c.GetName()] = c.GetDims()
		}
		for _, nd := range x.Nodes() {
			s.Infer(nd, x.Constant)
		}
		checked := 0
		for _, v := range n.Model.Values() {
			got, known := s.Dims[v.Name]
			if !known || v.Dims == nil {
				continue
			}
			want := append([]int64{}, v.Dims...)
			for i, d := range want {
				if d < 0 && i < len(got) {
					want[i] = got[i]
				}
			}
			if checked++; fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s: %s is %v, the file says %v", path, v.Name, got, v.Dims)
			}
		}
		t.Logf("%s: %d sizes", path, checked)
	}
}

// TestNothingToQuantize refuses networks in which nothing that multiplies reads a holder, and says what there is.
func TestNothingToQuantize(t *testing.T) {
	for _, c := range []struct {
		name, body, text string
		want             []string
	}{
		{"an LSTM alone", "", "input x\n const wl [1 16 4]\n y, h = LSTM(x, wl, wl) hidden_size=4\n z = Neg(y)\n return z", []string{`LSTM node "node_y"`, "floating point; --unroll"}},
		{"activations alone", "", "input x\n y = Sigmoid(x)\n z = Sigmoid(y)\n o = Add(y, z)\n return o", []string{"2 Sigmoid", "1 Add", "has none"}},
		{"doubles alone, in float32", "", "input x\n const w [4 4]\n c = Cast(x) to=11\n v = Cast(w) to=11\n m = MatMul(c, v)\n d = Cast(m) to=1\n y = Neg(d)\n return y", nil},
		{"a convolution is enough", "", "input x\n const w [4 4 1 1]\n c = Conv(x, w)\n y = Neg(c)\n return y", nil},
		{"a Gemm behind an LSTM is enough", "", "input x\n const wl [1 16 4]\n y, h = LSTM(x, wl, wl) hidden_size=4\n s = Squeeze(h)\n const w [4 4]\n o = Gemm(s, w)\n return o", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := onnxtest.FromText(t, c.text)
			m.Path = "file.onnx"
			if strings.HasPrefix(c.name, "doubles") {
				if err := prepare.Widen(m, ir.Double); err != nil {
					t.Fatal(err)
				}
			}
			n, err := prepare.Network(m, network.Options{})
			if err != nil {
				t.Fatal(err)
			}
			err = sites.CheckQuantizable(n)
			if c.want == nil {
				if err != nil {
					t.Error(err)
				}
				return
			}
			onnxtest.CheckBad(t, err, append(c.want, "file.onnx: no Conv, Gemm or MatMul can be quantized")...)
		})
	}
}
