package report

import (
	"strings"
	"testing"

	"example.org/demote/result"
)

// TestProofSection holds what the page says of a proof: the sentences of the summary, and a row for each level.
func TestProofSection(t *testing.T) {
	r := sample(8)
	if s := (&view{Run: &Run{Result: r}}).proof(); s != nil {
		t.Fatalf("without a proof: %v", s.Paragraphs)
	}
	r.Proof = &result.Proof{Limit: "2", Int16: 8, Units: 52, Least: new(3), MostSaved: new(49.0), Refuted: 1379, Better: 1, From: new(9), Stop: "units", Seconds: 118.7, Levels: []result.ProofLevel{
		{Int16: new(2), Mixes: 1326, Refuted: 1326}, {Int16: new(3), Mixes: 22100, Drawn: 100, AtMost: new(0.0295)}}}
	s := (&view{Run: &Run{Result: r}}).proof()
	got := strings.Join(s.Paragraphs, "\n")
	const want = `at least 3 of these 8 activations must stay int16: no mix with fewer meets the target (1,379 mixes refuted in 118.7 s; --prove 2 asks for no more).
the proof has found this mix; the strategy had left 9 of 52 activations at int16.
none of 100 mixes drawn at random with 3 at int16 meets the target: of all 22,100 mixes at most 3% do (95% confidence).`
	if got != want || len(s.Tables) != 1 {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	r.Proof.Levels = append(r.Proof.Levels, result.ProofLevel{Int16: new(4), Mixes: 270725, Drawn: 100, AtMost: new(0.0295)}, result.ProofLevel{Int16: new(5), Mixes: 2598960, Drawn: 99, AtMost: new(0.03)})
	paragraphs := (&view{Run: &Run{Result: r}}).proof().Paragraphs
	if got, want := strings.Join(paragraphs[2:], "\n"), `none of 100 mixes drawn at random of each number from 3 to 4 at int16 meets the target: of all of each number at most 3% do (95% confidence).
none of 99 mixes drawn at random with 5 at int16 meets the target: of all 2,598,960 mixes at most 3% do (95% confidence).`; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	for _, c := range []struct {
		proof result.Proof
		want  string
	}{
		{result.Proof{Minimal: true, Int16: 2, Units: 53, Least: new(2), Stop: "done"}, "proven minimal: no mix with fewer than 2 activations at int16 meets the target."},
		{result.Proof{Minimal: true, Int16: 1, Units: 5, Grouped: true, Held: 3, Least: new(1), Stop: "done"}, "proven minimal: no mix with fewer than 1 unit at int16, besides the 3 that a constraint holds there, meets the target."},
		{result.Proof{Minimal: true, MostSaved: new(7.0), Stop: "done"}, "proven minimal: no mix that meets the target saves more by the cost count."},
		{result.Proof{MostSaved: new(7.0), Refuted: 4, Stop: "time"}, "no mix that meets the target saves more than 7 by the cost count; this one saves 0 (4 mixes refuted in 0.0 s; the limit of time ended the proof)."},
		{result.Proof{Minimal: true, Stop: "done"}, "proven: no mix meets the target."},
		{result.Proof{Least: new(0), MostSaved: new(7.0), Stop: "not begun"}, "nothing is proven: the search has used up its limit before the proof began."},
	} {
		r.Proof, r.Cost, r.Savings = &c.proof, "count", nil
		if got := (&view{Run: &Run{Result: r}}).proof().Paragraphs[0]; got != c.want {
			t.Errorf("%s\nwant\n%s", got, c.want)
		}
	}
}
