package search_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"example.org/demote/search"
)

// TestCurve holds the steps of curves: holder, what the mix scores after it, and ! for those past the result.
func TestCurve(t *testing.T) {
	for _, c := range []struct {
		name, strategy string
		target         float64
		trials         int
		want           string
		notes          string
	}{
		{"past the result of gallop", "gallop", 94.5, 0, "2:96 0:96 3!:91 1!:82", ""},
		{"the 16-bit network is the best", "auto", 101, 0, "2!:99 0!:96 3!:91 1!:82", ""},
		{"the 8-bit network is enough", "auto", 50, 0, "2:99 0:96 3:91 1:82", ""},
		{"the reference goes to its end itself", "demotion", 94.5, 0, "2:99 0:96 3:91 1:82", ""},
		{"a budget ends the curve", "gallop", 94.5, 6, "2:96 0:96 3!:91", "not whole"},
		{"a budget ends a curve that leads to the mix", "auto", 50, 4, "", "not whole"},
		{"a budget ends the strategy", "gallop", 94.5, 3, "2:96 0:96", "not whole"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := search.NewOptions(4, c.target)
			o.Curve, o.Budget.Trials = true, c.trials
			o.Multiplier = 0
			r, err := search.Run(context.Background(), c.strategy, distant{points([]float64{3, 9, 1, 5}, nil)}, o)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range r.Chain {
				past := ""
				if s.Past {
					past = "!"
				}
				got = append(got, fmt.Sprintf("%d%s:%v", s.Unit, past, s.True.Value))
			}
			if c.strategy == "demotion" {
				if len(got) != 4 || !strings.HasSuffix(got[3], ":82") {
					t.Errorf("the reference's chain is %q", got)
				}
				return
			}
			if text := strings.Join(got, " "); text != c.want {
				t.Errorf("curve %q, want %q", text, c.want)
			}
			if notes := strings.Trim(fmt.Sprint(r.Notes), "[]"); c.notes == "" && notes != "" || !strings.Contains(notes, c.notes) {
				t.Errorf("notes %q, want %q", notes, c.notes)
			}
		})
	}
}
