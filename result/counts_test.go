package result

import "testing"

// TestCounts holds the words of counts: one thing is no plural, and what is low is in int8, or low where weights are
// searched; on a ladder the ends are those of the whole.
func TestCounts(t *testing.T) {
	if one, two, none := Count(1, "evaluation"), Count(2, "evaluation"), Count(0, "mask"); one != "1 evaluation" || two != "2 evaluations" || none != "0 masks" {
		t.Errorf("%s, %s, %s", one, two, none)
	}
	activations := []Holder{{Precision: "int8", Low: Grid{Bits: 8}, High: Grid{Bits: 16}}}
	weights := append(activations, Holder{Weights: true, Precision: "int4", Low: Grid{Bits: 4}, High: Grid{Bits: 8}})
	type words struct{ low, high, all string }
	for name, c := range map[string]struct {
		r    Result[struct{}]
		want words
	}{
		"activations": {Result[struct{}]{Holders: activations}, words{"in int8", "all int16", "all int8"}},
		"weights": {Result[struct{}]{Holders: weights},
			words{"low", "all int16, weights int8", "all int8, weights int4"}},
		"a ladder": {Result[struct{}]{Holders: activations, Widths: WidthsOf("int4", "int8"), Ladder: &Ladder{Widths: []string{"int4", "int8", "int16"}, Before: &LadderStep{}}},
			words{"in int4", "all int16", "all int4"}},
	} {
		high, all := c.r.WholeNames()
		if got := (words{c.r.AreLow(), high, all}); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
