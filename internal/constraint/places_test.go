package constraint_test

import (
	"slices"
	"testing"

	"example.org/demote/internal/constraint"
	"example.org/demote/internal/network"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/internal/prepare"
	"example.org/demote/internal/quantize"
	"example.org/demote/quant"
)

// TestPlaces holds that weights have the place of what their layer reads, the first of several layers, and that without
// searched weights there are no places.
func TestPlaces(t *testing.T) {
	n, err := prepare.Network(onnxtest.FromText(t, "input x\n const w [4 4 1 1]\n const v [4 4 1 1]\n a = Conv(x, w)\n b = Exp(a)\n c = Conv(b, v)\n d = Conv(c, w)\n o = Neg(d)\n return o"), network.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if places, err := constraint.Places(n); places != nil || err != nil {
		t.Errorf("without weights %v, %v", places, err)
	}
	n.WeightWidths = nil
	if err := quantize.HoldWeights(n, quant.W4); err != nil {
		t.Fatal(err)
	}
	places, err := constraint.Places(n)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i, h := range n.Holders {
		got = append(got, h.Name+" "+n.Holders[places[i]].Name)
	}
	if want := []string{"x x", "a a", "b b", "c c", "d d", "w x", "v b"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
