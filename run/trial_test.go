package run

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/backend"
	"example.org/demote/config"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/task"
	"example.org/demote/onnx"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/search"
)

// compiled prepares and compiles a search on the CPU, without a run folder.
func compiledTask(t testing.TB, cfg config.Config) *searchRun {
	t.Helper()
	return onDevice(t, backend.DeviceCPU, cfg)
}

// TestTrialAllocatesNothing holds that a trial allocates nothing on the Go side.
func TestTrialAllocatesNothing(t *testing.T) {
	s := compiledTask(t, tinyConfig(t, 60))
	masks := []search.Mask{task.LowMask(s.Network.Holders), search.NewMask(len(s.Records))}
	masks[1].Demote(2)
	r := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if _, err := s.Ev.Again(context.Background(), masks[i%2]); err != nil {
				b.Fatal(err)
			}
		}
	})
	// The runtime itself allocates now and then for a goroutine that waits; a trial never does.
	if n := float64(r.MemAllocs) / float64(r.N); n > 0.5 || r.N < 10 {
		t.Errorf("%v allocations a trial over %d trials", n, r.N)
	}
}

// BenchmarkTrial is a full trial of the example's network on 200 samples, with -benchmem.
func BenchmarkTrial(b *testing.B) {
	s := compiledTask(b, config.Config{Model: "../examples/fashion/model.onnx", Calib: "../examples/fashion/calib.npz", Data: "../examples/fashion/eval.npz",
		Limit: 200, Cache: -1, Block: 50})
	masks := []search.Mask{task.LowMask(s.Network.Holders), search.NewMask(len(s.Records))}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := s.Ev.Again(context.Background(), masks[i%2]); err != nil {
			b.Fatal(err)
		}
	}
}

// TestSelfTest holds that the self-test passes a sound network, in one piece and in parts, and
// that one whose output depends on the neighbours in the block is searched with each sample alone.
func TestSelfTest(t *testing.T) {
	s := compiledTask(t, tinyConfig(t, 60))
	if d, err := s.Ev.SelfTest(); d != nil || err != nil {
		t.Errorf("a sound network: %v, %v", d, err)
	}
	cfg := tinyConfig(t, 60)
	m, err := onnx.Read(cfg.Model)
	if err != nil {
		t.Fatal(err)
	}
	dependOnNeighbours(m)
	if err := m.Write(cfg.Model); err != nil {
		t.Fatal(err)
	}
	r := mustSearch(t, cfg)
	if w := hasWarning(r, blocks.AloneID); w == nil || !strings.Contains(w.Text, "output logits of a sample depends on the samples beside it") || !r.Verified.Identical {
		t.Errorf("a network that mixes its samples: warnings %q, %+v", r.Warnings, r.Verified)
	}
}

// TestWorkersAndThreads holds that neither changes a decision, nor which masks are tried.
func TestWorkersAndThreads(t *testing.T) {
	want, trials := "", 0
	for _, c := range []struct{ workers, threads int }{{1, 1}, {2, 1}, {3, 1}, {4, 1}, {1, 2}, {2, 2}} {
		cfg := tinyConfig(t, 75)
		cfg.Workers, cfg.Threads = c.workers, c.threads
		r := mustSearch(t, cfg)
		got := decisions(t, r)
		if want == "" {
			want, trials = got, r.Trials
		}
		if got != want || r.Trials != trials {
			t.Errorf("%d workers of %d threads: %d trials, %s\none of one: %d trials, %s", c.workers, c.threads, r.Trials, got, trials, want)
		}
	}
}

// TestNothingChanges holds that a demotion which changes no value is found out in the base's own run: images of
// whole numbers lie on both power-of-two grids, so demoting the input runs nothing.
func TestNothingChanges(t *testing.T) {
	s := compiledTask(t, config.Config{Model: "../examples/fashion/model.onnx", Calib: "../examples/fashion/calib.npz", Data: "../examples/fashion/eval.npz",
		Limit: 60, Cache: 1 << 30, Block: 20, GridLow: "pow2", GridHigh: "pow2"})
	if s.Ev.Parts() < 2 {
		t.Fatalf("the network is in %d parts", s.Ev.Parts())
	}
	none := search.NewMask(len(s.Records))
	if high, err := s.Ev.Again(context.Background(), none); err != nil || high != s.HighScore {
		t.Fatalf("%v, %v; when the samples were arranged %v", high, err, s.HighScore)
	}
	input := none.Clone()
	input.Demote(0)
	before := s.Ev.Stats()
	if score := pass(t, s, none, input); score != s.HighScore {
		t.Errorf("%v; without the demotion %v", score, s.HighScore)
	}
	if after := s.Ev.Stats(); after.NoOps-before.NoOps != 3 || after.Blocks != before.Blocks || after.Samples != before.Samples {
		t.Errorf("%d blocks needed no run, of 3; %d were run", after.NoOps-before.NoOps, after.Blocks-before.Blocks)
	}
}

// dependOnNeighbours adds the mean over the batch to the first activation.
func dependOnNeighbours(m *onnx.Model) {
	g := m.Graph()
	for _, n := range g.Node {
		for i, t := range n.Input {
			if t == "a1" {
				n.Input[i] = "mixed"
			}
		}
	}
	mean := &onnxpb.NodeProto{OpType: proto.String("ReduceMean"), Name: proto.String("mean"), Input: []string{"a1"}, Output: []string{"a1/mean"},
		Attribute: []*onnxpb.AttributeProto{{Name: proto.String("axes"), Type: onnxpb.AttributeProto_INTS.Enum(), Ints: []int64{0}}}}
	add := &onnxpb.NodeProto{OpType: proto.String("Add"), Name: proto.String("mix"), Input: []string{"a1", "a1/mean"}, Output: []string{"mixed"}}
	g.Node = append(g.Node[:2:2], append([]*onnxpb.NodeProto{mean, add}, g.Node[2:]...)...)
}

// TestCutsOfAsymmetricGrids holds that the example is taken apart on asymmetric grids as well, whose
// values show every change of an order of summation: the evaluator stays with one piece where the
// parts' bits differ from the whole's.
func TestCutsOfAsymmetricGrids(t *testing.T) {
	s := compiledTask(t, config.Config{Model: "../examples/fashion/model.onnx", Calib: "../examples/fashion/calib.npz", Data: "../examples/fashion/eval.npz",
		Limit: 60, Cache: 1 << 30, Block: 20})
	if s.Ev.Parts() < 2 {
		t.Errorf("%d part", s.Ev.Parts())
	}
}
