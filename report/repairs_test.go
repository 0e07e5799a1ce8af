package report

import (
	"strings"
	"testing"

	"example.org/demote/result"
)

// TestRepairs: the page says which repairs were tried, what those that were taken have gained, and what the network
// scored as given; nothing where none was tried.
func TestRepairs(t *testing.T) {
	for _, c := range []struct {
		name    string
		repairs []result.Repair
		given   *result.Given
		want    []string
	}{
		{"none", nil, nil, nil},
		{"undone", []result.Repair{{Name: "equalize"}, {Name: "weights", Changed: 3}}, nil, []string{"searched without repairs", "nothing to repair so, skipped", "no better, undone"}},
		{"taken", []result.Repair{{Name: "equalize", Changed: 2, Taken: true, Score: scored(899)}, {Name: "weights", Changed: 3}, {Name: "bias", Changed: 3, Taken: true, Score: scored(902)}},
			&result.Given{High: scored(917), Low: scored(888)}, []string{"repaired before the search: equalize, bias.", "all int16 scores 0.917 and all int8 0.888", "0.899", "0.902"}},
	} {
		r := sample(4)
		r.Repairs, r.Given = c.repairs, c.given
		_, page := made(t, map[string]any{result.File: r})
		text := outline(page)
		if c.want == nil && strings.Contains(text, "repair") {
			t.Errorf("%s: the page tells of repairs", c.name)
		}
		for _, part := range c.want {
			if !strings.Contains(text, part) {
				t.Errorf("%s: the page lacks %q", c.name, part)
			}
		}
	}
}
