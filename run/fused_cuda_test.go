//go:build cuda

package run

import (
	"maps"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/backend"
	"example.org/demote/config"
	"example.org/demote/cuda/emutest"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trial"
	"example.org/demote/internal/trialtest"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/search"
)

// work is what a block of a network takes on a GPU, by its graph: launches of kernels, and bytes of memory that these
// read and write, constants left out.
type work struct {
	launches, holders int
	gelus             int   // of one kernel each
	held, bytes       int64 // elements behind holders; bytes of all kernels
	fronts            int64 // bytes of the kernels of holders
}

// workOf counts a model with fixed shapes as the CUDA provider runs it: a kernel for each node, one more for the bias
// of a convolution, one for x times its sigmoid and one for a GELU.
func workOf(m *onnxpb.ModelProto) (w work) {
	sizes, gates := map[string]int64{}, map[string]string{}
	for _, list := range [][]*onnxpb.ValueInfoProto{m.Graph.Input, m.Graph.Output, m.Graph.ValueInfo} {
		for _, v := range list {
			n := int64(4)
			for _, d := range v.GetType().GetTensorType().GetShape().GetDim() {
				n *= d.GetDimValue()
			}
			sizes[v.GetName()] = n
		}
	}
	delete(sizes, "demote.mask")
	for _, n := range m.Graph.Node {
		if n.GetOpType() == "Sigmoid" {
			gates[n.Output[0]] = n.Input[0]
		}
	}
	for _, n := range m.Graph.Node {
		for i, in := range n.Input {
			if x := gates[in]; n.GetOpType() == "Mul" && x != "" && x == n.Input[1-i] {
				delete(gates, in)
				w.launches-- // of the Sigmoid, which read x and wrote what is read here
				w.bytes -= 2*sizes[x] + sizes[in]
			}
		}
		if n.GetOpType() == "Erf" { // a GELU of Div, Erf, Add and two Mul is one kernel, which reads and writes once
			w.gelus++
			w.launches -= 4
			w.bytes -= 9 * sizes[n.Input[0]]
		}
		w.launches++
		bytes := sizes[n.Output[0]]
		for _, in := range n.Input {
			bytes += sizes[in]
		}
		if n.GetOpType() == "Conv" && len(n.Input) > 2 {
			w.launches++
			bytes += 2 * sizes[n.Output[0]]
		}
		w.bytes += bytes
		if n.GetOpType() == "FakeQuant" || n.GetOpType() == "FakeQuantOf" {
			w.holders++
			w.held += sizes[n.Output[0]] / 4
			w.fronts += bytes
		}
	}
	return w
}

// nodesApart counts the nodes that are no holders, by operator.
func nodesApart(m *onnxpb.ModelProto) map[string]int {
	count := map[string]int{}
	for _, n := range m.Graph.Node {
		if n.GetDomain() == "" {
			count[n.GetOpType()]++
		}
	}
	return count
}

// wholeFor is the whole network as a device that can so much runs it.
func wholeFor(t *testing.T, s *trial.Runner, can backend.Traits) *onnxpb.ModelProto {
	t.Helper()
	src, _, err := s.SourceFor(t.Context(), true, can)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := src.Segment(0, src.Cuts()-1)
	if err != nil {
		t.Fatal(err)
	}
	m := &onnxpb.ModelProto{}
	if err := proto.Unmarshal(whole.Model.Bytes, m); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestEmulatedWorkOfHolders counts, in one run, what a block takes with holders that do what stands in front of them
// and without: launches and bytes by the graph, and the launches of holders by the emulated device's counter.
// docs/gpu.md has these numbers. TestEmulatedSearch holds that the decisions are the same.
func TestEmulatedWorkOfHolders(t *testing.T) {
	for name, c := range map[string]struct {
		config        func(t *testing.T) config.Config
		before, after work           // of one sample
		apart         map[string]int // by operator: nodes that are left beside the holders; nil: not looked at
	}{
		"tiny": {func(t *testing.T) config.Config { return tasktest.TinyConfig(t, 40) }, work{20, 7, 0, 3136, 72496, 53760}, work{14, 7, 0, 3136, 47920, 29184}, nil},
		"fashion-dscnn": {func(t *testing.T) config.Config { return tasktest.FashionConfig(t) },
			work{167, 52, 0, 171720, 4761704, 3614656}, work{96, 52, 0, 171720, 2569832, 1422784}, nil},
		"HardSwish": {func(t *testing.T) config.Config { return tasktest.HardConfig(t) }, work{219, 52, 0, 171720, 6999432, 5852384}, work{96, 52, 0, 171720, 2569832, 1422784}, nil},
		"fashion-vit": {func(t *testing.T) config.Config {
			cfg := tasktest.FashionConfig(t)
			cfg.Model = "../testdata/fashion-vit/model.onnx"
			return cfg
		}, work{167, 53, 4, 259920, 6695272, 3051648}, work{141, 53, 4, 259920, 5825384, 2181760}, map[string]int{"MatMul": 24, "Conv": 1, "Gemm": 1,
			"LayerNormalization": 9, "Softmax": 4, "Div": 4, "Erf": 4, "Add": 4, "Mul": 8, "Sum": 4, "Transpose": 13, "Split": 4, "Concat": 1, "Gather": 1, "Cast": 1,
			"Reshape": 9, "Squeeze": 12}},
	} {
		t.Run(name, func(t *testing.T) {
			emulated(t)
			cfg := c.config(t)
			cfg.Limit, cfg.Block, cfg.Cache = 40, 40, -1
			s := trialtest.OnDevice(t, "cuda:0", cfg)
			can := s.Can()
			if !can.Fuses {
				t.Fatal("a GPU does not fuse")
			}
			whole := wholeFor(t, s, can)
			after := workOf(whole)
			if apart := nodesApart(whole); c.apart != nil && !maps.Equal(apart, c.apart) {
				t.Errorf("beside the holders are %v, want %v", apart, c.apart)
			}
			can.Fuses = false
			before := workOf(wholeFor(t, s, can))
			before.fronts = before.bytes - (after.bytes - after.fronts) // with the kernels that are no more
			for _, w := range []struct{ got, want work }{{before, c.before}, {after, c.after}} {
				w.got.held, w.got.bytes, w.got.fronts = w.got.held/40, w.got.bytes/40, w.got.fronts/40
				if w.got != w.want {
					t.Errorf("%+v, want %+v", w.got, w.want)
				}
			}
			all := search.NewMask(len(s.Records))
			for i := range s.Records {
				all.Demote(i)
			}
			launches := emutest.Counter("launches")
			if _, err := s.Ev.Score(t.Context(), all); err != nil {
				t.Fatal(err)
			}
			if launches = emutest.Counter("launches") - launches; launches != after.holders+2 {
				t.Errorf("%d launches of %d holders, a metric and the choice of grids", launches, after.holders)
			}
		})
	}
}
