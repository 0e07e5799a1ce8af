package sites_test

import (
	"slices"
	"strings"
	"testing"

	"example.org/demote/internal/affine"
	"example.org/demote/internal/fold"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/sites"
	"example.org/demote/internal/variants"
)

// folded does what comes before Find.
func folded(t testing.TB, m *ir.Model) *ir.Model {
	t.Helper()
	for _, step := range []func(*ir.Model) error{variants.ConstantInputs, fold.Constants, affine.BatchNorm} {
		if err := step(m); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// holderNames joins the names of the holders, and maps the other float tensors to their reasons.
func holderNames(t testing.TB, m *ir.Model, o network.Options) (string, map[string]string) {
	t.Helper()
	holders, omitted, err := sites.Find(folded(t, m), o)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for i, h := range holders {
		if h.Index != i {
			t.Errorf("holder %s has index %d at place %d", h.Name, h.Index, i)
		}
		all = append(all, h.Name)
	}
	reasons := make(map[string]string)
	for _, o := range omitted {
		if reasons[o.Tensor] != "" || slices.Contains(all, o.Tensor) {
			t.Errorf("%s is listed twice", o.Tensor)
		}
		if o.Reason == "" {
			t.Errorf("%s has no reason", o.Tensor)
		}
		reasons[o.Tensor] = o.Reason
	}
	return strings.Join(all, " "), reasons
}
