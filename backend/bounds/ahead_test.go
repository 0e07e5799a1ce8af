package bounds

import (
	"context"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"example.org/demote/search"
	"example.org/demote/search/searchtest"
)

// asked is what a scan has cost without what was run ahead.
func asked(s Stats) Stats {
	s.Ahead, s.Thrown, s.ThrownSamples, s.ThrownWork = 0, 0, 0, 0
	return s
}

// TestAheadIsNaive compares thousands of random scans on several workers, which run ahead by the guesses or at random
// and end in any order, with the definition and with one worker: answer, memo, what the journal is told and in which
// order, and what was asked for. No block is run twice, and what is run beyond is counted to the sample.
func TestAheadIsNaive(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for name, kind := range map[string]Kind{"counted": Counted, "mean": Mean, "whole": Whole, "folded": Folded} {
		t.Run(name, func(t *testing.T) {
			var total Stats
			for seed := range uint64(4000) {
				rng := rand.New(rand.NewPCG(seed, 51+uint64(kind)))
				p := newProblem(rng, kind)
				want, _ := search.NaiveScan(context.Background(), p.machine.score, p.candidates, p.bound)
				alone := NewEvaluator(newMachineLike(p), p.rule)
				m := &workersMachine{tableMachine: p.machine, rng: rng, workers: 2 + rng.IntN(4)}
				several := NewEvaluator(m, p.rule)
				if (several.ahead == nil) != (kind == Whole) {
					t.Fatalf("ahead: %v", several.ahead)
				}
				if several.ahead != nil && seed%2 == 0 {
					atRandom(several, rng)
				}
				var one, more told
				one.listen(alone)
				more.listen(several)
				for _, base := range []search.Mask{p.base, p.base} { // the second scan takes up what the first has left
					if _, err := alone.Scan(context.Background(), base, p.candidates, p.bound); err != nil {
						t.Fatal(err)
					}
					got, err := several.Scan(context.Background(), base, p.candidates, p.bound)
					if err != nil || !same(got, want) {
						t.Fatalf("seed %d: %v, %+v, want %+v (%+v)", seed, err, got, want, p.bound)
					}
					if len(m.under) > 0 {
						t.Fatalf("seed %d: %d blocks under way after the scan", seed, len(m.under))
					}
				}
				if !slices.Equal(one.lines, more.lines) {
					t.Fatalf("seed %d: the journal is told %q, by one worker %q", seed, more.lines, one.lines)
				}
				st := several.Stats()
				if asked(st) != asked(alone.Stats()) || st.Thrown > st.Ahead {
					t.Fatalf("seed %d: %+v, by one worker %+v", seed, st, alone.Stats())
				}
				p.checkThrown(t, seed, st)
				total.Blocks, total.Ahead, total.Thrown = total.Blocks+st.Blocks, total.Ahead+st.Ahead, total.Thrown+st.Thrown
			}
			t.Logf("%d blocks asked for, %d begun ahead, %d thrown away", total.Blocks, total.Ahead, total.Thrown)
			if kind != Whole && (total.Ahead < 1000 || total.Thrown < 100) {
				t.Error("hardly anything is run ahead")
			}
		})
	}
}

// newMachineLike is a machine of a problem that has not run yet.
func newMachineLike(p *problem) *tableMachine {
	m := newTableMachine(p.machine.table, p.rule)
	m.value, m.outcome = p.machine.value, p.machine.outcome
	return m
}

// checkThrown holds that what was run is what was asked for and what was thrown away: a block that was thrown away by
// one scan may be run again by the next, and none else is.
func (p *problem) checkThrown(t *testing.T, seed uint64, s Stats) {
	t.Helper()
	blocks, samples := 0, 0
	for _, times := range p.machine.ran {
		for b, n := range times {
			blocks, samples = blocks+n, samples+n*p.rule.Sizes[b]
		}
	}
	if blocks != s.Blocks+s.Thrown || samples != s.Samples+s.ThrownSamples || s.ThrownWork != float64(s.ThrownSamples) {
		t.Fatalf("seed %d: %d blocks and %d samples were run, %+v", seed, blocks, samples, s)
	}
}

// TestAheadSearches compares whole searches by every strategy on 1, 2, 3 and 4 workers with the naive search: every
// field of the result, and all that the journal is told.
func TestAheadSearches(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 61))
		p := searchtest.NewProblem(rng)
		rule := &Rule{Sizes: split(rng, p.Table.Samples, 9)}
		for _, s := range search.Strategies() {
			want, err := search.Run(context.Background(), s.Name, p.Table.Model(), p.Options)
			if err != nil {
				t.Fatal(err)
			}
			var first told
			for workers := 1; workers <= 4; workers++ {
				m := &workersMachine{tableMachine: newTableMachine(p.Table, rule), rng: rng, workers: workers}
				ev := measured{NewEvaluator(m, rule), p.Table}
				if workers == 4 {
					atRandom(ev.Evaluator, rng)
				}
				var log told
				log.listen(ev.Evaluator)
				got, err := search.Run(context.Background(), s.Name, ev, p.Options)
				if err != nil || !reflect.DeepEqual(got, want) {
					t.Fatalf("seed %d: %s on %d workers: %v\n%+v, want\n%+v", seed, s.Name, workers, err, got, want)
				}
				if workers == 1 {
					first = log
				} else if !slices.Equal(log.lines, first.lines) {
					t.Fatalf("seed %d: %s: the journal is told otherwise on %d workers", seed, s.Name, workers)
				}
			}
		}
	}
}

// TestAheadGolden holds results and chains of all golden cases on several workers.
func TestAheadGolden(t *testing.T) {
	for i, c := range searchtest.Golden(t, "") {
		rng := rand.New(rand.NewPCG(uint64(i), 71))
		rule := &Rule{Sizes: split(rng, c.Samples, 1+c.Samples/10)}
		m := &goldenWorkers{goldenMachine: goldenMachine{c, rule.Sizes}, workers: 2 + i%3}
		e := NewEvaluator(m, rule)
		c.Check(t, e)
		if st := e.Stats(); st.Ahead == 0 && st.Blocks > 1000 {
			t.Errorf("%d: %+v", i, st)
		}
	}
}

// goldenWorkers is a goldenMachine of workers that end in turn.
type goldenWorkers struct {
	goldenMachine
	workers int
	under   []underWay
}

func (m *goldenWorkers) Workers() int { return m.workers }

func (m *goldenWorkers) Start(job Job, _ search.Mask, ticket int, gain *Gain) {
	m.under = append(m.under, underWay{job, ticket, gain})
}

func (m *goldenWorkers) Finish() (ticket int, work float64, err error) {
	u := m.under[0]
	m.under = m.under[1:]
	var gain [1]Gain
	err = m.Run(context.Background(), u.job, gain[:])
	*u.gain = gain[0]
	return u.ticket, 1, err
}

// TestAheadFailures lets blocks fail and contexts be cancelled at random and asks again each time: the answer stays,
// no block is left under way, nothing that was asked for and run is run again, and a block that failed ahead of its
// time troubles nobody but who asks for it.
func TestAheadFailures(t *testing.T) {
	broken := errors.New("broken")
	cancelled, failed := 0, 0
	for seed := range uint64(2000) {
		rng := rand.New(rand.NewPCG(seed, 81))
		p := newProblem(rng, Kind(seed%2))
		want, _ := search.NaiveScan(context.Background(), p.machine.score, p.candidates, p.bound)
		m := &workersMachine{tableMachine: p.machine, rng: rng, workers: 2 + rng.IntN(4)}
		e := NewEvaluator(m, p.rule)
		if seed%2 == 0 {
			atRandom(e, rng)
		}
		var cancel context.CancelFunc
		p.machine.fail = func() error {
			switch rng.IntN(6) {
			case 0:
				return broken
			case 1:
				cancel()
			}
			return nil
		}
		kept := map[string]int{} // blocks that the journal knows of
		e.Learnt = func(m search.Mask, _ search.Score) error { kept[m.Key()] = p.rule.Blocks(); return nil }
		e.Stopped = func(m search.Mask, p Progress) error {
			if p.Blocks <= kept[m.Key()] {
				t.Fatalf("seed %d: told of %d blocks after %d", seed, p.Blocks, kept[m.Key()])
			}
			kept[m.Key()] = p.Blocks
			return nil
		}
		for {
			var ctx context.Context
			ctx, cancel = context.WithCancel(context.Background())
			got, err := e.Scan(ctx, p.base, p.candidates, p.bound)
			cancel()
			if len(m.under) > 0 {
				t.Fatalf("seed %d: %d blocks under way after %v", seed, len(m.under), err)
			}
			switch {
			case errors.Is(err, broken):
				failed++
				continue
			case errors.Is(err, context.Canceled):
				cancelled++
				continue
			case err != nil || !same(got, want):
				t.Fatalf("seed %d: %v, %+v, want %+v", seed, err, got, want)
			}
			break
		}
		used := 0
		for _, n := range kept {
			used += n
		}
		if st := e.Stats(); used != st.Blocks {
			t.Fatalf("seed %d: the journal knows of %d blocks, %d were asked for and run", seed, used, st.Blocks)
		}
	}
	if cancelled < 300 || failed < 300 {
		t.Errorf("%d scans were cancelled, %d failed", cancelled, failed)
	}
}

// freeWorkers answers at once, on two workers.
type freeWorkers struct {
	freeMachine
	tickets []int
}

func (m *freeWorkers) Workers() int { return 2 }

func (m *freeWorkers) Start(job Job, _ search.Mask, ticket int, gain *Gain) {
	gain.Count = m.samples - (job.Mask.Count()+job.From)%3
	m.tickets = append(m.tickets, ticket)
}

func (m *freeWorkers) Finish() (ticket int, work float64, err error) {
	ticket = m.tickets[len(m.tickets)-1]
	m.tickets = m.tickets[:len(m.tickets)-1]
	return ticket, 1, nil
}

// TestAheadAllocatesNothing holds that scans on several workers allocate nothing beside a key for each new mask and
// the memo's growth.
func TestAheadAllocatesNothing(t *testing.T) {
	if scanWithoutAllocation(t, &freeWorkers{freeMachine: freeMachine{100}}).Ahead == 0 {
		t.Error("nothing was run ahead")
	}
}

// BenchmarkAheadBlock tells what running ahead costs a block beside the block itself, at 1,000 holders with free
// trials.
func BenchmarkAheadBlock(b *testing.B) {
	b.ReportAllocs()
	blocks := 0
	for b.Loop() {
		rule := &Rule{Sizes: []int{100, 100, 100, 100, 100, 100, 100, 100, 100, 100}}
		e := NewEvaluator(&freeWorkers{freeMachine: freeMachine{100}}, rule)
		if _, err := search.Demotion(context.Background(), e, search.NewOptions(1000, 0.99)); err != nil {
			b.Fatal(err)
		}
		blocks += e.Stats().Blocks + e.Stats().Thrown
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(blocks), "ns/block")
}
