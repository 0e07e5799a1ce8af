package metric

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"example.org/demote/backend/bounds"
	"example.org/demote/search"
	"example.org/demote/search/searchtest"
)

// TestCountsAddUp holds that a Fold comes to the same state, score and bound with one outcome of several samples as
// with theirs, that this is no longer than is said, and that those of other samples do not fit.
func TestCountsAddUp(t *testing.T) {
	for _, name := range []string{"f1", "weighted-f1", "mcc", "miou", "dice", "pixel-accuracy", "token-accuracy"} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(200) {
				rng := rand.New(rand.NewPCG(seed, 94))
				p := puzzles[name](rng, name, searchtest.NewTable(rng, 3, 3+rng.IntN(10), 1.5))
				mask := search.NewMask(3)
				mask.Demote(rng.IntN(3))
				fold, n := p.rule.Fold, 1+rng.IntN(p.judge.samples)
				list := p.outcomes(mask, p.order[:n])
				one := AddUp(list)
				if again := AddUp(one); !reflect.DeepEqual(again, one) {
					t.Fatalf("seed %d: %v adds up to %v", seed, one, again)
				}
				a, b := fold.Add(nil, list), fold.Add(nil, one)
				if !reflect.DeepEqual(a, b) || math.Float64bits(fold.Score(a)) != math.Float64bits(fold.Score(b)) || math.Float64bits(fold.Upper(a)) != math.Float64bits(fold.Upper(b)) {
					t.Fatalf("seed %d: %v of %v, and %v of %v", seed, a, list, b, one)
				}
				numbers := 0
				for _, o := range one {
					numbers += len(o)
				}
				if most, ok := p.judge.MostCounts(n); !ok || numbers > most {
					t.Fatalf("seed %d: %d numbers, and at most %d", seed, numbers, most)
				}
				if !p.judge.Fits(one, n) || !p.judge.Fits(list, n) {
					t.Fatalf("seed %d: %v does not fit", seed, one)
				}
				if p.judge.metric.Labels == ClassLabels && p.judge.Fits(append(one, one...), (n-1)/2) {
					t.Fatalf("seed %d: twice %v fits in less than half of %d samples", seed, one, n)
				}
			}
		})
	}
	j := NewScorer(namedOf(t, "f1"), Truth{Labels: make([]int64, 8)}, 8)
	j.Read(Output{Name: "y", Dims: []int64{4, 3}, Slots: 4})
	if !j.Fits([]bounds.Outcome{{0, 1, 2, 2, 2, 0, 1, 1}}, 3) {
		t.Error("three samples do not fit")
	}
	for _, bad := range [][]bounds.Outcome{nil, {{0, 1, 3}}, {{0, 1, 3, 3, 1}}, {{3, 1, 3, 3}}, {{-1, 1, 3, 3}}, {{0, -1, 3, 3}}, {{0, 4, 3, 3}}, {{0, 1, 3, 2}}, {{0, 1, 2, 2}}, {{0, 1, 4, 4}},
		{{0, 0, -3, -3, 1, 0, 6, 6}}} {
		if j.Fits(bad, 3) {
			t.Errorf("%v fits", bad)
		}
	}
	if top := NewScorer(namedOf(t, "top1"), Truth{}, 8); top.Fits([]bounds.Outcome{{0, 1, 1, 1}}, 1) || !top.Fits(nil, 1) {
		t.Error("a metric without outcomes takes some, or does not take none")
	}
	if _, ok := NewScorer(namedOf(t, "map"), Truth{}, 8).MostCounts(1); ok {
		t.Error("boxes add up")
	}
	if AddUp(nil) != nil {
		t.Error("nothing adds up to something")
	}
}

// namedOf is a metric by its name.
func namedOf(t *testing.T, name string) *Metric {
	t.Helper()
	m, err := ByName(name)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
