package bounds

import (
	"context"
	"errors"
	"math/rand/v2"
	"reflect"
	"testing"

	"example.org/demote/search"
	"example.org/demote/search/searchtest"
)

// goldenMachine runs a golden case: of count samples the right ones are spread by the mask, so that no order helps.
type goldenMachine struct {
	c     *searchtest.Case
	sizes []int
}

func (m goldenMachine) Run(ctx context.Context, job Job, gains []Gain) error {
	s, err := m.c.Score(ctx, job.Mask)
	if err != nil {
		return err
	}
	shift := job.Mask.Count() * 17 % s.Total
	from := 0
	for _, n := range m.sizes[:job.From] {
		from += n
	}
	for i := range gains {
		for range m.sizes[job.From+i] {
			if (from+shift)%s.Total < s.Count {
				gains[i].Count++
			}
			from++
		}
	}
	return nil
}

// TestGoldenBounded holds results and chains of all golden cases by the bounded scan.
func TestGoldenBounded(t *testing.T) {
	blocks, naive := 0, 0
	for i, c := range searchtest.Golden(t, "") {
		rng := rand.New(rand.NewPCG(uint64(i), 2))
		rule := &Rule{Sizes: split(rng, c.Samples, 1+c.Samples/10), Width: 1 + i%2}
		e := NewEvaluator(goldenMachine{c, rule.Sizes}, rule)
		c.Check(t, e)
		stats := e.Stats()
		blocks += stats.Blocks
		naive += rule.Blocks() * (stats.Candidates + 3)
	}
	t.Logf("%d blocks of %d", blocks, naive)
	if 5*blocks > 2*naive {
		t.Error("bounds save less than 60 % of the golden cases' work")
	}
}

// TestDemotionIsNaive compares whole searches on random models, in both chain modes: every field of the result. The
// work is never more than the naive search's with a memo.
func TestDemotionIsNaive(t *testing.T) {
	blocks, naive := 0, 0
	for seed := range uint64(3000) {
		rng := rand.New(rand.NewPCG(seed, 4))
		table := searchtest.NewTable(rng, 1+rng.IntN(9), 5+rng.IntN(60), 0.5*rng.Float64())
		high, _ := table.Score(context.Background(), search.NewMask(table.N))
		o := search.NewOptions(table.N, high.Float()-0.2*rng.Float64())
		o.Seed, o.Multiplier = uint32(seed), rng.Float64()
		o.Chain = []search.ChainMode{search.ChainLast, search.ChainDemoted}[seed%2]
		o.FillTrue = seed%4 == 0
		distinct := map[string]bool{}
		want, err := search.Demotion(context.Background(), search.Naive(func(ctx context.Context, m search.Mask) (search.Score, error) {
			distinct[m.Key()] = true
			return table.Score(ctx, m)
		}), o)
		if err != nil {
			t.Fatal(err)
		}
		rule := &Rule{Sizes: split(rng, table.Samples, 9)}
		e := NewEvaluator(newTableMachine(table, rule), rule)
		got, err := search.Demotion(context.Background(), e, o)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d: %v\n%+v, want\n%+v", seed, err, got, want)
		}
		stats := e.Stats()
		if stats.Blocks > rule.Blocks()*len(distinct) || stats.Trials > len(distinct) {
			t.Fatalf("seed %d: %+v for %d masks of %d blocks", seed, stats, len(distinct), rule.Blocks())
		}
		blocks += stats.Blocks
		naive += rule.Blocks() * len(distinct)
	}
	t.Logf("%d blocks of %d", blocks, naive)
	if 20*blocks > 17*naive {
		t.Error("bounds save less than 15 % of these small models' work")
	}
}

// TestFailures lets the machine fail at random and asks again each time: the answers stay, and no block that was run
// for the base at hand is run again.
func TestFailures(t *testing.T) {
	broken := errors.New("broken")
	for seed := range uint64(1000) {
		rng := rand.New(rand.NewPCG(seed, 6))
		p := newProblem(rng, Kind(seed%3))
		want, _ := search.NaiveScan(context.Background(), p.machine.score, p.candidates, p.bound)
		p.machine.fail = func() error {
			if rng.IntN(3) == 0 {
				return broken
			}
			return nil
		}
		e := NewEvaluator(p.machine, p.rule)
		journal := map[string]search.Score{}
		e.Learnt = func(m search.Mask, s search.Score) error {
			if rng.IntN(4) == 0 {
				return broken
			}
			journal[m.Key()] = s
			return nil
		}
		for {
			got, err := e.Scan(context.Background(), p.base, p.candidates, p.bound)
			if err != nil {
				if !errors.Is(err, broken) {
					t.Fatal(err)
				}
				continue
			}
			if !same(got, want) {
				t.Fatalf("seed %d: %+v, want %+v", seed, got, want)
			}
			break
		}
		for _, c := range p.candidates {
			known, ok := e.Known(c)
			if logged, there := journal[c.Key()]; ok != there || ok && !same(search.Found{Score: known}, search.Found{Score: logged}) {
				t.Fatalf("seed %d: mask %s known %v, journal %v", seed, c, known, logged)
			}
		}
	}
}

// TestRestore holds that restored scores are not run, and that a cancelled context ends before the next run.
func TestRestore(t *testing.T) {
	table := searchtest.NewTable(rand.New(rand.NewPCG(1, 1)), 6, 40, 0.5)
	rule := &Rule{Sizes: []int{10, 10, 20}}
	first := NewEvaluator(newTableMachine(table, rule), rule)
	journal := map[string]search.Score{}
	first.Learnt = func(m search.Mask, s search.Score) error { journal[m.String()] = s; return nil }
	o := search.NewOptions(6, 0.6)
	want, err := search.Demotion(context.Background(), first, o)
	if err != nil {
		t.Fatal(err)
	}
	second := NewEvaluator(newTableMachine(table, rule), rule)
	for text, s := range journal {
		mask, _ := search.ParseMask(text)
		second.Restore(mask, s)
	}
	second.Learnt = func(m search.Mask, _ search.Score) error {
		if _, ok := journal[m.String()]; ok {
			t.Errorf("mask %s is learnt twice", m)
		}
		return nil
	}
	got, err := search.Demotion(context.Background(), second, o)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %+v, want %+v", err, got, want)
	}
	if a, b := first.Stats(), second.Stats(); b.Blocks >= a.Blocks {
		t.Errorf("%d blocks, %d without the journal", b.Blocks, a.Blocks)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	third := NewEvaluator(newTableMachine(table, rule), rule)
	if _, err := third.Score(ctx, search.NewMask(6)); !errors.Is(err, context.Canceled) || third.Stats().Blocks != 0 {
		t.Errorf("cancelled: %v, %+v", err, third.Stats())
	}
}

// TestScoreResumes holds that the full score of a rejected candidate costs only the blocks that are left.
func TestScoreResumes(t *testing.T) {
	table := searchtest.NewTable(rand.New(rand.NewPCG(1, 1)), 3, 40, 0.5)
	rule := &Rule{Sizes: []int{10, 10, 10, 10}}
	m := newTableMachine(table, rule)
	e := NewEvaluator(m, rule)
	base := search.NewMask(3)
	c := newMasks(3, 1)
	c[0].Demote(1)
	if _, err := e.Scan(context.Background(), base, c, search.Bound{Above: 0.999, Floor: 2}); err != nil {
		t.Fatal(err)
	}
	if n, _ := m.blocks(c[0]); n == 0 || n == 4 {
		t.Fatalf("%d blocks run by the scan", n)
	}
	s, err := e.Score(context.Background(), c[0])
	want, _ := table.Score(context.Background(), c[0])
	if n, twice := m.blocks(c[0]); err != nil || s != want || n != 4 || twice {
		t.Errorf("%v, %v, want %v; %d blocks, twice %v", err, s, want, n, twice)
	}
	if stats := e.Stats(); stats.Trials != 1 || stats.Resumed != 1 || stats.Samples != 40 {
		t.Errorf("%+v", stats)
	}
}

// freeMachine answers at once, so that a benchmark shows the evaluator's own work.
type freeMachine struct{ samples int }

func (m freeMachine) Run(_ context.Context, job Job, gains []Gain) error {
	for i := range gains {
		gains[i].Count = m.samples - (job.Mask.Count()+job.From+i)%3
	}
	return nil
}

// TestNoAllocation holds that scans allocate nothing beside a key for each new mask and the memo's growth.
func TestNoAllocation(t *testing.T) { scanWithoutAllocation(t, freeMachine{100}) }

// scanWithoutAllocation has a machine answer scans, and demands that they allocate nothing beside a key for each new
// mask and the memo's growth.
func scanWithoutAllocation(t *testing.T, m Machine) Stats {
	t.Helper()
	const n = 200
	rule := &Rule{Sizes: []int{100, 100, 100, 100}}
	e := NewEvaluator(m, rule)
	base, c := search.NewMask(n), newMasks(n, n)
	for i := range c {
		c[i].Demote(i)
	}
	scan := func() {
		// Another base each time, so that every candidate is new.
		base.CopyFrom(c[0])
		for i := range c {
			c[i].Demote((i + base.Count()) % n)
		}
		if _, err := e.Scan(context.Background(), base, c, search.Bound{Above: 0.995, Floor: 2}); err != nil {
			t.Fatal(err)
		}
	}
	scan()
	if a := testing.AllocsPerRun(50, scan); a > n {
		t.Errorf("%v allocations a scan of %d candidates", a, n)
	}
	return e.Stats()
}

// BenchmarkBoundedCandidate tells search and bounds together a candidate at 1,000 holders with free trials.
func BenchmarkBoundedCandidate(b *testing.B) {
	b.ReportAllocs()
	candidates := 0
	for b.Loop() {
		rule := &Rule{Sizes: []int{100, 100, 100, 100, 100, 100, 100, 100, 100, 100}}
		e := NewEvaluator(freeMachine{100}, rule)
		if _, err := search.Demotion(context.Background(), e, search.NewOptions(1000, 0.99)); err != nil {
			b.Fatal(err)
		}
		candidates += e.Stats().Candidates
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(candidates), "ns/candidate")
}
