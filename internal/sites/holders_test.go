package sites_test

import (
	"path/filepath"
	"testing"

	"example.org/demote/internal/affine"
	"example.org/demote/internal/fold"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/sites"
	"example.org/demote/internal/variants"
)

// prepared reads a file of the repository and does what comes before Find.
func prepared(t *testing.T, path string) *ir.Model {
	t.Helper()
	m, err := ir.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []func(*ir.Model) error{variants.ConstantInputs, fold.Constants, affine.BatchNorm} {
		if err := step(m); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func holdersOfFile(t *testing.T, path string) []network.Holder {
	t.Helper()
	holders, _, err := sites.Find(prepared(t, path), network.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return holders
}

func TestHoldersOfRealNetworks(t *testing.T) {
	dscnn := map[string]int{"": 1, "Mul": 27, "GlobalAveragePool": 7, "Sigmoid": 6, "Conv": 7, "Add": 4}
	vit := map[string]int{
		"": 1, "Conv": 1, "Concat": 1, "LayerNormalization": 9, "MatMul": 2 * 4, "Softmax": 4,
		"Add": 1 + (3+2)*4, "Mul": (1 + 1) * 4,
	}
	for _, c := range []struct {
		path string
		n    int
		ops  map[string]int
	}{
		{"examples/fashion/model.onnx", 52, dscnn},
		{"testdata/fashion-dscnn-uneven/model.onnx", 52, dscnn},
		{"testdata/fashion-vit/model.onnx", 53, vit},
	} {
		t.Run(c.path, func(t *testing.T) {
			holders := holdersOfFile(t, filepath.Join("../..", c.path))
			if len(holders) != c.n {
				t.Errorf("%d holders, want %d", len(holders), c.n)
			}
			got := make(map[string]int)
			for i, h := range holders {
				got[h.Op]++
				if h.Index != i || h.Name != h.Tensor || h.Name == "logits" {
					t.Errorf("holder %d: %+v", i, h)
				}
			}
			for op, n := range c.ops {
				if got[op] != n {
					t.Errorf("%d holders behind %q, want %d", got[op], op, n)
				}
			}
		})
	}
}
