package run

import (
	"math"
	"testing"

	"example.org/demote/internal/record"
	"example.org/demote/result"
	"example.org/demote/search"
)

// TestEndlessScoresComeBack holds that a score comes back from result.json as it went in, also one that is infinite
// or no number.
func TestEndlessScoresComeBack(t *testing.T) {
	for _, c := range []struct {
		value, want     float64
		higher, smaller string // as text, where more is better and where less is
	}{
		{math.Inf(1), math.Inf(1), "infinite", "infinite"}, {math.Inf(-1), math.Inf(-1), "NaN or infinite", "NaN or infinite"},
		{math.NaN(), math.Inf(-1), "NaN or infinite", "NaN or infinite"}, {1.5, 1.5, "1.5", "-1.5"}, {0, 0, "0", "0"},
	} {
		for _, lower := range []bool{false, true} {
			r := record.Score(search.Score{Value: c.value}, lower)
			if got := record.Search(r, lower); got.Value != c.want {
				t.Errorf("%v, lower %v: comes back as %v", c.value, lower, got.Value)
			}
			want := c.higher
			if lower {
				want = c.smaller
			}
			if text := result.Number(r.Value); text != want {
				t.Errorf("%v, lower %v: %q, want %q", c.value, lower, text, want)
			}
		}
	}
}
