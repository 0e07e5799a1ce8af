package report

import (
	"strings"
	"testing"

	"example.org/demote/result"
)

// TestFloatWork: the part about the network says what stays in floating point, if anything does and the run has counted
// it.
func TestFloatWork(t *testing.T) {
	for _, c := range []struct {
		name string
		work *result.FloatWork
		want []string
	}{
		{"a result of before", nil, nil},
		{"nothing", &result.FloatWork{MACs: 1000}, nil},
		{"an LSTM", &result.FloatWork{MACs: 1000, Float: 250, FloatNodes: []string{`LSTM node "l"`}}, []string{"250 of 1000 multiply-accumulates", "stay float (25.0 %)", `LSTM node "l"`}},
		{"sizes that are not known", &result.FloatWork{MACs: 1000, Float: 250, Least: true, FloatNodes: strings.Split("abcdefghijk", "")}, []string{"At least 250 of 1000", "3 others"}},
		{"nothing counted", &result.FloatWork{Least: true, FloatNodes: []string{"If"}}, []string{"At least 0 of 0"}},
	} {
		r := sample(4)
		r.FloatWork = c.work
		_, page := made(t, map[string]any{result.File: r})
		text := outline(page)
		if c.want == nil && strings.Contains(text, "multiply-accumulates") {
			t.Errorf("%s: the page counts them", c.name)
		}
		for _, part := range c.want {
			if !strings.Contains(text, part) {
				t.Errorf("%s: the page lacks %q", c.name, part)
			}
		}
	}
}
