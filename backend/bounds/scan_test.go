package bounds

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"example.org/demote/search"
	"example.org/demote/search/searchtest"
)

// problem is a random scan over a random model.
type problem struct {
	machine    *tableMachine
	rule       *Rule
	base       search.Mask
	candidates []search.Mask
	bound      search.Bound
}

// newProblem makes a scan of the kind with thresholds near the scores that occur, among them exactly one that occurs.
func newProblem(rng *rand.Rand, kind Kind) *problem {
	n := 1 + rng.IntN(9)
	table := searchtest.NewTable(rng, n, 1+rng.IntN(60), 1.5*rng.Float64())
	p := &problem{rule: &Rule{Kind: kind, Sizes: split(rng, table.Samples, 9)}}
	if kind == Mean || kind == Whole {
		p.rule.Best = []float64{0, 1, 0.1, -0.3}[rng.IntN(4)]
	}
	if kind == Whole || kind == Mean && rng.IntN(3) == 0 {
		p.rule.Finish = func(sum float64) float64 { return math.Atan(sum / 7) }
	}
	p.machine = newTableMachine(table, p.rule)
	if kind == Folded {
		p.folded(rng)
	}
	newScan(p.rule)
	if kind == Mean || kind == Whole {
		strange := []float64{math.NaN(), math.Inf(-1)}[rng.IntN(2)]
		if rng.IntN(4) > 0 {
			strange = 0.25
		}
		p.machine.value = func(m search.Mask, s int) float64 {
			switch v := table.Margin(m, s); {
			case v > 3:
				return min(strange, p.rule.Best)
			default:
				return p.rule.Best - math.Abs(v)
			}
		}
	}
	p.base = search.NewMask(n)
	for h := range n {
		if rng.IntN(3) == 0 {
			p.base.Demote(h)
		}
	}
	for range rng.IntN(12) {
		c := p.base.Clone()
		for range 1 + rng.IntN(2) {
			c.Demote(rng.IntN(n))
		}
		if !slices.ContainsFunc(p.candidates, c.Equal) {
			p.candidates = append(p.candidates, c)
		}
	}
	p.bound = search.Bound{Above: p.near(rng), Floor: p.near(rng), Last: rng.IntN(2) == 0}
	return p
}

// near is a threshold: a score that occurs, one beside it, or an infinity.
func (p *problem) near(rng *rand.Rand) float64 {
	mask := p.base
	if len(p.candidates) > 0 {
		mask = p.candidates[rng.IntN(len(p.candidates))]
	}
	s, _ := p.machine.score(context.Background(), mask)
	f := s.Float()
	switch rng.IntN(8) {
	case 0:
		return math.Inf(1)
	case 1:
		return math.Inf(-1)
	case 2:
		return math.Nextafter(f, math.Inf(1))
	case 3:
		return math.Nextafter(f, math.Inf(-1))
	case 4:
		return f + 0.1*rng.NormFloat64()
	}
	return f
}

// same compares answers, NaN equal to NaN.
func same(a, b search.Found) bool {
	eq := func(x, y search.Score) bool {
		return x == y || x.Total == y.Total && x.Count == y.Count && math.IsNaN(x.Value) && math.IsNaN(y.Value)
	}
	return a.Index == b.Index && a.Passed == b.Passed && eq(a.Score, b.Score) && eq(a.Last, b.Last)
}

// TestScanIsNaive compares thousands of random scans with the definition, and the blocks run with the fewest that can
// prove the answer.
func TestScanIsNaive(t *testing.T) {
	for name, kind := range map[string]Kind{"counted": Counted, "mean": Mean, "whole": Whole, "folded": Folded} {
		t.Run(name, func(t *testing.T) {
			passes, bests, nones := 0, 0, 0
			for seed := range uint64(6000) {
				rng := rand.New(rand.NewPCG(seed, uint64(kind)))
				p := newProblem(rng, kind)
				want, _ := search.NaiveScan(context.Background(), p.machine.score, p.candidates, p.bound)
				e := NewEvaluator(p.machine, p.rule)
				got, err := e.Scan(context.Background(), p.base, p.candidates, p.bound)
				if err != nil {
					t.Fatal(err)
				}
				if !same(got, want) {
					t.Fatalf("seed %d: %+v, want %+v (%+v)", seed, got, want, p.bound)
				}
				p.checkCost(t, seed, got)
				switch {
				case got.Passed:
					passes++
				case got.Index >= 0:
					bests++
				default:
					nones++
				}
			}
			t.Logf("%d passes, %d bests, %d without", passes, bests, nones)
			if passes < 500 || bests < 300 || nones < 500 {
				t.Error("the random scans are one-sided")
			}
		})
	}
}

// checkCost holds that every candidate ran exactly the blocks that prove the answer: none behind the one that passes,
// all of the answer, and of the others as many as show that they neither pass nor lead.
func (p *problem) checkCost(t *testing.T, seed uint64, found search.Found) {
	t.Helper()
	need, floor := p.rule.passing(p.bound.Above), p.rule.reaching(p.bound.Floor)
	best := key(math.MinInt64)
	if found.Index >= 0 {
		best = p.rule.keyOf(found.Score)
	}
	for i, mask := range p.candidates {
		least := 0
		for ; least < p.rule.Blocks() && !(found.Passed && i > found.Index); least++ {
			upper := p.rule.upper(p.machine.prefix(mask, least))
			beaten := found.Passed || upper < floor || upper < best || upper == best && i < found.Index
			if upper < need && beaten && !(p.bound.Last && i == len(p.candidates)-1) {
				break
			}
		}
		if ran, twice := p.machine.blocks(mask); ran != least || twice {
			t.Fatalf("seed %d: candidate %d ran %d blocks, twice %v; %d prove the answer %+v", seed, i, ran, twice, least, found)
		}
	}
}

// TestScanAhead feeds scans with work that nobody asked for, as a backend does that runs ahead: the answer stays.
func TestScanAhead(t *testing.T) {
	for seed := range uint64(6000) {
		rng := rand.New(rand.NewPCG(seed, 11))
		p := newProblem(rng, Kind(seed%4))
		p.rule.Width = 1 + rng.IntN(3)
		want, _ := search.NaiveScan(context.Background(), p.machine.score, p.candidates, p.bound)
		s := newScan(p.rule)
		s.Begin(len(p.candidates), p.bound)
		for {
			for len(p.candidates) > 0 && rng.IntN(3) == 0 {
				c := rng.IntN(len(p.candidates))
				if rng.IntN(5) == 0 {
					full, _ := p.machine.score(context.Background(), p.candidates[c])
					s.Know(c, full)
				} else {
					s.Learn(c, p.machine.prefix(p.candidates[c], rng.IntN(p.rule.Blocks()+1)))
				}
			}
			w, ok := s.Next()
			if !ok {
				break
			}
			if progress, _, done := s.Progress(w.Candidate); done || progress.Blocks != w.From || w.To <= w.From || w.To > p.rule.Blocks() {
				t.Fatalf("seed %d: work %+v at %+v", seed, w, progress)
			}
			s.Learn(w.Candidate, p.machine.prefix(p.candidates[w.Candidate], w.To))
		}
		if got := s.Found(); !same(got, want) {
			t.Fatalf("seed %d: %+v, want %+v", seed, got, want)
		}
	}
}

// TestScanAgain uses one scan for scans of several lengths: nothing of an earlier one may show.
func TestScanAgain(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	rule := &Rule{Sizes: []int{3, 3, 2}}
	s := newScan(rule)
	for range 2000 {
		n := rng.IntN(6)
		scores := make([]int, n)
		for i := range scores {
			scores[i] = rng.IntN(9)
		}
		b := search.Bound{Above: float64(rng.IntN(10)) / 8, Floor: float64(rng.IntN(10)) / 8, Last: rng.IntN(2) == 0}
		s.Begin(n, b)
		for w, ok := s.Next(); ok; w, ok = s.Next() {
			p, _, _ := s.Progress(w.Candidate)
			for ; p.Blocks < w.To; p.Blocks++ { // the first samples are right
				p.Count = min(scores[w.Candidate], 8-rule.left[p.Blocks+1])
			}
			s.Learn(w.Candidate, p)
		}
		masks := newMasks(8, n)
		want, _ := search.NaiveScan(context.Background(), func(_ context.Context, m search.Mask) (search.Score, error) {
			for i := range masks {
				if &masks[i].Words()[0] == &m.Words()[0] {
					return search.Score{Count: scores[i], Total: 8}, nil
				}
			}
			panic("mask of no candidate")
		}, masks, b)
		if got := s.Found(); got != want {
			t.Fatalf("scores %v, %+v: %+v, want %+v", scores, b, got, want)
		}
	}
}

// newMasks returns count masks of n holders.
func newMasks(n, count int) []search.Mask {
	list := make([]search.Mask, count)
	for i := range list {
		list[i] = search.NewMask(n)
	}
	return list
}
