package sites_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"example.org/demote/internal/network"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/internal/prepare"
	"example.org/demote/internal/sites"
)

// TestUses lists nodes with the holders that they read and make, by name.
func TestUses(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{
			"a node reads and makes", "input x\n input z\n y = Add(x, z)\n o = Neg(y)\n return o",
			"Add(x z)=y Neg(y)=",
		}, {
			"a fused pattern makes the holder at its end", "input x\n const w [4 4 1 1]\n c = Conv(x, w)\n a = Relu(c)\n o = Neg(a)\n return o",
			"Conv(x)=a Relu(x)=a Neg(a)=",
		}, {
			"what only moves values makes nothing, and is looked through",
			"input x\n const s int64 [2] = 4 4\n a = Exp(x)\n b = Reshape(a, s)\n c = Transpose(b)\n y = MatMul(c, x)\n o = Neg(y)\n return o",
			"Exp(x)=a Reshape(a)= Transpose(a)= MatMul(x a)=y Neg(y)=",
		}, {
			"a shape carries no values", "input x\n a = Exp(x)\n s = Shape(a)\n b = Reshape(x, s)\n o = Neg(b)\n return o",
			"Exp(x)= Reshape(x)= Neg(x)=",
		}, {
			"behind an attention mask the scores go on to Softmax",
			scores + "const m [1 4] = 0 -1e4 0 0\n a = Add(m, s)\n" + attend,
			"MatMul(x)=k Transpose(k)= MatMul(x k)=s Add(s)=p Softmax(s)=p MatMul(k p)=o Neg(o)=",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			n, err := prepare.Network(onnxtest.FromText(t, c.text), network.Options{})
			if err != nil {
				t.Fatal(err)
			}
			uses, err := sites.Uses(n)
			if err != nil {
				t.Fatal(err)
			}
			name := func(list []int) string {
				var names []string
				for _, h := range list {
					names = append(names, n.Holders[h].Name)
				}
				return strings.Join(names, " ")
			}
			var got []string
			for _, u := range uses {
				got = append(got, fmt.Sprintf("%s(%s)=%s", u.Op, name(u.Reads), name(u.Makes)))
			}
			if text := strings.Join(got, " "); text != c.want {
				t.Errorf("got  %s\nwant %s", text, c.want)
			}
		})
	}
}

// TestMACs counts by hand: a convolution's output of 2x8x6x6 with 3x3 over 4 channels in 2 groups, its transpose, a
// batch of matrices, and a transposed Gemm.
func TestMACs(t *testing.T) {
	m := onnxtest.FromText(t, "input x\n const w [8 2 3 3]\n c = Conv(x, w) group=2\n const v [8 3 2 2]\n d = ConvTranspose(c, v)\n"+
		"e = MatMul(d, d)\n const u [5 4]\n f = Gemm(g, u) transA=1 transB=1\n h = Relu(f)\n return e h")
	got := sites.MACs(m, map[string][]int64{"x": {2, 4, 8, 8}, "c": {2, 8, 6, 6}, "d": {2, 3, 12, 12}, "e": {2, 3, 12, 12}, "g": {4, 7}, "f": {7, 5}, "h": {7, 5}})
	want := map[string]float64{"node_c": 2 * 8 * 6 * 6 * 2 * 3 * 3, "node_d": 2 * 8 * 6 * 6 * 3 * 2 * 2, "node_e": 2 * 3 * 12 * 12 * 12, "node_f": 7 * 5 * 4}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if none := sites.MACs(m, nil); len(none) != 0 {
		t.Errorf("without shapes %v of %v", none, slices.Collect(maps.Keys(want)))
	}
}
