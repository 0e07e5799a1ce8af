package run

import (
	"context"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"example.org/demote/backend"
	"example.org/demote/config"
	"example.org/demote/internal/bench"
	"example.org/demote/internal/segments"
	"example.org/demote/internal/stage"
	"example.org/demote/internal/task"
	"example.org/demote/internal/trial"
	"example.org/demote/internal/written"
	"example.org/demote/onnx"
	"example.org/demote/search"
)

// TestNoOpsAreThoseOfTheGrids goes from base to base, up and down, and holds what the nodes have found out about
// their grids on the way, on every block, against package quant on all that the nodes are given: in parts and in one
// piece, by one thread and several. Padding plays no part.
func TestNoOpsAreThoseOfTheGrids(t *testing.T) {
	for _, c := range []struct {
		name    string
		cache   int64
		threads int
	}{{"parts", 1 << 30, 1}, {"one piece", -1, 1}, {"two threads", 1 << 30, 2}} {
		t.Run(c.name, func(t *testing.T) {
			cfg := dimConfig(t)
			cfg.Cache, cfg.Threads = c.cache, c.threads
			s := compiledTask(t, cfg)
			if (s.Ev.Parts() > 1) != (c.cache > 0) {
				t.Fatalf("%d parts", s.Ev.Parts())
			}
			n := len(s.Records)
			base, found, mixed := search.NewMask(n), 0, 0
			for step, flip := range []int{-1, 3, 2, 5, 0, 3, 4, 1, 2, 6, 3, 5} {
				if next := base.Clone(); flip >= 0 {
					toggle(next, flip%n)
					pass(t, s, base, next)
					base = next
				}
				other := base.Clone() // a trial on it, not run before, makes a mask the base
				for h := range n {
					toggle(other, h)
				}
				pass(t, s, base, other)
				given := inputsOfHolders(t, s, base)
				for block, first := 0, 0; first < s.Data.Len(); block, first = block+1, first+s.Block {
					var want []int
					for h, x := range given {
						low, high, per := s.Records[h].Low, s.Records[h].High, len(x)/s.Data.Len()
						differ := func(v float32) bool { return math.Float32bits(low.Value(v)) != math.Float32bits(high.Value(v)) }
						if !slices.ContainsFunc(x[first*per:min(first+s.Block, s.Data.Len())*per], differ) {
							want = append(want, h)
						}
					}
					if got := s.Ev.NoOps(block); !slices.Equal(got, want) {
						t.Errorf("step %d, base %s, block %d: no-ops %v, by package quant %v", step, base, block, got, want)
					}
					if found += len(want); len(want) > 0 && len(want) < n {
						mixed++
					}
				}
			}
			t.Logf("%d no-ops", found)
			if found < 50 || mixed < 50 {
				t.Errorf("%d no-ops, %d blocks with some: this test shows too little", found, mixed)
			}
		})
	}
}

func toggle(m search.Mask, h int) {
	if m.Low(h) {
		m.Promote(h)
	} else {
		m.Demote(h)
	}
}

// pass runs a candidate on a base to its end.
func pass(t *testing.T, s *searchRun, base, candidate search.Mask) search.Score {
	t.Helper()
	found, err := s.Ev.Scan(context.Background(), base, []search.Mask{candidate}, search.Bound{Above: math.Inf(-1), Floor: math.Inf(1)})
	if err != nil || !found.Passed {
		t.Fatalf("%+v, %v", found, err)
	}
	return found.Score
}

// TestNoOpsNeedNoRun makes random searches by hand, one holder, two or three at once, up and down, on all ways in
// which parts hand on what flows between them: every score is the naive one, every base has the outputs of the whole
// network, and many blocks need no run.
func TestNoOpsNeedNoRun(t *testing.T) {
	s := compiledTask(t, dimConfig(t))
	n := len(s.Records)
	open := func(wrap func(*segments.Source) backend.Source, change func(*backend.Options)) *backend.Evaluator {
		src, err := s.Source(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		o := s.Options
		change(&o)
		e, err := backend.New(context.Background(), wrap(src), s.Data, s.Records, o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(e.Close)
		if o.Naive {
			return e
		}
		if _, err := e.Plan(); err != nil {
			t.Fatal(err)
		}
		return e
	}
	plain := func(s *segments.Source) backend.Source { return s }
	src, err := s.Source(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	last, middle := src.Cuts()-1, src.Cuts()/2
	all := func(o *backend.Options) { o.Cuts = trial.EveryCut(src) }
	naive := open(plain, func(o *backend.Options) { o.Naive, o.Workers = true, 1 })
	ways := map[string]*backend.Evaluator{
		"optimized in one piece": open(plain, all),
		"coded":                  open(func(s *segments.Source) backend.Source { return plainOnly{s} }, all),
		"values":                 open(func(s *segments.Source) backend.Source { return valuesOnly{s} }, all),
		"without cuts":           open(plain, func(o *backend.Options) { o.Cache = 0 }),
		"one cut":                open(plain, func(o *backend.Options) { o.Cuts = []int{0, middle, last} }),
	}
	for name, e := range ways {
		if want := map[string]int{"without cuts": 1, "one cut": 2}[name]; want == 0 && e.Parts() != last || want > 0 && e.Parts() != want {
			t.Errorf("%s: %d parts of %d", name, e.Parts(), last)
		}
		before := e.Stats()
		rng := rand.New(rand.NewPCG(1, 9))
		base := search.NewMask(n)
		for step := range 60 {
			var candidates []search.Mask
			for range 1 + rng.IntN(4) {
				m := base.Clone()
				for range 1 + rng.IntN(3) {
					toggle(m, rng.IntN(n))
				}
				candidates = append(candidates, m)
			}
			b := search.Bound{Above: math.Inf(1), Floor: math.Inf(-1)}
			if step%3 > 0 {
				b.Above = float64(step % 3 * 25)
			}
			found, err := e.Scan(context.Background(), base, candidates, b)
			if err != nil {
				t.Fatal(err)
			}
			want, err := search.NaiveScan(context.Background(), naive.Score, candidates, b)
			if err != nil || found != want {
				t.Fatalf("%s, step %d: %+v, naive %+v, %v", name, step, found, want, err)
			}
			base = candidates[found.Index]
			if step%10 == 9 {
				got, _, err := written.Sums(context.Background(), e, base)
				if err != nil {
					t.Fatal(err)
				}
				rows, _, err := written.Sums(context.Background(), naive, base)
				if err != nil || got.FirstDifference(rows) >= 0 {
					t.Fatalf("%s, step %d: sample %d has other outputs, %v", name, step, got.FirstDifference(rows), err)
				}
			}
		}
		after := e.Stats()
		t.Logf("%s: %d parts, %d blocks run, %d needed no run", name, e.Parts(), after.Blocks-before.Blocks, after.NoOps-before.NoOps)
		if after.NoOps-before.NoOps < 50 {
			t.Errorf("%s: %d blocks needed no run", name, after.NoOps-before.NoOps)
		}
	}
	if n := naive.Stats().NoOps; n != 0 {
		t.Errorf("naive: %d blocks needed no run", n)
	}
}

// TestNoOpsDecideAsNaive holds whole searches of the dim network against the naive scan, by a count and by a
// number.
func TestNoOpsDecideAsNaive(t *testing.T) {
	for _, metric := range []string{"agreement", "sqnr"} {
		for _, strategy := range []string{"demotion", "greedy"} {
			t.Run(metric+" "+strategy, func(t *testing.T) {
				cfg := dimConfig(t)
				cfg.Metric, cfg.Strategy, cfg.Block = metric, strategy, 2
				if metric == "agreement" {
					cfg.Target = "16bit-0.02"
				}
				fast := mustSearch(t, cfg)
				cfg.Scan, cfg.Workers, cfg.Out = "naive", 1, cfg.Out+"-naive"
				if a, b := decisions(t, mustSearch(t, cfg)), decisions(t, fast); a != b {
					t.Errorf("naive: %s\nfast:  %s", a, b)
				}
				if !fast.Verified.Identical {
					t.Error("the written file does not compute what was searched")
				}
			})
		}
	}
}

// TestNoOpsAllocateNothing holds that a trial which needs no run allocates nothing either, beside the key of its
// mask, and runs nothing.
func TestNoOpsAllocateNothing(t *testing.T) {
	s := compiledTask(t, dimConfig(t))
	ctx, base := context.Background(), search.NewMask(len(s.Records))
	r := slices.IndexFunc(s.Network.Holders, func(h onnx.Holder) bool { return h.Tensor == "r" })
	q := slices.IndexFunc(s.Network.Holders, func(h onnx.Holder) bool { return h.Tensor == "q" })
	base.Demote(r)
	both := base.Clone()
	both.Demote(q)
	pass(t, s, search.NewMask(len(s.Records)), base)
	pass(t, s, base, both)
	before := s.Ev.Stats()
	b := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := s.Ev.Again(ctx, both); err != nil {
				b.Fatal(err)
			}
		}
	})
	if n := float64(b.MemAllocs) / float64(b.N); n > 1.5 || b.N < 10 {
		t.Errorf("%v allocations a trial over %d trials", n, b.N)
	}
	if after := s.Ev.Stats(); after.Blocks != before.Blocks || after.NoOps-before.NoOps < 16*b.N {
		t.Errorf("%d blocks run, %d needed no run, in at least %d trials of 16 blocks", after.Blocks-before.Blocks, after.NoOps-before.NoOps, b.N)
	}
}

// TestWeightsThatFollowAreNoNoOps: on black images a layer without bias makes zeros, which lie on both grids of its
// holder. That bit is a no-op, unless the layer's weights follow it.
func TestWeightsThatFollowAreNoNoOps(t *testing.T) {
	cfg := tinyFollow(t)
	cfg.Metric, cfg.Target = "sqnr", "30%"
	data := npyHeader("<f4", 16, 1, 8, 8)
	for i := range 16 * 64 {
		v := float32(0)
		if i >= 8*64 { // the second block
			v = float32(math.Sin(float64(i)))
		}
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	writeTestFile(t, cfg.Data, data)
	for _, c := range []struct {
		weights string
		noop    bool
		blocks  int // run of a trial
	}{{"high", true, 1}, {"follow", false, 2}} {
		cfg.Weights = c.weights
		s := compiledTask(t, cfg)
		const holder = 1
		if h := s.Network.Holders[holder]; h.Tensor != "a1" || c.weights == "follow" && s.Network.Followed[0].Holder != holder {
			t.Fatalf("holder %d is %s", holder, h.Tensor)
		}
		if got := s.Ev.NoOps(0); slices.Contains(got, holder) != c.noop || !slices.Contains(got, 0) {
			t.Errorf("--weights %s: no-ops %v", c.weights, got)
		}
		m := search.NewMask(len(s.Records))
		m.Demote(holder)
		before := s.Ev.Stats()
		pass(t, s, search.NewMask(len(s.Records)), m)
		if run := s.Ev.Stats().Blocks - before.Blocks; run != c.blocks {
			t.Errorf("--weights %s: %d blocks run, of 2, want %d", c.weights, run, c.blocks)
		}
	}
}

// BenchmarkCompare runs full trials of the example in turn with nodes that compare their grids and with nodes that
// do not, and reports how much longer the former take.
func BenchmarkCompare(b *testing.B) {
	cfg := config.Config{Model: "../examples/fashion/model.onnx", Calib: "../examples/fashion/calib.npz", Data: "../examples/fashion/eval.npz", Limit: 200, Cache: -1, Block: 20, Workers: 1}
	fast := compiledTask(b, cfg)
	cfg.Scan = "naive"
	naive := compiledTask(b, cfg)
	masks := []search.Mask{task.LowMask(fast.Network.Holders), search.NewMask(len(fast.Records))}
	var ratios []float64
	for i := 0; b.Loop(); i++ {
		var took [2]float64
		for turn := range 2 {
			which := (i + turn) % 2
			start := stage.CPUSeconds()
			if _, err := []*searchRun{fast, naive}[which].Ev.Again(context.Background(), masks[i/2%2]); err != nil {
				b.Fatal(err)
			}
			took[which] = stage.CPUSeconds() - start
		}
		ratios = append(ratios, took[0]/took[1])
	}
	b.ReportMetric(bench.FigureOf(ratios).Median, "compared/plain")
}
