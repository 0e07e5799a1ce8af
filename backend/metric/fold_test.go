package metric

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"example.org/demote/backend/bounds"
	"example.org/demote/search"
	"example.org/demote/search/searchtest"
)

// TestFoldedSearches compares whole searches by every strategy over bounds with those by full scores: every field of
// the result. Targets are scores that occur, their neighbours, and others.
func TestFoldedSearches(t *testing.T) {
	for name, make := range puzzles {
		t.Run(name, func(t *testing.T) {
			ran, all := 0, 0
			for seed := range uint64(120) {
				rng := rand.New(rand.NewPCG(seed, 91))
				problem := searchtest.NewProblem(rng)
				p := make(rng, name, problem.Table)
				o := problem.Options
				o.Target = p.target(rng, o)
				o.Low = nil
				if seed%3 == 0 {
					o.Proof = &search.ProofLimit{}
				}
				for _, s := range search.Strategies() {
					want, err := search.Run(t.Context(), s.Name, searchtest.Model{Naive: p.full, Table: p.table}, o)
					if err != nil {
						t.Fatal(err)
					}
					e := evaluator{bounds.NewEvaluator(p, p.rule), p.table}
					got, err := search.Run(t.Context(), s.Name, e, o)
					if want.Proof != nil && got.Proof != nil {
						want.Proof.Time, got.Proof.Time = 0, 0
					}
					if err != nil || !reflect.DeepEqual(got, want) {
						t.Fatalf("seed %d: %s: %v\n%+v, want\n%+v", seed, s.Name, err, got, want)
					}
					ran, all = ran+e.Stats().Samples, all+e.Stats().Trials*p.judge.samples
				}
			}
			t.Logf("%.2f of the samples of all trials", float64(ran)/float64(all))
			if ran >= all {
				t.Error("no trial ends early")
			}
		})
	}
}

// TestFoldedScans compares random scans with the definition.
func TestFoldedScans(t *testing.T) {
	for name, make := range puzzles {
		t.Run(name, func(t *testing.T) {
			passed := 0
			for seed := range uint64(400) {
				rng := rand.New(rand.NewPCG(seed, 92))
				n := 1 + rng.IntN(6)
				p := make(rng, name, searchtest.NewTable(rng, n, 5+rng.IntN(60), 1.5*rng.Float64()))
				var candidates []search.Mask
				for range 1 + rng.IntN(6) {
					m := search.NewMask(n)
					for range 1 + rng.IntN(3) {
						m.Demote(rng.IntN(n))
					}
					candidates = append(candidates, m)
				}
				o := search.Options{Pinned: search.NewMask(n)}
				b := search.Bound{Above: p.target(rng, o), Floor: []float64{math.Inf(-1), math.Inf(1), p.target(rng, o)}[rng.IntN(3)], Last: rng.IntN(3) == 0}
				want, _ := search.NaiveScan(t.Context(), p.full, candidates, b)
				got, err := bounds.NewEvaluator(p, p.rule).Scan(t.Context(), o.Pinned, candidates, b)
				if err != nil || got != want {
					t.Fatalf("seed %d: %v, %+v, want %+v (%+v)", seed, err, got, want, b)
				}
				if got.Passed {
					passed++
				}
			}
			if passed < 40 || passed > 360 {
				t.Errorf("%d of 400 scans pass", passed)
			}
		})
	}
}

// TestUpperIsTheMost tries all that the samples left can come to: no score is above the bound, and but for mcc one is
// the bound itself.
func TestUpperIsTheMost(t *testing.T) {
	for _, name := range []string{"f1", "weighted-f1", "mcc", "miou", "dice", "pixel-accuracy", "token-accuracy"} {
		t.Run(name, func(t *testing.T) {
			lower := 0
			for seed := range uint64(400) {
				rng := rand.New(rand.NewPCG(seed, 93))
				p := puzzles[name](rng, name, searchtest.NewTable(rng, 3, 3+rng.IntN(10), 1.5))
				fold, classes := p.rule.Fold, p.judge.row/max(1, len(p.judge.truth.Pixels)/p.judge.samples)
				mask := search.NewMask(3)
				mask.Demote(rng.IntN(3))
				judged := p.judge.samples - 1
				if per := p.answers(classes); per*per <= 64 {
					judged = max(0, judged-rng.IntN(3))
				}
				state := fold.Add(nil, p.outcomes(mask, p.order[:judged]))
				most, upper := math.Inf(-1), fold.Upper(state)
				p.complete(state, p.order[judged:], classes, func(s bounds.State) { most = max(most, fold.Score(s)) })
				if most > upper || name != "mcc" && most != upper {
					t.Fatalf("seed %d: the bound is %v, and the most is %v", seed, upper, most)
				}
				if upper < 1 {
					lower++
				}
				if again, ok := fold.Unpack(fold.Pack(state)); judged > 0 && (!ok || fmt.Sprint(*again.(*matches)) != fmt.Sprint(*state.(*matches))) {
					t.Fatalf("seed %d: %v comes back as %v", seed, state, again)
				}
			}
			if lower < 100 {
				t.Errorf("%d bounds of 400 say something", lower)
			}
		})
	}
}

// complete calls f for all that samples can come to behind a state.
func (p *puzzle) complete(s bounds.State, left []int, classes int, f func(bounds.State)) {
	if len(left) == 0 {
		f(s)
		return
	}
	pixels := max(1, len(p.judge.truth.Pixels)/p.judge.samples)
	for code := range p.answers(classes) {
		row := make([]float32, classes*pixels)
		for at, rest := 0, code; at < pixels; at, rest = at+1, rest/classes {
			if p.judge.metric.Labels == TokenLabels {
				row[at*classes+rest%classes] = 1
			} else {
				row[rest%classes*pixels+at] = 1
			}
		}
		p.complete(p.rule.Fold.Add(s, p.judge.Block(row, left[:1]).Outcomes), left[1:], classes, f)
	}
}

// answers is how many outputs of a sample there are.
func (p *puzzle) answers(classes int) int {
	all := classes
	for range len(p.judge.truth.Pixels)/p.judge.samples - 1 {
		all *= classes
	}
	return all
}

// TestUnpackRefuses holds that bytes that are no state are none.
func TestUnpackRefuses(t *testing.T) {
	fold := macroF1(LabelOptions{})
	fold.wanted = func(_ *Scorer, n []int64) { n[0], n[1] = 2, 3 }
	f := fold.foldOf([]*Scorer{{}}, 2)
	for _, b := range [][]byte{nil, {1, 1, 1}, {1, 1, 1, 0, 0, 0, 0}, {2, 1, 2, 0, 0, 0}, {0, 0, 3, 0, 0, 0}, {0, 0, 0x80, 0, 0, 0}} {
		if s, ok := f.Unpack(b); ok {
			t.Errorf("%v is %v", b, s)
		}
	}
	if s, ok := f.Unpack([]byte{1, 2, 2, 0, 0, 1}); !ok || f.Score(s) != 0.25 {
		t.Errorf("%v, %v", s, ok)
	}
}
