package run

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/demote/internal/cost"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trialtest"
	"example.org/demote/search"
)

// TestFronts holds the fronts of a result against their definition, over all scores in its journal: a mix is a point
// if none of the others costs no more and scores no less, unless it is its equal in both.
func TestFronts(t *testing.T) {
	const samples = 60
	cfg := tasktest.TinyConfig(t, samples)
	cfg.Strategy = "greedy"
	r := mustSearch(t, cfg)
	whole, _ := kept(t, cfg.Out, len(r.Holders), samples)
	s := trialtest.Compiled(t, cfg)
	costs, err := cost.Read(context.Background(), s.Task, cost.By{Name: "count"})
	if err != nil {
		t.Fatal(err)
	}
	type mix struct {
		price float64
		count int
	}
	var names []string
	for _, model := range costs.Models() {
		names = append(names, model.Name())
		all := map[string]mix{}
		for text, outcomes := range whole {
			m, err := search.ParseMask(text)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, b := range outcomes {
				n += strings.Count(fmt.Sprintf("%b", b), "1")
			}
			all[text] = mix{model.Of(m), n}
		}
		want := map[mix]bool{}
		for _, a := range all {
			beaten := false
			for _, b := range all {
				beaten = beaten || b != a && b.price <= a.price && b.count >= a.count
			}
			if !beaten {
				want[a] = true
			}
		}
		at := len(names) - 1
		if r.Fronts[at].Cost != model.Name() || len(r.Fronts[at].Points) != len(want) || len(want) < 3 {
			t.Fatalf("%s: %d points, want %d", r.Fronts[at].Cost, len(r.Fronts[at].Points), len(want))
		}
		for _, p := range r.Fronts[at].Points {
			got := mix{p.Price, *p.Score.Correct}
			if !want[got] || all[p.Mask] != got || p.Int8 != strings.Count(p.Mask, "1") {
				t.Errorf("%s: %+v is no point of the front", model.Name(), p)
			}
		}
	}
	if !slices.Equal(names, []string{"count", "bops", "bytes"}) {
		t.Errorf("fronts of %q", names)
	}
	page, err := os.ReadFile(filepath.Join(cfg.Out, "report.html"))
	if err != nil || !strings.Contains(string(page), "Score against cost, by bops") {
		t.Errorf("the report has no front: %v", err)
	}
}

// TestEqualsByTheOtherCost: of mixes that cost and score the same a front has the one of fewer bit operations, where
// holders are counted, and else the one with fewer holders in int16; so do searches, which get the places of searched
// weights too.
func TestEqualsByTheOtherCost(t *testing.T) {
	cfg := ofWeights(t)
	s := startSearch(cfg)
	defer s.Close()
	if err := s.ready(context.Background()); err != nil {
		t.Fatal(err)
	}
	count, bops := s.costs.Chosen, s.costs.Models()[1]
	n := len(s.Records)
	dear, cheap := search.NewMask(n), search.NewMask(n)
	for h := range n { // the ones that save least, and most
		one := search.NewMask(n)
		if one.Demote(h); dear.Count() == 0 || bops.Of(one) > bops.Of(dear) {
			dear = one
		}
		if cheap.Count() == 0 || bops.Of(one) < bops.Of(cheap) {
			cheap = one
		}
	}
	score := search.Score{Count: 1, Total: 2}
	for _, all := range [][]scored{{{dear, "a", score}, {cheap, "b", score}}, {{cheap, "a", score}, {dear, "b", score}}} {
		if front := frontOf(all, count, s.costs.Beside(count)); len(front) != 1 || !front[0].mask.Equal(cheap) {
			t.Errorf("of %s and %s the front has %v", dear, cheap, front)
		}
	}
	o := s.strategyOptions(search.Resolved{})
	if o.Price(dear) != bops.Of(dear) || o.Price(cheap) != bops.Of(cheap) {
		t.Errorf("prices %v and %v, want %v and %v", o.Price(dear), o.Price(cheap), bops.Of(dear), bops.Of(cheap))
	}
	if other := s.costs.Beside(bops); other(search.NewMask(n)) != float64(n) || other(dear) != float64(n-1) {
		t.Errorf("beside bops: %v and %v of %d", other(search.NewMask(n)), other(dear), n)
	}
	last := len(s.Network.Activations()) - 1
	if len(o.Places) != n || o.Places[last] != last || slices.Max(o.Places) != last {
		t.Errorf("places %v of %d activations and %d holders", o.Places, last+1, n)
	}
}
