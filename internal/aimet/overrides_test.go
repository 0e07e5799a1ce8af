package aimet_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"example.org/demote/internal/aimet"
	"example.org/demote/internal/onnxruntest"
	"example.org/demote/internal/pair"
	"example.org/demote/mistake"
	"example.org/demote/quant"
)

func TestOverrides(t *testing.T) {
	n, records, _, err := onnxruntest.Pair(t, "../../onnx/testdata/qdq/conv21_u8.onnx", "../../onnx/testdata/qdq/conv21_u16.onnx")
	if err != nil {
		t.Fatal(err)
	}
	data, err := aimet.Overrides(n, records, onnxruntest.Halves(len(records)))
	if err != nil {
		t.Fatal(err)
	}
	var file map[string][]struct {
		Type  string  `json:"quant_type"`
		Scale float64 `json:"scale"`
		Zero  int32   `json:"zero_point"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	if len(file) != len(records) {
		t.Errorf("%d tensors for %d holders", len(file), len(records))
	}
	for i, h := range n.Holders {
		kind, grid := "QUInt16", records[i].High
		if i%2 == 0 {
			kind, grid = "QUInt8", records[i].Low
		}
		o := file[h.Tensor]
		if len(o) != 1 || o[0].Type != kind || float32(o[0].Scale) != grid.Scale || o[0].Zero != grid.Zero {
			t.Errorf("%q: %v, the grid is %v", h.Tensor, o, grid)
		}
	}
	four, err := quant.FromScale(quant.QDQ, 0.5, 0, 4, true)
	if err != nil {
		t.Fatal(err)
	}
	records[3].Low, records[3].High = four, four
	if _, err := aimet.Overrides(n, records, onnxruntest.Halves(len(records))); !errors.Is(err, mistake.Err) || !strings.Contains(err.Error(), n.Holders[3].Name) {
		t.Errorf("a grid of 4 bits: %v", err)
	}
}

// TestEncodingsRoundTrip: encodings that are written and read again beside the float network give the same network.
func TestEncodingsRoundTrip(t *testing.T) {
	for _, network := range []string{"conv", "attention"} {
		low, lowGrids := onnxruntest.Encoded(t, network, network+"_8_100")
		high, highGrids := onnxruntest.Encoded(t, network, network+"_16_100")
		n, records, _, err := pair.Join(low, high, lowGrids, highGrids)
		if err != nil {
			t.Fatal(err)
		}
		for _, version := range []string{"0.6.1", "1.0.0"} {
			mask := onnxruntest.Halves(len(records))
			data, err := aimet.Write(n, records, mask, version)
			if err != nil {
				t.Fatal(err)
			}
			e, err := aimet.Parse(data)
			if err != nil {
				t.Fatal(err)
			}
			back, grids, err := e.Apply(n.Model)
			if err != nil {
				t.Fatal(err)
			}
			if len(back.Holders) != len(n.Holders) || len(back.Weights) != len(n.Weights) {
				t.Fatalf("%s %s: %d holders, %d weights; %d, %d before", network, version, len(back.Holders), len(back.Weights), len(n.Holders), len(n.Weights))
			}
			for i, h := range back.Holders {
				want := records[i].High
				if mask[i] {
					want = records[i].Low
				}
				if h.Name != n.Holders[i].Name || grids[i] != want {
					t.Errorf("%s %s: holder %d is %q, %v, before %q, %v", network, version, i, h.Name, grids[i], n.Holders[i].Name, want)
				}
			}
			for name, w := range n.Weights {
				if b := back.Weights[name]; b == nil || !slices.Equal(b.Codes, w.Codes) || !slices.Equal(b.Scales, w.Scales) {
					t.Errorf("%s %s: weight %q changed", network, version, name)
				}
			}
		}
		if _, err := aimet.Write(n, records, onnxruntest.Halves(len(records)), "2.0.0"); !errors.Is(err, mistake.Err) {
			t.Errorf("version 2.0.0: %v", err)
		}
	}
}
