//go:build cuda && placement

package run

import (
	"context"
	"fmt"
	"testing"

	"example.org/demote/backend"
	"example.org/demote/cgo"
	"example.org/demote/config"
	"example.org/demote/cuda"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/segments"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trial"
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
	}{
		{"fashion-dscnn", func() config.Config { return example }},
		{"fashion-vit", func() config.Config { return vit }},
		{"a pair", func() config.Config { return pair }},
		{"weights that follow", func() config.Config { return tinyFollow(t) }},
		{"weights that follow, attention", func() config.Config { return followConfig(t, "qdq/attention21_s8", "qdq/attention21_s16", "50%") }},
		{"sequences", func() config.Config {
			cfg, _ := tasktest.StepNet(t, tasktest.LstmStep(), 20, 4, "hn:h", "cn:c")
			return cfg
		}},
	} {
		t.Run(c.name, func(t *testing.T) { placeAll(t, c.config()) })
	}
}

func placeAll(t *testing.T, cfg config.Config) {
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
		table, err := cuda.NewBuffer[quant.Params](d, "records", 2*len(s.Records))
		if err != nil {
			return err
		}
		defer table.Close()
		for name, segment := range list {
			place(t, s, d, stream, table, name, segment)
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

// place makes a session of a segment as a search does, and names what the provider leaves.
func place(t *testing.T, s *trial.Runner, d *cuda.Device, stream *cuda.Stream, table *cuda.Buffer[quant.Params], name string, segment *backend.Segment) {
	t.Helper()
	model := segment.Model
	if segment.Open != nil && len(segment.Followed) > 0 {
		var err error
		if model, err = segment.Open(); err != nil {
			t.Fatal(name, err)
		}
	}
	o := cgo.Options{Level: s.Options.Level, Config: s.Options.Config}
	c := cgo.CUDAOptions{Provider: cgo.Provider{Stream: stream.Handle(), Graph: true}, Launcher: cgo.Launcher{Context: d.Context(), Kernel: d.Kernel("fake_quant"), KernelOf: d.Kernel("fake_quant_of"),
		Records: table.Address(), Holders: len(s.Records), MaxBlocks: d.MaxBlocks(), Stream: stream.Handle()}}
	session, err := cgo.NewCUDASession(model, o, c)
	if err == nil {
		session.Close()
		return
	}
	c.Provider.Graph, c.Elsewhere = false, true
	if session, why := cgo.NewCUDASession(model, o, c); why == nil {
		left, _ := session.NodesElsewhere()
		session.Close()
		t.Errorf("%s leaves %v to the CPU: %v", name, left, cuda.Explain(err))
		return
	}
	t.Errorf("%s: %v", name, cuda.Explain(err))
}
