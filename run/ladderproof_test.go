package run

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/tasktest"
	"example.org/demote/result"
	"example.org/demote/search"
)

// TestLadderProves: with --prove the mix of each step is proven on its own: that of step 1 as the search with --bits
// alone is, and that of step 2 against all mixes of the activations that it moves.
func TestLadderProves(t *testing.T) {
	c := searchOfLadder(t)
	c.Prove = "all"
	r := mustSearch(t, c)
	before := r.Ladder.Before
	if r.Proof == nil || before.Proof == nil || !r.Proof.Minimal || !before.Proof.Minimal {
		t.Fatalf("step 1 %+v, step 2 %+v", before.Proof, r.Proof)
	}
	alone := c
	alone.Ladder, alone.Out, alone.Target = "", filepath.Join(t.TempDir(), "alone"), fmt.Sprint(before.Target)
	if plain := mustSearch(t, alone); plain.Proof.Int16 != before.Proof.Int16 || *plain.Proof.Least != *before.Proof.Least || !slices.Equal(plain.Promotion, before.Promotion) {
		t.Errorf("step 1 %+v, alone %+v", before.Proof, plain.Proof)
	}
	opened, mix, err := reopen(context.Background(), c.Out, config.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	if err := opened.Open(context.Background()); err != nil {
		t.Fatal(err)
	}
	units, best := opened.Units(), -1
	for bits := range 1 << len(units) {
		m, low := search.NewMask(mix.Len()), 0
		m.CopyFrom(opened.Layout.Pinned)
		for u, holders := range units {
			if bits>>u&1 == 1 {
				m.DemoteAll(holders)
				low++
			}
		}
		score, err := opened.Ev.Score(context.Background(), m)
		if err != nil {
			t.Fatal(err)
		}
		if score.Float() > r.Target.Value {
			best = max(best, low)
		}
	}
	if left := len(units) - best; best < 0 || left != r.Proof.Int16 || left != *r.Proof.Least {
		t.Errorf("of %d units %d must stay, and the proof says %+v", len(units), left, r.Proof)
	}
	text := strings.Join(r.ProofText(), "\n")
	if !strings.HasPrefix(text, "step 1: proven minimal") || !strings.Contains(text, "\nstep 2: proven minimal") || strings.Contains(text, "a constraint") {
		t.Error(text)
	}
}

// TestLadderHoldout: a ladder is tested on its hold-out once, at its end and against all int16, the network that its
// target is measured from.
func TestLadderHoldout(t *testing.T) {
	c := searchOfLadder(t)
	c.Holdout = tasktest.RandomImages(t, filepath.Join(filepath.Dir(c.Data), "held.npy"), 90, 3)
	r := mustSearch(t, c)
	h := r.Holdout
	first, err := ReadResult(LadderFolder(c.Out))
	if err != nil || first.Holdout != nil || h == nil || h.Samples != 90 || !strings.Contains(h.Claim, "against the 16-bit network") {
		t.Fatalf("step 1 %+v, the end %+v, %v", first.Holdout, h, err)
	}
	plain := c
	plain.Ladder, plain.Out, plain.Target = "", filepath.Join(t.TempDir(), "alone"), fmt.Sprint(first.Target.Value)
	alone := mustSearch(t, plain)
	if *h.Score.High.Correct != *alone.Holdout.Score.High.Correct {
		t.Errorf("all int16 scores %d there, and %d in a search with --bits", *h.Score.High.Correct, *alone.Holdout.Score.High.Correct)
	}
	if h.Against.OnlyHigh-h.Against.OnlyMix != *h.Score.High.Correct-*h.Score.Mixed.Correct || h.Against.OnlyHigh == *alone.Holdout.Score.High.Correct {
		t.Errorf("%+v, scores %+v", h.Against, h.Score)
	}
	share := c // a share of the data is left out of both steps
	share.Holdout, share.Confidence, share.Target, share.Out = "50%", "0.6", "16bit-0.6", filepath.Join(t.TempDir(), "share")
	s := mustSearch(t, share)
	if s.Samples != 32 || s.Holdout.Samples != 32 || s.Ladder.Before.Score.Mixed == nil || *s.Ladder.Before.Score.Mixed.Total != 32 {
		t.Errorf("%d samples, %d held out", s.Samples, s.Holdout.Samples)
	}
	if p := s.Holdout.Promise; p == nil || !p.Held || !strings.Contains(p.Statement, "16-bit network") {
		t.Errorf("promise %+v", p)
	}
	if v, err := Verify(context.Background(), share.Out, config.Config{}); err != nil || !v.Identical {
		t.Errorf("%+v, %v", v, err)
	}
}

// TestLadderGivenUp: --force of a search without a ladder leaves nothing of the ladder that was in its folder.
func TestLadderGivenUp(t *testing.T) {
	c := searchOfLadder(t)
	mustSearch(t, c)
	kept := filepath.Join(LadderFolder(c.Out), "mine.txt")
	for _, own := range []bool{true, false} {
		plain := c
		plain.Ladder, plain.Force = "", true
		if own { // what is no file of a run stays
			tasktest.WriteFile(t, kept, []byte("mine"))
		}
		mustSearch(t, plain)
		entries, err := os.ReadDir(LadderFolder(c.Out))
		if own && (err != nil || slices.ContainsFunc(entries, func(e os.DirEntry) bool { return e.Name() != "mine.txt" && e.Name() != ".lock" })) || !own && err == nil {
			t.Errorf("left of step 1: %v, %v", entries, err)
		}
		os.RemoveAll(LadderFolder(c.Out))
		if own {
			c.Force = true
			mustSearch(t, c)
		}
	}
}

// TestLadderRepairs: repairs are chosen in the first step, and the second one begins with its network, with whatever
// ranges are chosen: the score with which it begins is compared. The target is measured from the network as given.
func TestLadderRepairs(t *testing.T) {
	for _, method := range []string{"minmax", "auto"} {
		c := unevenConfig(t)
		c.Ladder, c.Strategy, c.Repair, c.RangeLow, c.Target = "4,8,16", "gallop", "auto", method, "16bit-30"
		r := mustSearch(t, c)
		first, err := ReadResult(LadderFolder(c.Out))
		if err != nil || len(result.Taken(first.Repairs)) == 0 || !slices.Equal(r.Ladder.Before.Repairs, result.Taken(first.Repairs)) || first.Given == nil {
			t.Fatalf("step 1 has taken %+v, step 2 knows %+v, %v", first.Repairs, r.Ladder.Before.Repairs, err)
		}
		counts := map[string]int{}
		for i, h := range r.Holders {
			counts[h.Precision]++
			if h.Precision != "int16" && h.High != first.Holders[i].Low {
				t.Errorf("%s: %+v in step 2, %+v in step 1", h.Name, h.High, first.Holders[i].Low)
			}
		}
		if counts["int4"] == 0 || !r.Verified.Identical || r.Target.Value != *first.Given.High.Value-30 {
			t.Errorf("%s: %v, %+v, target %v from %v", method, counts, r.Verified, r.Target.Value, *first.Given.High.Value)
		}
		for _, dir := range []string{c.Out, LadderFolder(c.Out)} {
			if v, err := Verify(context.Background(), dir, config.Config{}); err != nil || !v.Identical {
				t.Errorf("verify %s: %+v, %v", dir, v, err)
			}
		}
	}
}
