//go:build cuda && placement

package run

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"example.org/demote/backend"
	"example.org/demote/cgo"
	"example.org/demote/config"
	"example.org/demote/cuda"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/segments"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trial"
	"example.org/demote/onnx"
	"example.org/demote/quant"
)

// TestPlacementOfSearches places everything that a search compiles on a GPU with ONNX Runtime's real CUDA provider on
// stand-in libraries, with graph mode on and no node left to the CPU: the whole network, each piece between two cuts
// that follow on each other, the network with every tensor as an output, the float network of bench, and the proof
// that TF32 is off.
func TestPlacementOfSearches(t *testing.T) {
	example := config.Config{Model: "../examples/fashion/model.onnx", Calib: "../examples/fashion/calib.npz", Data: "../examples/fashion/eval.npz", Limit: 60, Target: "50%"}
	vit := example
	vit.Model = "../testdata/fashion-vit/model.onnx"
	pair := config.Config{Low: "../testdata/mctq/m8.onnx", High: "../testdata/mctq/m16.onnx", Data: "../testdata/mctq/eval.npz", Limit: 60, Target: "50%", Formula: "mctq"}
	for _, c := range []struct {
		name   string
		config func() config.Config
		fuses  bool
	}{
		{"fashion-dscnn", func() config.Config { return example }, true},
		{"fashion-vit", func() config.Config { return vit }, true},
		{"a pair", func() config.Config { return pair }, false},
		{"weights that follow", func() config.Config { return tinyFollow(t) }, true},
		{"weights that are searched", func() config.Config { return ofWeights(t) }, true},
		{"weights that follow, attention", func() config.Config { return followConfig(t, "qdq/attention21_s8", "qdq/attention21_s16", "50%") }, false},
		{"sequences", func() config.Config {
			cfg, _ := tasktest.StepNet(t, tasktest.LstmStep(), 20, 4, "hn:h", "cn:c")
			return cfg
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) { placeAll(t, c.config(), c.fuses) })
	}
}

func placeAll(t *testing.T, cfg config.Config, fuses bool) {
	cfg.Device, cfg.Version = "cpu", "test" // to prepare
	s := &trial.Runner{Config: cfg.Filled()}
	t.Cleanup(s.Close)
	var err error
	if err = s.Prepare(context.Background()); err != nil {
		t.Fatal(err)
	}
	src, _, err := s.SourceFor(context.Background(), true, backend.KindOf("cuda:0").Traits)
	if err != nil {
		t.Fatal(err)
	}
	list := map[string]*backend.Segment{}
	add := func(name string, segment *backend.Segment, err error) {
		if err != nil {
			t.Fatal(name, err)
		}
		list[name] = segment
	}
	whole, err := src.Segment(0, src.Cuts()-1)
	add("the whole", whole, err)
	apart, _, err := s.SourceFor(context.Background(), true, backend.Traits{})
	if err != nil {
		t.Fatal(err)
	}
	whole, err = apart.Segment(0, apart.Cuts()-1)
	add("the whole, nothing fused", whole, err)
	for i := range src.Cuts() - 1 {
		piece, err := src.Segment(i, i+1)
		add(fmt.Sprintf("piece %d", i), piece, err)
	}
	probe, err := src.Probe()
	add("the probe", probe, err)
	proof, err := segments.Proof()
	add("the proof", proof.Segment, err)
	if s.FloatModel != nil {
		inputs, err := blocks.Inputs(s.FloatModel, s.Data, s.Block)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := segments.Plain(context.Background(), s.FloatModel, inputs, s.Block, s.Output)
		if err != nil {
			t.Fatal(err)
		}
		float, err := plain.Segment(0, plain.Cuts()-1)
		add("the float network", float, err)
	}
	w, err := cuda.Open(0)
	if err != nil {
		t.Fatal(err)
	}
	err = w.Do(func(d *cuda.Device) error {
		stream, err := d.NewStream()
		if err != nil {
			return err
		}
		defer stream.Close()
		grids, err := cuda.NewBuffer[quant.Params](d, "grids", max(1, len(s.Records)))
		if err != nil {
			return err
		}
		defer grids.Close()
		nodes := map[string]int{}
		for name, segment := range list {
			nodes[name] = place(t, s, d, stream, grids, name, segment)
		}
		if t.Logf("%d nodes on the provider, %d with what stands in front of holders apart", nodes["the whole"], nodes["the whole, nothing fused"]); fuses && nodes["the whole"] >= nodes["the whole, nothing fused"] {
			t.Error("nothing is fused")
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	t.Logf("%d models placed", len(list))
}

// place makes a session of a segment as a search does, and names what the provider leaves. It returns the number of
// nodes after ONNX Runtime's optimizations.
func place(t *testing.T, s *trial.Runner, d *cuda.Device, stream *cuda.Stream, grids *cuda.Buffer[quant.Params], name string, segment *backend.Segment) int {
	t.Helper()
	model := segment.Model
	if segment.Open != nil && len(segment.Followed) > 0 {
		var err error
		if model, err = segment.Open(); err != nil {
			t.Fatal(name, err)
		}
	}
	optimized := filepath.Join(t.TempDir(), "optimized.onnx")
	o := cgo.Options{Level: blocks.Optimization, Config: s.Options.Config, OptimizedPath: optimized}
	c := cgo.CUDAOptions{Provider: cgo.Provider{Stream: stream.Handle(), Graph: true}, Launcher: cgo.Launcher{Context: d.Context(), Kernel: d.Kernel("fake_quant"), KernelOf: d.Kernel("fake_quant_of"),
		Grids: grids.Address(), Holders: len(s.Records), MaxBlocks: d.MaxBlocks(), Stream: stream.Handle()}}
	session, err := cgo.NewCUDASession(model, o, c)
	if err == nil {
		session.Close()
		m, err := onnx.Read(optimized)
		if err != nil {
			t.Error(name, err)
			return 0
		}
		return m.Nodes()
	}
	c.Provider.Graph, c.Elsewhere = false, true
	if session, why := cgo.NewCUDASession(model, o, c); why == nil {
		left, _ := session.NodesElsewhere()
		session.Close()
		t.Errorf("%s leaves %v to the CPU: %v", name, left, cuda.Explain(err))
		return 0
	}
	t.Errorf("%s: %v", name, cuda.Explain(err))
	return 0
}
