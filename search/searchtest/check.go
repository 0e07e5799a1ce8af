package searchtest

import (
	"context"
	"slices"
	"testing"

	"example.org/demote/search"
)

// Check runs the reference search of a case on an evaluator in both chain modes. The chain mode `last` must give the
// recorded chain, result and number of evaluations; `demoted` must demote the same units in the same order with the
// scores of the masks, and never leave more units high.
func (c *Case) Check(t testing.TB, ev search.Evaluator) {
	t.Helper()
	last, err := search.Demotion(context.Background(), ev, c.Options(search.ChainLast))
	if err != nil {
		t.Fatalf("%s: last: %v", c.Name, err)
	}
	if last.Found != (c.Expect.Result != nil) {
		t.Fatalf("%s: found %v", c.Name, last.Found)
	}
	if last.Evaluations != c.Expect.Evaluations {
		t.Errorf("%s: %d evaluations, want %d", c.Name, last.Evaluations, c.Expect.Evaluations)
	}
	if len(last.Chain) != len(c.Expect.Chain) {
		t.Fatalf("%s: chain of %d, want %d", c.Name, len(last.Chain), len(c.Expect.Chain))
	}
	for i, step := range last.Chain {
		if want := c.Expect.Chain[i]; step.Unit != want.Unit || step.Recorded.Float() != want.Score {
			t.Fatalf("%s: chain entry %d is unit %d at %v, want %+v", c.Name, i, step.Unit, step.Recorded.Float(), want)
		}
	}
	if c.Expect.Result != nil && !slices.Equal(names(last.Promotion), *c.Expect.Result) {
		t.Errorf("%s: promotion %v, want %v", c.Name, names(last.Promotion), *c.Expect.Result)
	}
	c.checkMix(t, &last)

	demoted, err := search.Demotion(context.Background(), ev, c.Options(search.ChainDemoted))
	if err != nil {
		t.Fatalf("%s: demoted: %v", c.Name, err)
	}
	if demoted.Found != last.Found || len(demoted.Chain) != len(last.Chain) {
		t.Fatalf("%s: chain mode demoted: found %v, chain of %d", c.Name, demoted.Found, len(demoted.Chain))
	}
	mask := search.NewMask(c.N)
	for i, step := range demoted.Chain {
		mask.Demote(step.Unit)
		want, _ := c.Score(context.Background(), mask)
		if step.Unit != last.Chain[i].Unit || step.Recorded != want || step.True != want || !step.TrueKnown {
			t.Fatalf("%s: chain mode demoted: entry %d is %+v, want unit %d at %v", c.Name, i, step, last.Chain[i].Unit, want)
		}
	}
	if len(demoted.Promotion) > len(last.Promotion) {
		t.Errorf("%s: chain mode demoted leaves %d high, last %d", c.Name, len(demoted.Promotion), len(last.Promotion))
	}
	c.checkMix(t, &demoted)
}

// checkMix sees that the mix is what the promotion list says, has the score it claims and holds.
func (c *Case) checkMix(t testing.TB, r *search.Result) {
	t.Helper()
	mask := search.NewMask(c.N)
	for i := range c.N {
		mask.Demote(i)
	}
	for _, u := range r.Promotion {
		mask.Promote(u)
	}
	score, _ := c.Score(context.Background(), mask)
	if !mask.Equal(r.Mask) || score != r.Score {
		t.Fatalf("%s: mix %s at %v, promotion list gives %s at %v", c.Name, r.Mask, r.Score, mask, score)
	}
	if r.Found && !(score.Float() > c.Target || mask.Count() == 0 && score.Float() >= c.Target) {
		t.Fatalf("%s: mix %s scores %v, target %v", c.Name, mask, score.Float(), c.Target)
	}
}
