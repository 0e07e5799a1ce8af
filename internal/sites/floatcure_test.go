package sites_test

import (
	"slices"
	"strings"
	"testing"

	"example.org/demote/internal/network"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/internal/prepare"
	"example.org/demote/internal/sites"
)

// TestConditionCure tells which inputs open an If that keeps all products from grids, where inputs of one element
// decide it.
func TestConditionCure(t *testing.T) {
	for _, c := range []struct {
		name, condition, want string
	}{
		{"an input", "input go bool", "; --input go=VALUE decides"},
		{"a rate that is compared", "input sr int64\n const k int64 = 16000\n go = Equal(sr, k)", "; --input sr=VALUE decides"},
		{"two inputs", "input a int64\n input b int64\n go = Equal(a, b)", "; --input a=VALUE --input b=VALUE decides"},
		{"data", "s = ReduceMax(x) keepdims=0\n const k = 1\n go = Greater(s, k)", "; export it"},
		{"data and an input", "input k\n s = ReduceMax(x) keepdims=0\n go = Greater(s, k)", "; export it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := onnxtest.InBody(t, "If", "const wb [4 4]\n d = MatMul(x, wb)\n return d")
			g, condition := m.Graph(), onnxtest.FromText(t, c.condition).Graph()
			branch := g.Node[len(g.Node)-1]
			g.Input, g.Node = append(g.Input[:1:1], condition.Input...), append(slices.Clone(condition.Node), branch)
			g.Initializer = append(g.Initializer, condition.Initializer...)
			n, err := prepare.Network(m, network.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if err := sites.CheckQuantizable(n); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want it to say %q", err, c.want)
			}
		})
	}
}
