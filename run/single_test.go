package run

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/config"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/tasktest"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/result"
)

// singleGraph takes one sample at a time, though its input's batch is free: a Reshape fixes it.
func singleGraph() *tasktest.Graph {
	return tasktest.NewGraph(20).In("x", nil, 8).Weight("w", 0.6, 8, 8).Weight("v", 0.6, 8, 5).Numbers("one", 1, 8).
		Do("r = Reshape x one; a = MatMul r w; b = Relu a; y = MatMul b v").Out("y", 5)
}

// TestSingleSampleNetwork holds that a network which takes one sample at a time is calibrated, searched, checked,
// evaluated and timed in blocks of one, whatever is asked for.
func TestSingleSampleNetwork(t *testing.T) {
	ctx := context.Background()
	cfg := singleGraph().Config(t)
	cfg.Target = "10"
	if low, high, err := Quantize(ctx, config.Config{Model: cfg.Model, Calib: cfg.Calib, Out: filepath.Join(cfg.Out, "..", "files")}); err != nil || low == "" || high == "" {
		t.Errorf("quantize: %v", err)
	}
	if got, err := Inspect(ctx, config.Config{Model: cfg.Model, Calib: cfg.Calib}); err != nil || got.Holders[0].Low == nil {
		t.Errorf("inspect: %v", err)
	}
	r := mustSearch(t, cfg)
	if !r.Met || !r.Verified.Identical || !slices.ContainsFunc(r.Warnings, func(w result.Warning) bool { return w.ID == blocks.AloneID }) {
		t.Errorf("%+v, %v", r.Verified, r.Warnings)
	}
	for _, block := range []int{1, 2} {
		again := cfg
		again.Block, again.Out = block, filepath.Join(cfg.Out, "..", fmt.Sprint("block", block))
		if b := mustSearch(t, again); decisions(t, b) != decisions(t, r) {
			t.Errorf("--block %d: %s, without %s", block, decisions(t, b), decisions(t, r))
		}
	}
	same := singleGraph()
	same.G.Initializer[2].Int64Data = []int64{-1, 8}
	want := same.Config(t)
	want.Target, want.Block = "10", 1
	if w := mustSearch(t, want); *w.Score.Mixed.Value != *r.Score.Mixed.Value || len(w.Promotion) != len(r.Promotion) {
		t.Errorf("with a free batch %v, with one sample %v", *w.Score.Mixed.Value, *r.Score.Mixed.Value)
	}
	if e, err := Eval(ctx, config.Config{Data: cfg.Data, Metric: "sqnr", Block: 1}, filepath.Join(cfg.Out, journal.MixedFile), cfg.Model, ""); err != nil || *e.Score.Value != *r.Score.Mixed.Value {
		t.Errorf("eval: %+v, %v", e, err)
	}
}

// TestSparseNetwork holds that a network with a sparse weight gives what the same network with the dense one does, in
// every scan.
func TestSparseNetwork(t *testing.T) {
	make := func(sparse bool) config.Config {
		g := tasktest.NewGraph(40).In("x", nil, 8).Weight("v", 0.6, 8, 5)
		values, at := []float32{1, -0.5, 0.75, 2, -1, 0.3}, []int64{0, 11, 18, 33, 45, 63}
		if sparse {
			g.G.SparseInitializer = append(g.G.SparseInitializer, &onnxpb.SparseTensorProto{Dims: []int64{8, 8}, Indices: ir.NewInts("", ir.Int64, []int64{6}, at),
				Values: &onnxpb.TensorProto{Name: proto.String("w"), Dims: []int64{6}, DataType: proto.Int32(1), FloatData: values}})
		} else {
			dense := [64]float32{}
			for i, p := range at {
				dense[p] = values[i]
			}
			g.Constant("w", dense[:], 8, 8)
		}
		return g.Do("a = MatMul x w; b = Relu a; y = MatMul b v").Out("y", 5).Config(t)
	}
	want := mustSearch(t, make(false))
	for _, scan := range []string{"fast", "naive"} {
		cfg := make(true)
		cfg.Scan = scan
		if r := mustSearch(t, cfg); !r.Verified.Identical || decisions(t, r) != decisions(t, want) {
			t.Errorf("%s: %s, dense %s", scan, decisions(t, r), decisions(t, want))
		}
	}
}
