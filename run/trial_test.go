package run

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/internal/blocks"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trialtest"
	"example.org/demote/onnx"
	"example.org/demote/onnx/onnxpb"
)

// TestSelfTest holds that the self-test passes a sound network, in one piece and in parts, and
// that one whose output depends on the neighbours in the block is searched with each sample alone.
func TestSelfTest(t *testing.T) {
	s := trialtest.Compiled(t, tasktest.TinyConfig(t, 60))
	if d, err := s.Ev.SelfTest(); d != nil || err != nil {
		t.Errorf("a sound network: %v, %v", d, err)
	}
	cfg := tasktest.TinyConfig(t, 60)
	m, err := onnx.Read(cfg.Model)
	if err != nil {
		t.Fatal(err)
	}
	dependOnNeighbours(m)
	if err := m.Write(cfg.Model); err != nil {
		t.Fatal(err)
	}
	r := mustSearch(t, cfg)
	if w := tasktest.Warning(r, blocks.AloneID); w == nil || !strings.Contains(w.Text, "output logits of a sample depends on the samples beside it") || !r.Verified.Identical {
		t.Errorf("a network that mixes its samples: warnings %q, %+v", r.Warnings, r.Verified)
	}
}

// TestWorkersAndThreads holds that neither changes a decision, nor which masks are tried.
func TestWorkersAndThreads(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	want, trials := "", 0
	for _, c := range []struct{ workers, threads int }{{1, 1}, {2, 1}, {3, 1}, {4, 1}, {1, 2}, {2, 2}} {
		cfg := tasktest.TinyConfig(t, 75)
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
