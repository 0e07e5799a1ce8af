package metric

import (
	"errors"
	"strings"
	"testing"

	"example.org/demote/mistake"
)

// TestBadStandard: labels that do not belong to the outputs are refused in one line.
func TestBadStandard(t *testing.T) {
	space := int64(1)
	for _, c := range []struct {
		metric string
		o      LabelOptions
		truth  Truth
		dims   []int64
		hint   string
	}{
		{"auroc", LabelOptions{}, Truth{Labels: []int64{0, 2}}, []int64{2, 1}, "label 2 of sample 1 is out of range: output y has classes 0 to 1"},
		{"mcc", LabelOptions{}, Truth{Labels: []int64{0, 5}}, []int64{2, 4}, "classes 0 to 3"},
		{"recall-at-1", LabelOptions{}, Truth{Labels: []int64{0, -1}}, []int64{2, 4}, "label -1 of sample 1"},
		{"token-accuracy", LabelOptions{}, Truth{Pixels: make([]int32, 6)}, []int64{2, 4, 5}, "compares 4 labels a sample, as output y is [2 4 5], and the labels have 3"},
		{"perplexity", LabelOptions{}, Truth{Pixels: []int32{0, 1, 2, 9}}, []int64{2, 2, 5}, "label 9 of sample 1 is out of range"},
		{"perplexity", LabelOptions{}, Truth{Pixels: make([]int32, 4)}, []int64{2, 4}, "needs an output [samples, steps, classes]"},
		{"cer", LabelOptions{Blank: 5}, Truth{Pixels: make([]int32, 4)}, []int64{2, 4, 5}, "--blank 5: output y has classes 0 to 4"},
		{"wer", LabelOptions{Space: &space}, Truth{Pixels: []int32{1, 1, 1, -1}}, []int64{2, 4, 5}, "label -1 of sample 1 is out of range"},
		{"ssim", LabelOptions{}, Truth{Values: make([]float32, 32), LabelDims: []int64{4, 4}}, []int64{2, 4, 4}, "images of 11 x 11 pixels or more"},
		{"psnr", LabelOptions{}, Truth{Values: make([]float32, 32), LabelDims: []int64{4, 4}}, []int64{2, 4, 4}, "all of them are 0"},
		{"miou", LabelOptions{}, Truth{Pixels: make([]int32, 2*12)}, []int64{2, 3, 4, 5}, "output y is [2 3 4 5], and by the labels its classes are the last axis: export it with them behind the samples, y.permute(0, 3, 1, 2)"},
		{"miou", LabelOptions{}, Truth{Pixels: make([]int32, 2*13)}, []int64{2, 3, 4, 5}, "compares 20 pixels a sample, as output y is [2 3 4 5], and the labels have 13"},
	} {
		j := NewScorer(metricNamed(t, c.metric, c.o), c.truth, 2)
		j.Read(Output{Name: "y", Dims: c.dims, Slots: 2})
		if err := j.Check(); !errors.Is(err, mistake.Err) || !strings.Contains(strings.ReplaceAll(err.Error(), "option ", "--"), c.hint) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", c.metric, err, c.hint)
		}
	}
	for hint, c := range map[string]struct {
		metric string
		o      LabelOptions
	}{"say which class ends one": {"wer", LabelOptions{}}, "has no classes to weigh": {"cer", LabelOptions{Weights: []float64{1}}}, "has no classes to ignore": {"r2", LabelOptions{Ignore: &space}}} {
		m, err := ByName(c.metric)
		if err == nil {
			_, err = m.With(c.o)
		}
		if !errors.Is(err, mistake.Err) || !strings.Contains(err.Error(), hint) {
			t.Errorf("%s: %v, want %q", c.metric, err, hint)
		}
	}
}

// TestTokenMargins: the samples with the most errors come first, and the order of the samples changes no score.
func TestTokenMargins(t *testing.T) {
	truth := Truth{Pixels: []int32{1, 2, 2, 1, 1, -1, 2, 1, -1}}
	rows := []float32{ // classes 1, 2 and 0; 1, 1 and 1; 0, 0 and 0
		0, 1, 0, 0, 0, 1, 1, 0, 0,
		0, 1, 0, 0, 1, 0, 0, 1, 0,
		1, 0, 0, 1, 0, 0, 1, 0, 0,
	}
	ignored := int64(-1)
	for name, want := range map[string][]float64{"token-accuracy": {-1, 0, -2}, "cer": {-1, -1, -2}} {
		j := NewScorer(metricNamed(t, name, LabelOptions{Ignore: &ignored}), truth, 3)
		j.Read(Output{Name: "y", Dims: []int64{3, 3, 3}, Slots: 3})
		if err := j.Check(); err != nil || !j.metric.Arranges() {
			t.Fatal(name, err)
		}
		for i, w := range want {
			if got := j.Margin(rows[9*i:9*i+9], i, j.Verdict(rows[9*i:9*i+9], i)); got != w {
				t.Errorf("%s: the margin of sample %d is %v, want %v", name, i, got, w)
			}
		}
	}
	if metricNamed(t, "perplexity", LabelOptions{}).Arranges() {
		t.Error("sums of floats depend on the order of the samples")
	}
}
