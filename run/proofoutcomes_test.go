package run

import (
	"context"
	"path/filepath"
	"testing"
)

// TestProofKeepsOutcomes holds that the outcomes of what a proof scores are right though it lays the samples out anew,
// and that another search may take over what such a run knows.
func TestProofKeepsOutcomes(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	c := twelveHolders(t)
	c.Prove, c.Strategy, c.Target = "all", "rank", "16bit-0.001"
	r := mustSearch(t, c)
	if r.Proof == nil || !r.Proof.Minimal || len(r.Promotion) < 2 {
		t.Fatalf("%+v, %d at int16", r.Proof, len(r.Promotion))
	}
	outcomesHold(t, c, r)
	for _, target := range []string{"16bit-0.02", "16bit-0.04"} {
		other := c
		other.Reuse, other.Target, other.Out = c.Out, target, filepath.Join(t.TempDir(), "reused")
		got := mustSearch(t, other)
		outcomesHold(t, other, got)
		plain := other
		plain.Reuse, plain.Out = "", filepath.Join(t.TempDir(), "plain")
		if want := mustSearch(t, plain); decisions(t, got) != decisions(t, want) || len(got.Promotion) != len(want.Promotion) {
			t.Errorf("%s: with what a proof knows %s\nwithout %s", target, decisions(t, got), decisions(t, want))
		}
	}
}

// TestProofsOfAList holds that each target of a list with proofs has the answer and the proof of a run alone: the
// samples are laid out for the search again behind each proof.
func TestProofsOfAList(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	c := twelveHolders(t)
	c.Prove, c.Strategy, c.Target = "all", "rank", "16bit-0.001,16bit-0.02,16bit-0.04"
	list, err := SearchTargets(context.Background(), c)
	if err != nil || len(list) != 3 {
		t.Fatalf("%d results, %v", len(list), err)
	}
	sameAsAlone(t, c, list)
	for _, r := range list {
		if r.Proof == nil || !r.Proof.Minimal {
			t.Errorf("%s: %+v", r.Target.Text, r.Proof)
		}
		own := c
		own.Target, own.Out = r.Target.Text, r.Config.Out
		outcomesHold(t, own, r)
	}
}
