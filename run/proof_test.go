package run

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"example.org/demote/config"
	"example.org/demote/internal/cost"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trialtest"
	"example.org/demote/search"
)

// twelveHolders is a search of a network of twelve holders, whose grids are coarse enough to make int8 hurt.
func twelveHolders(t *testing.T) config.Config {
	g := tasktest.NewGraph(60).In("x", nil, 8)
	in := "x"
	for i := range 10 {
		w := fmt.Sprintf("w%d", i)
		g.Weight(w, 0.9, 8, 8).Do(fmt.Sprintf("m%d = MatMul %s %s; t%d = Tanh m%d", i, in, w, i, i))
		in = fmt.Sprintf("t%d", i)
	}
	c := g.Weight("last", 0.9, 8, 12).Do("y = MatMul "+in+" last").Out("y", 12).Config(t)
	c.OutputHolder, c.GridLow, c.GridHigh, c.Metric, c.Target, c.Strategy = true, "pow2", "pow2", "agreement", "16bit-0.05", "auto"
	c.Calib = tasktest.WriteArrays(t, filepath.Join(t.TempDir(), "calib.npz"), map[string][]byte{"x": tasktest.FloatsNPY(tasktest.Normals(9, 32*8), 32, 8)})
	return c
}

// leastHigh scores every mask of a search without a run folder, and returns the least number of int16 holders of one
// above the target.
func leastHigh(t *testing.T, c config.Config, above float64) (least int) {
	r := trialtest.Compiled(t, c)
	n := len(r.Records)
	least = n + 1
	for set := range 1 << n {
		mask := search.NewMask(n)
		for h := range n {
			if set>>h&1 == 1 {
				mask.Demote(h)
			}
		}
		if n-bits.OnesCount(uint(set)) >= least {
			continue
		}
		score, err := r.Ev.Score(context.Background(), mask)
		if err != nil {
			t.Fatal(err)
		}
		if score.Float() > above {
			least = mask.Len() - mask.Count()
		}
	}
	return least
}

// TestProofOfANetwork compares proofs of a network of twelve holders with the scores of all its masks, with a metric
// that counts and one that does not, with early ends and without.
func TestProofOfANetwork(t *testing.T) {
	for _, k := range []struct{ metric, target, scan string }{
		{"agreement", "16bit-0.02", "fast"}, {"agreement", "16bit-0.001", "fast"}, {"agreement", "16bit-0.001", "naive"}, {"sqnr", "50%", "fast"}, {"cosine", "80%", "fast"},
	} {
		t.Run(k.metric+" "+k.target+" "+k.scan, func(t *testing.T) {
			c := twelveHolders(t)
			c.Metric, c.Target, c.Scan, c.Prove = k.metric, k.target, k.scan, "all"
			r := mustSearch(t, c)
			if len(r.Holders) != 12 {
				t.Fatalf("%d holders", len(r.Holders))
			}
			least := leastHigh(t, c, r.Target.Value)
			if p := r.Proof; !p.Minimal || *p.Least != least || len(r.Promotion) != least || p.Int16 != least || p.Stop != "done" {
				t.Fatalf("%d stay int16, the optimum is %d: %+v", len(r.Promotion), least, p)
			}
			if least < 1 {
				t.Fatalf("nothing to prove")
			}
		})
	}
}

// TestProofIsResumed interrupts a proof again and again: it goes on where it was, and the end is that of a proof in
// one go.
func TestProofIsResumed(t *testing.T) {
	c := twelveHolders(t)
	c.Prove, c.Strategy, c.Target = "all", "bisect", "16bit-0.001"
	whole := mustSearch(t, c)
	c.Out = filepath.Join(t.TempDir(), "resumed")
	refuted := -1
	for n := 0; ; n++ {
		ctx, cancel := context.WithCancel(context.Background())
		told := 0
		c.Progress = func(e search.Event) {
			if e.Kind == search.EventTrial && e.Proof.Mixes > 0 {
				if told++; told == 25 {
					cancel()
				}
			}
		}
		r, err := Search(ctx, c)
		cancel()
		if err == nil {
			if n < 2 {
				t.Fatalf("it was interrupted %d times", n)
			}
			got, want := *r.Proof, *whole.Proof
			got.Seconds, want.Seconds, got.SampleEvals, want.SampleEvals = 0, 0, 0, 0
			if !reflect.DeepEqual(got, want) || !reflect.DeepEqual(r.Promotion, whole.Promotion) || r.Evaluations != whole.Evaluations {
				t.Fatalf("%+v, in one go %+v", got, want)
			}
			if r.Trials > whole.Trials+n {
				t.Fatalf("%d masks were run, in one go %d", r.Trials, whole.Trials)
			}
			return
		}
		if !errors.Is(err, context.Canceled) || r.Proof == nil || r.Proof.Stop != "interrupted" || r.Proof.Minimal || r.Finished {
			t.Fatalf("%v: %+v", err, r.Proof)
		}
		if r.Proof.Refuted < refuted || n > 500 {
			t.Fatalf("%d mixes are refuted after %d", r.Proof.Refuted, refuted)
		}
		refuted = r.Proof.Refuted
	}
}

// TestProofWithEverything holds that a proof stands beside each other choice of a search, and says what is true.
func TestProofWithEverything(t *testing.T) {
	for _, k := range []struct {
		name   string
		change func(*config.Config)
		want   string // in the text
	}{
		{"pins and a group", func(c *config.Config) { c.Pins, c.Groups = []string{"x=int16"}, []string{"t0,t1"} }, "proven minimal: no mix with fewer than"},
		{"costs", func(c *config.Config) { c.Cost = "bops" }, "proven minimal: no mix that meets the target saves more by the cost bops"},
		{"costs, cut short", func(c *config.Config) { c.Cost, c.Trials = "bytes", 40 }, "saves more"},
		{"a number", func(c *config.Config) { c.Prove = "1" }, "proven minimal"},
		{"evaluations", func(c *config.Config) { c.Trials = 60 }, "the limit of evaluations ended the proof"},
		{"no evaluations left", func(c *config.Config) { c.Trials = 3 }, "nothing is proven"},
		{"a time", func(c *config.Config) { c.Prove = "10m" }, "proven minimal"},
		{"the time of the search", func(c *config.Config) { c.Time = time.Hour }, "proven minimal"},
		{"a hold-out and a promise", func(c *config.Config) { c.Holdout, c.Confidence, c.Target = "30%", "0.6", "16bit-0.2" }, "proven"},
		{"the default session", func(c *config.Config) { c.Session = "default" }, ""},
		{"the curve", func(c *config.Config) { c.Curve = true }, "proven minimal"},
		{"the reference", func(c *config.Config) { c.Strategy, c.Chain = "demotion", "last" }, "proven minimal"},
		{"all int8 holds", func(c *config.Config) { c.Target = "16bit-0.9" }, "proven minimal: nothing that can be int8 stays int16"},
		{"no mix holds", func(c *config.Config) { c.Target = "1.0" }, "proven: no mix meets the target"},
		{"no mix holds, with costs", func(c *config.Config) { c.Target, c.Cost = "1.0", "bops" }, "proven: no mix meets the target"},
	} {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			c := twelveHolders(t)
			c.Target, c.Prove, c.Strategy = "16bit-0.001", "all", "gallop"
			k.change(&c)
			r, err := Search(context.Background(), c)
			if err != nil && !errors.Is(err, ErrUnreachable) {
				t.Fatal(err)
			}
			text := strings.Join(r.ProofText(), "\n")
			t.Log(text)
			if r.Proof == nil || !strings.Contains(text, k.want) {
				t.Fatalf("%+v\n%s", r.Proof, text)
			}
			if r.Proof.Least != nil && r.Met && *r.Proof.Least > r.Proof.Int16 {
				t.Fatalf("at least %d of %d", *r.Proof.Least, r.Proof.Int16)
			}
		})
	}
}

// TestProofIsTold holds that the number of mixes and the time are told before they are refuted, and by --dry-run.
func TestProofIsTold(t *testing.T) {
	c := twelveHolders(t)
	c.Target, c.Prove, c.Strategy = "16bit-0.001", "2", "gallop"
	var said []string
	c.Say = func(text string) { said = append(said, text) }
	begun := map[int]bool{}
	c.Progress = func(e search.Event) {
		if size := e.Proof.Size; e.Kind == search.EventProof && !e.Proof.Drawing && size > 0 && !begun[size] {
			begun[size] = true
			want := fmt.Sprintf("proof: %.0f mixes with %d at int16, about ", search.HighMixes(12, size), size)
			if all := strings.Join(said, "\n"); !strings.Contains(all, want) {
				t.Errorf("size %d: not said: %q\n%s", size, want, all)
			}
		}
	}
	mustSearch(t, c)
	if !begun[1] || !begun[2] || begun[3] {
		t.Errorf("sizes %v", begun)
	}
	said, c.Progress = nil, nil
	c.DryRun = true
	mustSearch(t, c)
	all := strings.Join(said, "\n")
	for _, text := range []string{"proof: 1 mix with 0 of 12", "proof: 12 mixes with 1 of 12", "proof: 66 mixes with 2 of 12", "--prove 2"} {
		if !strings.Contains(all, text) {
			t.Errorf("%q is not said:\n%s", text, all)
		}
	}
	if strings.Contains(all, "with 3 of 12") {
		t.Error(all)
	}
}

// TestProofsThatAreRefused holds that what cannot be meant is one line before anything runs.
func TestProofsThatAreRefused(t *testing.T) {
	for _, k := range []struct {
		change func(*config.Config)
		text   string
	}{
		{func(c *config.Config) { c.Prove = "0" }, "give a time such as 10m"},
		{func(c *config.Config) { c.Prove = "-3" }, "give a time such as 10m"},
		{func(c *config.Config) { c.Prove = "-3m" }, "give a time such as 10m"},
		{func(c *config.Config) { c.Prove = "most" }, "give a time such as 10m"},
		{func(c *config.Config) { c.Prove, c.Target, c.Strategy, c.Int16Share = "2", "", "auto", "20%" }, "exclude each other"},
		{func(c *config.Config) {
			c.Prove, c.Target, c.Strategy, c.Budget, c.Cost = "2", "", "auto", "1.2x", "bops"
		}, "exclude each other"},
		{func(c *config.Config) { c.Prove, c.Cost = "2", "bops" }, "a proof goes by what mixes save"},
	} {
		c := twelveHolders(t)
		k.change(&c)
		_, err := Search(context.Background(), c)
		if ExitCode(err) != ExitMistake || !strings.Contains(fmt.Sprint(err), k.text) {
			t.Errorf("%s: %v", k.text, err)
		}
	}
	if math.IsNaN(search.HighMixes(2000, 1000)) {
		t.Error("a number of mixes is none")
	}
}

// TestProofOfAPair does so for a pair whose 8-bit file has weights of its own, which follow the holders.
func TestProofOfAPair(t *testing.T) {
	c := tinyFollow(t)
	c.Target, c.Prove, c.Strategy = "16bit-0.02", "all", "bisect"
	r := mustSearch(t, c)
	least := leastHigh(t, c, r.Target.Value)
	if p := r.Proof; !p.Minimal || *p.Least != least || len(r.Promotion) != least || least < 2 {
		t.Fatalf("%d stay int16, the optimum is %d: %+v", len(r.Promotion), least, p)
	}
}

// TestProofOfCosts compares proofs by cost with what every mask of a network saves that meets the target.
func TestProofOfCosts(t *testing.T) {
	for _, by := range []string{"bops", "bytes"} {
		c := twelveHolders(t)
		c.Target, c.Prove, c.Strategy, c.Cost = "16bit-0.001", "all", "bisect", by
		found := mustSearch(t, c)
		r := trialtest.Compiled(t, c)
		costs, err := cost.Read(context.Background(), r.Task, cost.By{Name: by})
		if err != nil {
			t.Fatal(err)
		}
		most := math.Inf(-1)
		for set := range 1 << 12 {
			mask := search.NewMask(12)
			for h := range 12 {
				if set>>h&1 == 1 {
					mask.Demote(h)
				}
			}
			saved, _ := search.Saving(costs.Chosen.Saves, mask)
			if saved <= most {
				continue
			}
			score, err := r.Ev.Score(context.Background(), mask)
			if err != nil {
				t.Fatal(err)
			}
			if score.Float() > found.Target.Value {
				most = saved
			}
		}
		for _, s := range found.Savings {
			if s.Cost == by && (s.Saved != most || *found.Proof.MostSaved != most || !found.Proof.Minimal) {
				t.Errorf("%s: it saves %v, the optimum is %v: %+v", by, s.Saved, most, found.Proof)
			}
		}
		t.Logf("%s: %d mixes refuted, %d better ones found", by, found.Proof.Refuted, found.Proof.Better)
	}
}
