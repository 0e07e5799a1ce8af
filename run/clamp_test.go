package run

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"example.org/demote/backend"
	"example.org/demote/config"
	"example.org/demote/internal/holdout"
	"example.org/demote/onnx"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/search"
)

// TestBlocksAreNoLargerThanTheData holds that a block of more samples than there are computes no padding, in all
// commands that run blocks, and that the run is the same as one with a block of all samples.
func TestBlocksAreNoLargerThanTheData(t *testing.T) {
	cfg := tinyConfig(t, 30)
	cfg.Block = 1000
	s := compiledTask(t, cfg)
	before := s.Ev.Stats()
	if _, err := s.Ev.Again(context.Background(), search.NewMask(len(s.Records))); err != nil {
		t.Fatal(err)
	}
	if after := s.Ev.Stats(); s.Block != 30 || s.Inputs[0].Dims[0] != 30 || after.Blocks-before.Blocks != 1 || math.Abs(after.Samples-before.Samples-30) > 1e-6 {
		t.Errorf("30 samples in blocks of %d, inputs %v: a trial ran %d blocks, %v samples", s.Block, s.Inputs[0].Dims, after.Blocks-before.Blocks, after.Samples-before.Samples)
	}
	p, err := openPlain(context.Background(), config.Config{Data: cfg.Data, Block: 1000, Metric: "agreement"}.Filled(), cfg.Model, cfg.Model, nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := p.Evaluator.Workers(); n != 1 {
		t.Errorf("eval has %d workers for the one block of 30 samples", n)
	}
	p.Close()
	large := s.fingerprint()
	cfg.Block = 30
	exact := compiledTask(t, cfg).fingerprint()
	if text := large.Difference(exact); text != "" {
		t.Errorf("the fingerprints with --block 1000 and --block 30 differ: %s", text)
	}
	if large.Settings["block"] != "30" {
		t.Errorf("the fingerprint has block %s, which is not what was used", large.Settings["block"])
	}
}

// TestAHoldoutSmallerThanABlock holds it of the hold-out, which has samples of its own.
func TestAHoldoutSmallerThanABlock(t *testing.T) {
	cfg := tinyConfig(t, 60)
	cfg.Block, cfg.Holdout = 40, randomImages(t, filepath.Join(t.TempDir(), "held.npy"), 7, 9)
	s := compiledTask(t, cfg)
	target, err := search.ParseTarget(cfg.Target)
	if err != nil {
		t.Fatal(err)
	}
	held, err := holdout.Open(s.Runner, target)
	defer held.Close()
	if err != nil {
		t.Fatal(err)
	}
	a, err := holdout.Evaluate(context.Background(), s.Runner, held, search.Claim{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if a.Block != 7 || a.Inputs[0].Dims[0] != 7 || s.Block != 40 || s.Inputs[0].Dims[0] != 40 {
		t.Errorf("7 samples held out run in blocks of %d %v; the 60 of the search in %d %v", a.Block, a.Inputs[0].Dims, s.Block, s.Inputs[0].Dims)
	}
}

// TestNoMoreWorkersThanBlocks holds that workers beyond the blocks are not made: each has buffers for the whole
// network.
func TestNoMoreWorkersThanBlocks(t *testing.T) {
	for _, c := range []struct{ samples, block, asked, want int }{{30, 15, 999, 2}, {30, 30, 4, 1}, {30, 8, 3, 3}, {30, 1000, 999, 1}} {
		cfg := tinyConfig(t, c.samples)
		cfg.Block, cfg.Workers = c.block, c.asked
		if got := compiledTask(t, cfg).Ev.Workers(); got != c.want {
			t.Errorf("%d samples in blocks of %d, --workers %d: %d workers, want %d", c.samples, c.block, c.asked, got, c.want)
		}
	}
}

// TestNoMoreThreadsThanCores holds that a worker has no more threads than the process may run at once: a search of
// two seconds took more than ten minutes with 999.
func TestNoMoreThreadsThanCores(t *testing.T) {
	cfg := tinyConfig(t, 30)
	cfg.Threads = 999
	s := compiledTask(t, cfg)
	if got, want := s.Ev.Threads(), runtime.GOMAXPROCS(0); got != want {
		t.Errorf("--threads 999: %d threads on %d cores", got, want)
	}
}

// TestWorkersAreWhatMayRun holds that a process that may run one thread at once, by a container's quota or otherwise,
// has one worker, however many processors the machine has.
func TestWorkersAreWhatMayRun(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	cfg := tinyConfig(t, 30)
	if got := compiledTask(t, cfg).Ev.Workers(); got != 1 {
		t.Errorf("%d workers where one thread may run, for %d blocks", got, 4)
	}
	runtime.GOMAXPROCS(3)
	if got := compiledTask(t, cfg).Ev.Workers(); got != 3 {
		t.Errorf("%d workers where three threads may run, for %d blocks", got, 4)
	}
}

// TestAFixedBatchStays holds that a network with a batch of its own keeps it, however few samples there are.
func TestAFixedBatchStays(t *testing.T) {
	cfg := tinyConfig(t, 6)
	cfg.Model, cfg.Block = fixedBatch(t, cfg.Model, 16), 0
	s := compiledTask(t, cfg)
	if s.Block != 16 || s.Inputs[0].Dims[0] != 16 || s.Ev.Workers() != 1 {
		t.Errorf("blocks of %d, inputs %v, %d workers; the network's batch is 16", s.Block, s.Inputs[0].Dims, s.Ev.Workers())
	}
}

// TestAnEvaluatorChecksTheBatch holds that blocks of another size than the source's batch are refused, and numbers
// below 0.
func TestAnEvaluatorChecksTheBatch(t *testing.T) {
	s := compiledTask(t, tinyConfig(t, 30))
	src, err := s.Source(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		change func(*backend.Options)
		want   string
	}{
		{func(o *backend.Options) { o.Block = 10 }, "blocks of 10 samples, but input image of the source is [8 1 8 8]"},
		{func(o *backend.Options) { o.Block = 0 }, fmt.Sprintf("blocks of %d samples", backend.DefaultBlock)},
		{func(o *backend.Options) { o.Workers = -1 }, "--workers -1: give a number that is not negative"},
		{func(o *backend.Options) { o.Threads = -2 }, "--threads -2: give a number that is not negative"},
	} {
		o := s.Options
		c.change(&o)
		e, err := backend.New(context.Background(), src, s.Data, s.Records, o)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
		if err == nil {
			e.Close()
		}
	}
}

// fixedBatch writes a network again with its batch fixed.
func fixedBatch(t *testing.T, path string, batch int64) string {
	t.Helper()
	m, err := onnx.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range [][]*onnxpb.ValueInfoProto{m.Graph().GetInput(), m.Graph().GetOutput()} {
		for _, v := range list {
			v.GetType().GetTensorType().GetShape().GetDim()[0].Value = &onnxpb.TensorShapeProto_Dimension_DimValue{DimValue: batch}
		}
	}
	path = filepath.Join(t.TempDir(), "fixed.onnx")
	if err := m.Write(path); err != nil {
		t.Fatal(err)
	}
	return path
}
