package trial_test

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"example.org/demote/backend"
	"example.org/demote/cgo"
	"example.org/demote/config"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/segments"
	"example.org/demote/internal/stage"
	"example.org/demote/internal/task"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trial"
	"example.org/demote/internal/trialtest"
	"example.org/demote/internal/variants"
	"example.org/demote/onnx"
	"example.org/demote/search"
)

// TestNoOpsAreThoseOfTheGrids goes from base to base, up and down, and holds what the nodes have found out about
// their grids on the way, on every block, against package quant on all that the nodes are given: in parts and in one
// piece, by one thread and several. Padding plays no part.
func TestNoOpsAreThoseOfTheGrids(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for _, c := range []struct {
		name    string
		cache   int64
		threads int
	}{{"parts", 1 << 30, 1}, {"one piece", -1, 1}, {"two threads", 1 << 30, 2}} {
		t.Run(c.name, func(t *testing.T) {
			cfg := tasktest.DimConfig(t)
			cfg.Cache, cfg.Threads = c.cache, c.threads
			s := trialtest.Compiled(t, cfg)
			if (s.Ev.Parts() > 1) != (c.cache > 0) {
				t.Fatalf("%d parts", s.Ev.Parts())
			}
			n := len(s.Records)
			base, found, mixed := search.NewMask(n), 0, 0
			for step, flip := range []int{-1, 3, 2, 5, 0, 3, 4, 1, 2, 6, 3, 5} {
				if next := base.Clone(); flip >= 0 {
					trialtest.Toggle(next, flip%n)
					trialtest.Pass(t, s, base, next)
					base = next
				}
				other := base.Clone() // a trial on it, not run before, makes a mask the base
				for h := range n {
					trialtest.Toggle(other, h)
				}
				trialtest.Pass(t, s, base, other)
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

// TestNoOpsNeedNoRun makes random searches by hand, one holder, two or three at once, up and down, on all ways in
// which parts hand on what flows between them: every score is the naive one, every base has the outputs of the whole
// network, and many blocks need no run.
func TestNoOpsNeedNoRun(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	s := trialtest.Compiled(t, tasktest.DimConfig(t))
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
					trialtest.Toggle(m, rng.IntN(n))
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
				got, _ := trialtest.Rows(t, e, base)
				want, _ := trialtest.Rows(t, naive, base)
				if n := trialtest.Differing(got, want); n > 0 {
					t.Fatalf("%s, step %d: %d samples have other outputs", name, step, n)
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

// TestNoOpsAllocateNothing holds that a trial which needs no run allocates nothing either, beside the key of its
// mask, and runs nothing.
func TestNoOpsAllocateNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	s := trialtest.Compiled(t, tasktest.DimConfig(t))
	ctx, base := context.Background(), search.NewMask(len(s.Records))
	r := slices.IndexFunc(s.Network.Holders, func(h onnx.Holder) bool { return h.Tensor == "r" })
	q := slices.IndexFunc(s.Network.Holders, func(h onnx.Holder) bool { return h.Tensor == "q" })
	base.Demote(r)
	both := base.Clone()
	both.Demote(q)
	trialtest.Pass(t, s, search.NewMask(len(s.Records)), base)
	trialtest.Pass(t, s, base, both)
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

// BenchmarkCompare runs full trials of the example in turn with nodes that compare their grids and with nodes that
// do not, and reports how much longer the former take.
func BenchmarkCompare(b *testing.B) {
	cfg := config.Config{Model: "../../examples/fashion/model.onnx", Calib: "../../examples/fashion/calib.npz", Data: "../../examples/fashion/eval.npz", Limit: 200, Cache: -1, Block: 20, Workers: 1}
	fast := trialtest.Compiled(b, cfg)
	cfg.Scan = "naive"
	naive := trialtest.Compiled(b, cfg)
	masks := []search.Mask{task.LowMask(fast.Network.Holders), search.NewMask(len(fast.Records))}
	var ratios []float64
	for i := 0; b.Loop(); i++ {
		var took [2]float64
		for turn := range 2 {
			which := (i + turn) % 2
			start := stage.CPUSeconds()
			if _, err := []*trial.Runner{fast, naive}[which].Ev.Again(context.Background(), masks[i/2%2]); err != nil {
				b.Fatal(err)
			}
			took[which] = stage.CPUSeconds() - start
		}
		ratios = append(ratios, took[0]/took[1])
	}
	slices.Sort(ratios)
	b.ReportMetric(ratios[len(ratios)/2], "compared/plain")
}

// inputsOfHolders runs a mask and returns what the node of every holder is given: by holder, all samples
// one after another.
func inputsOfHolders(t *testing.T, s *trial.Runner, m search.Mask) [][]float32 {
	t.Helper()
	src, err := s.Source(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	from := make([]string, len(s.Records))
	var made []string
	for _, n := range src.Model.Graph().GetNode() {
		if n.GetOpType() != ir.FakeQuantOp {
			continue
		}
		for i, a := range n.GetAttribute() {
			if a.GetName() == "holder" {
				from[n.GetAttribute()[i].GetI()] = n.GetInput()[0]
			}
		}
		if n.GetInput()[0] != "image" {
			made = append(made, n.GetInput()[0])
		}
	}
	model, err := variants.WithOutputs(src.Model, made...).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	session, err := cgo.NewSession(model, cgo.Options{Level: blocks.Optimization, IntraThreads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	binding, err := session.NewBinding()
	if err != nil {
		t.Fatal(err)
	}
	defer binding.Close()
	tensors := map[string]*cgo.Tensor{}
	bind := func(name string, of func(string) (cgo.Slot, error), kind cgo.DType, dims ...int64) {
		v, err := cgo.NewTensor(kind, dims...)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(v.Close)
		slot, err := of(name)
		if err == nil {
			err = binding.Bind(slot, v)
		}
		if err != nil {
			t.Fatal(err)
		}
		tensors[name] = v
	}
	block := s.Block
	bind("image", binding.Input, cgo.Float32, int64(block), 1, 8, 8)
	bind(ir.MaskInput, binding.Input, cgo.Uint8, int64(m.Len()))
	for _, p := range session.Outputs() {
		bind(p.Name, binding.Output, cgo.Float32, p.Dims...)
	}
	clear(tensors[ir.MaskInput].Bytes())
	for h := range m.Len() {
		if m.Low(h) {
			tensors[ir.MaskInput].Bytes()[h] = cgo.Low
		}
	}
	all := make([][]float32, len(s.Records))
	for first := 0; first < s.Data.Len(); first += block {
		count := min(block, s.Data.Len()-first)
		for i := range count {
			if err := s.Data.Read(0, first+i, tensors["image"].Bytes()[i*256:(i+1)*256]); err != nil {
				t.Fatal(err)
			}
		}
		if err := binding.Run(); err != nil {
			t.Fatal(err)
		}
		for h, name := range from {
			x := tensors[name].Float32s()
			all[h] = append(all[h], x[:len(x)/block*count]...)
		}
	}
	return all
}
