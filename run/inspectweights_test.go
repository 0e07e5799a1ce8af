package run

import (
	"context"
	"strings"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/tasktest"
)

// TestInspectWeights: with --search-weights inspect lists the holders of a search with that flag, in its order, weights
// with their widths; with samples it has its grids too. Without the flag there are activations alone.
func TestInspectWeights(t *testing.T) {
	c := tasktest.TinyConfig(t, 40)
	c.SearchWeights, c.WeightBits, c.Target = true, []string{"16", "op:Gemm=8"}, "16bit-0.9"
	r := mustSearch(t, c)
	for _, calib := range []string{"", c.Calib} {
		found, err := Inspect(context.Background(), config.Config{Model: c.Model, Calib: calib, SearchWeights: true, WeightBits: c.WeightBits, GridLow: c.GridLow, GridHigh: c.GridHigh, RangeLow: c.RangeLow})
		if err != nil || len(found.Holders) != len(r.Holders) {
			t.Fatalf("%+v, %v; the search has %d holders", found, err, len(r.Holders))
		}
		widths := map[string]bool{}
		for i, h := range found.Holders {
			want := r.Holders[i]
			if h.Name != want.Name || h.Index != want.Index || (h.Weights != nil) != want.Weights || (h.Low != nil) != (calib != "") {
				t.Errorf("%+v, in the search %+v", h, want)
			}
			if h.Low != nil && (*h.Low != want.Low || *h.High != want.High) {
				t.Errorf("%s has the grids %+v and %+v, in the search %+v and %+v", h.Name, h.Low, h.High, want.Low, want.High)
			}
			if h.Weights != nil {
				widths[h.Weights.LowName()+" "+h.Weights.HighName()] = true
				if len(h.Consumers) == 0 {
					t.Errorf("%s is read by nobody", h.Name)
				}
			}
		}
		if !widths["int4 int16"] || len(widths) > 2 {
			t.Errorf("weights between %v", widths)
		}
	}
	plain, err := Inspect(context.Background(), config.Config{Model: c.Model})
	if err != nil || len(plain.Holders) == 0 || plain.Holders[len(plain.Holders)-1].Weights != nil {
		t.Errorf("%+v, %v", plain, err)
	}
	if _, err := Inspect(context.Background(), config.Config{Low: "a.onnx", High: "b.onnx", SearchWeights: true}); err == nil || !strings.Contains(err.Error(), "bring their own weights") {
		t.Errorf("a pair: %v", err)
	}
}
