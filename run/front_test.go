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
