//go:build cuda && gpu

package run

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"example.org/demote/backend"
	"example.org/demote/config"
	"example.org/demote/cuda/emutest"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trialtest"
)

// The tests of this file run on a real GPU, by `make gpu-check`, whose report has what they say.

// fashionOnGPU is a search of the example; on the emulated device, where `make check-emulated` runs these tests for
// their own sake, of a few samples.
func fashionOnGPU(t *testing.T) config.Config {
	t.Helper()
	limit := 0
	if emutest.Present() {
		limit = 12
	}
	return config.Config{Limit: limit, Model: "../examples/fashion/model.onnx", Calib: "../examples/fashion/calib.npz", Data: "../examples/fashion/eval.npz", Target: "16bit-0.003",
		Strategy: "demotion", Out: filepath.Join(t.TempDir(), "run"), Version: "test"}
}

// TestGPUAgreement says how many samples the GPU and the CPU decide otherwise, mask by mask.
func TestGPUAgreement(t *testing.T) {
	masks := 30
	if emutest.Present() {
		masks = 2
	}
	flips, outcomes := agreement(t, fashionOnGPU(t), masks)
	if flips*20 > outcomes {
		t.Errorf("%d of %d outcomes differ: more than orders of summation explain", flips, outcomes)
	}
}

// TestGPUBlocks says whether the block size changes an output on this GPU: its libraries may choose other
// kernels for another batch.
func TestGPUBlocks(t *testing.T) {
	var first [][]float32
	blocks := []int{64, 8, 50, 256}
	if emutest.Present() {
		blocks = []int{6, 3, 12, 4}
	}
	for _, block := range blocks {
		cfg := fashionOnGPU(t)
		cfg.Block = block
		free, err := backend.FreeMemory("cuda:0")
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		s := trialtest.OnDevice(t, "cuda:0", cfg)
		took := time.Since(start)
		if d, err := s.Ev.SelfTest(); d != nil || err != nil {
			t.Errorf("blocks of %d: the self-test says %v, %v", block, d, err)
		}
		rows, score := trialtest.Rows(t, s.Ev, randomMask(rand.New(rand.NewPCG(5, 5)), len(s.Records)))
		if first == nil {
			first = rows
		}
		left, err := backend.FreeMemory("cuda:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("blocks of %d: %d of %d, outputs of %d samples are not those of blocks of %d", block, score.Count, score.Total, trialtest.Differing(rows, first), blocks[0])
		captured, why := s.Ev.Graphs()
		t.Logf("blocks of %d: compiled and proven in %.1f s, takes %d MiB; %d of %d parts replayed as graphs %s", block, took.Seconds(), (free-left)>>20,
			captured, s.Ev.Parts(), why)
		s.Close()
	}
}

// TestGPUScans holds fast scans against their definition.
func TestGPUScans(t *testing.T) {
	scans(t, trialtest.OnDevice(t, "cuda:0", tasktest.TinyConfig(t, 60)))
}

// TestGPUSearch searches the example twice, on fast and by whole scores, and on the CPU.
func TestGPUSearch(t *testing.T) {
	cfg := fashionOnGPU(t)
	if cfg.Device = "cuda:0"; cfg.Limit == 0 {
		cfg.Limit = 200
	}
	fast := mustSearch(t, cfg)
	cfg.Scan, cfg.Out = "naive", cfg.Out+"-naive"
	if naive := mustSearch(t, cfg); decisions(t, naive) != decisions(t, fast) {
		t.Errorf("fast:  %s\nnaive: %s", decisions(t, fast), decisions(t, naive))
	}
	cfg.Scan, cfg.Device, cfg.Out = "fast", "cpu", cfg.Out+"-cpu"
	cpu := mustSearch(t, cfg)
	t.Logf("on the GPU %d holders stay int16, on the CPU %d; the same list: %v", len(fast.Promotion), len(cpu.Promotion), decisions(t, cpu) == decisions(t, fast))
	if v, err := Verify(context.Background(), cfg.Out, config.Config{}); err != nil || !v.Identical {
		t.Errorf("verify: %+v, %v", v, err)
	}
}
