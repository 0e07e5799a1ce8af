package metric

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"example.org/demote/backend/bounds"
	"example.org/demote/search"
	"example.org/demote/search/searchtest"
)

// A puzzle is a lookup-table model whose outputs a metric of outcomes judges: where the table is wrong of a sample, or
// a pixel, the output is another class, or NaN.
type puzzle struct {
	judge  *Scorer
	table  *searchtest.Table
	row    func(mask search.Mask, sample int) []float32
	rule   *bounds.Rule
	starts []int
	order  []int // of the samples
}

// puzzles are the metrics of which random puzzles are made, with what makes one from a table.
var puzzles = map[string]func(rng *rand.Rand, name string, t *searchtest.Table) *puzzle{
	"f1": classPuzzle, "weighted-f1": classPuzzle, "mcc": classPuzzle, "miou": pixelPuzzle, "dice": pixelPuzzle, "pixel-accuracy": pixelPuzzle, "token-accuracy": pixelPuzzle, "map": boxPuzzle, "map50": boxPuzzle,
}

// newPuzzle lays the samples of a judge out in random blocks.
func newPuzzle(rng *rand.Rand, j *Scorer, t *searchtest.Table, row func(search.Mask, int) []float32) *puzzle {
	p := &puzzle{judge: j, table: t, row: row, order: rng.Perm(j.samples)}
	var sizes []int
	for at := 0; at < j.samples; {
		n := min(j.samples-at, 1+rng.IntN(9))
		p.starts, sizes = append(p.starts, at), append(sizes, n)
		at += n
	}
	if err := j.Check(); err != nil {
		panic(err)
	}
	var err error
	if p.rule, err = RuleOf([]*Scorer{j}, sizes, 1); err != nil {
		panic(err)
	}
	return p
}

// labelled are labels of some of the classes, not always of all.
func labelled(rng *rand.Rand, n, classes int) []int64 {
	used := rng.Perm(classes)[:1+rng.IntN(classes)]
	list := make([]int64, n)
	for i := range list {
		list[i] = int64(used[rng.IntN(len(used))])
	}
	return list
}

// weights are random weights of classes, some of them 0; nil: there are none.
func weights(rng *rand.Rand, classes int) (list []float64) {
	if rng.IntN(2) == 0 {
		return nil
	}
	for range classes {
		list = append(list, float64(rng.IntN(3))*rng.Float64())
	}
	return list
}

// guess is the class that a table's sample is taken for.
func guess(t *searchtest.Table, mask search.Mask, at, label, classes int) int {
	if t.Correct(mask, at) {
		return label
	}
	return int(math.Abs(t.Margin(mask, at))*1e6) % classes
}

func classPuzzle(rng *rand.Rand, name string, t *searchtest.Table) *puzzle {
	classes := 1 + rng.IntN(5)
	m, err := ByName(name)
	if err != nil {
		panic(err)
	}
	if name == "f1" {
		if m, err = m.With(LabelOptions{Weights: weights(rng, classes)}); err != nil {
			panic(err)
		}
	}
	j := NewScorer(m, Truth{Labels: labelled(rng, t.Samples, classes)}, t.Samples)
	j.Read(Output{Name: "y", Dims: []int64{2, int64(classes)}, Slots: 2})
	return newPuzzle(rng, j, t, func(mask search.Mask, sample int) []float32 {
		row := make([]float32, classes)
		if t.Margin(mask, sample) < -1 { // nothing is larger than the first
			row[0] = float32(math.NaN())
			return row
		}
		row[guess(t, mask, sample, int(j.truth.Labels[sample]), classes)] = 1
		return row
	})
}

// pixelPuzzle is of pixels, or of tokens, which are the same with the classes last.
func pixelPuzzle(rng *rand.Rand, name string, t *searchtest.Table) *puzzle {
	classes, pixels := 1+rng.IntN(4), 1+rng.IntN(4)
	samples := max(1, t.Samples/pixels)
	pixels = t.Samples / samples
	o, tokens := LabelOptions{Weights: weights(rng, classes)}, name == "token-accuracy"
	if tokens {
		o.Weights = nil
	}
	truth := Truth{LabelDims: []int64{int64(pixels)}}
	for _, l := range labelled(rng, samples*pixels, classes) {
		truth.Pixels = append(truth.Pixels, int32(l))
	}
	if ignored := int64(-1); rng.IntN(2) == 0 {
		o.Ignore = &ignored
		for i := range truth.Pixels {
			if rng.IntN(4) == 0 {
				truth.Pixels[i] = -1
			}
		}
	}
	if truth.Pixels[0] = max(0, truth.Pixels[0]); o.Weights != nil { // something counts
		o.Weights[truth.Pixels[0]] = 0.7
	}
	m, err := ByName(name)
	if err == nil {
		m, err = m.With(o)
	}
	if err != nil {
		panic(err)
	}
	j := NewScorer(m, truth, samples)
	dims := []int64{2, int64(classes), int64(pixels)}
	if tokens {
		dims = []int64{2, int64(pixels), int64(classes)}
	}
	j.Read(Output{Name: "y", Dims: dims, Slots: 2})
	return newPuzzle(rng, j, t, func(mask search.Mask, sample int) []float32 {
		row := make([]float32, classes*pixels)
		for at := range pixels {
			label := max(0, int(truth.Pixels[sample*pixels+at]))
			if c := guess(t, mask, sample*pixels+at, label, classes); tokens {
				row[at*classes+c] = 1
			} else {
				row[c*pixels+at] = 1
			}
		}
		return row
	})
}

// outcomes are those of some samples under a mask.
func (p *puzzle) outcomes(mask search.Mask, samples []int) []bounds.Outcome {
	var rows []float32
	for _, s := range samples {
		rows = append(rows, p.row(mask, s)...)
	}
	return p.judge.Block(rows, samples).Outcomes
}

// Run implements bounds.Machine.
func (p *puzzle) Run(_ context.Context, job bounds.Job, gains []bounds.Gain) error {
	for i := range gains {
		from := p.starts[job.From+i]
		gains[i].Outcomes = p.outcomes(job.Mask, p.order[from:from+p.rule.Sizes[job.From+i]])
	}
	return nil
}

// full is the score of all samples, one block after another in the order of the data.
func (p *puzzle) full(_ context.Context, mask search.Mask) (search.Score, error) {
	var all []int
	for s := range p.judge.samples {
		all = append(all, s)
	}
	return search.Score{Value: p.rule.Fold.Score(p.rule.Fold.Add(nil, p.outcomes(mask, all)))}, nil
}

// evaluator is a puzzle as a search sees it.
type evaluator struct {
	*bounds.Evaluator
	table *searchtest.Table
}

func (e evaluator) Distance(ctx context.Context, m search.Mask) (float64, error) {
	return e.table.Distance(ctx, m)
}

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

// target is a score near that of the network without demotions, one that occurs, or one beside it.
func (p *puzzle) target(rng *rand.Rand, o search.Options) float64 {
	mask := o.Pinned.Clone()
	for range rng.IntN(3) {
		mask.Demote(rng.IntN(mask.Len()))
	}
	s, _ := p.full(context.Background(), mask)
	switch rng.IntN(4) {
	case 0:
		return math.Nextafter(s.Value, -1)
	case 1:
		return math.Nextafter(s.Value, 2)
	case 2:
		return s.Value - 0.1*rng.Float64()
	}
	return s.Value
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
