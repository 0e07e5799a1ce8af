package metric

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// TestGolden: numbers of scikit-learn 1.9.1, SciPy 1.17.1, scikit-image 0.26.0 and jiwer 4.0.0 on random outputs, see
// scripts/metrics_golden.py, as an evaluator adds samples up.
func TestGolden(t *testing.T) {
	text, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Metric    string
		Dims      []int64
		Rows      []float32
		Want      float64
		Labels    []int64
		Pixels    []int32
		Values    []float32
		LabelDims []int64 `json:"label_dims"`
		Ignore    *int64
		Space     *int64
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for i, c := range cases {
		m := metricNamed(t, c.Metric, LabelOptions{Ignore: c.Ignore, Space: c.Space})
		n := int(c.Dims[0])
		j := NewScorer(m, Truth{Labels: c.Labels, Pixels: c.Pixels, Values: c.Values, LabelDims: c.LabelDims}, n)
		j.Read(Output{Name: "y", Dims: c.Dims, Slots: n})
		if err := j.Check(); err != nil {
			t.Errorf("case %d, %s: %v", i, c.Metric, err)
			continue
		}
		if got := scored(t, m, j, c.Rows); !(math.Abs(got-c.Want) <= 1e-9*max(1, math.Abs(c.Want))) {
			t.Errorf("case %d, %s of %v: %v, want %v", i, c.Metric, c.Dims, got, c.Want)
		}
		seen[m.Name]++
	}
	for _, m := range metrics {
		if m.NeedsLabels && !m.custom && !m.Detects() && m.Name != "top5" && m.Name != "label-mse" && seen[m.Name] < 2 {
			t.Errorf("%s has %d cases", m.Name, seen[m.Name])
		}
	}
}
