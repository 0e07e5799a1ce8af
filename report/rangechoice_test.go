package report

import (
	"strings"
	"testing"

	"example.org/demote/result"
)

// TestRangeChoice: the page says which range methods were tried, which one all low grids are by, and the one of each
// holder; nothing where none was chosen.
func TestRangeChoice(t *testing.T) {
	tried := func(last *result.Score) []result.RangeScore {
		return []result.RangeScore{{Method: "mse", Score: scored(890)}, {Method: "average"}, {Method: "each", Score: last}}
	}
	for _, c := range []struct {
		name   string
		ranges []result.RangeScore
		want   []string
	}{
		{"none", nil, nil},
		{"one method", tried(nil), []string{"by the range method mse, with which all int8 scores best", "average", "no better than one before", "each activation's own"}},
		{"each its own", tried(scored(901)), []string{"with which each activation alone moves the outputs least", "0.901"}},
		{"what dominates apart", append(tried(nil), result.RangeScore{Method: "entropy", Score: scored(950), Int16: []string{"input"}}),
			[]string{"by the range method entropy", "chosen with input at int16", "entropy, without what dominates"}},
	} {
		r := sample(4)
		if r.Ranges = c.ranges; c.ranges != nil {
			for i := range r.Holders {
				r.Holders[i].Range = []string{"mse", "average"}[i%2]
			}
		}
		_, page := made(t, map[string]any{result.File: r})
		text := outline(page)
		if c.want == nil && strings.Contains(text, "range method") {
			t.Errorf("%s: the page tells of a choice", c.name)
		}
		for _, part := range c.want {
			if !strings.Contains(text, part) {
				t.Errorf("%s: the page lacks %q", c.name, part)
			}
		}
		if c.want != nil && !strings.Contains(text, "int8 range by") {
			t.Errorf("%s: the table of grids has no methods", c.name)
		}
	}
}
