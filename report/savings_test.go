package report

import (
	"slices"
	"testing"

	"example.org/demote/result"
)

// TestSavings holds the table of what a mix saves; without savings there is none.
func TestSavings(t *testing.T) {
	total := 2000.0
	v := &view{Run: &Run{Result: Result{Cost: "bops", Savings: []result.Saving{{Cost: "bops", Saved: 250, All: 1000, Total: &total}, {Cost: "cost.csv", Saved: 3, All: 0, Total: nil}}}}, ID: "r"}
	got := v.savings()
	want := [][]string{{"bops", "250", "1000", "25.0 %", "1750", "2000"}, {"cost.csv", "3", "0", "", "", ""}}
	if got == nil || !slices.EqualFunc(got.Tables[0].Rows, want, slices.Equal[[]string]) {
		t.Fatalf("%+v", got)
	}
	v.Savings = nil
	if v.savings() != nil {
		t.Error("a section of nothing")
	}
}

// TestLowerIsBetter reads it from the result, or for results of before from the name of the metric.
func TestLowerIsBetter(t *testing.T) {
	for _, c := range []struct {
		name   string
		result Result
		fields map[string]bool
		want   bool
	}{
		{"written", Result{Metric: "label-mae", Lower: true}, map[string]bool{"lower": true}, true},
		{"written as not", Result{Metric: "mse"}, map[string]bool{"lower": true}, false},
		{"of before", Result{Metric: "mse"}, nil, true},
		{"of before, higher", Result{Metric: "top1"}, nil, false},
	} {
		if got := (&Run{Result: c.result, fields: c.fields}).Lower(); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
