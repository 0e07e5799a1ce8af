//go:build cuda && gpu

package run

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"testing"
)

// The tests of this file run on a real GPU, by `make gpu-check`, whose report has what they say.

func fashionOnGPU(t *testing.T) Config {
	t.Helper()
	return Config{Model: "../examples/fashion/model.onnx", Calib: "../examples/fashion/calib.npz", Data: "../examples/fashion/eval.npz", Target: "16bit-0.003",
		Strategy: "demotion", Multiplier: 0.5, Seed: 1, Out: filepath.Join(t.TempDir(), "run"), Version: "test"}
}

// TestGPUAgreement says how many samples the GPU and the CPU decide otherwise, mask by mask.
func TestGPUAgreement(t *testing.T) {
	flips, outcomes := agreement(t, fashionOnGPU(t), 30)
	if flips*20 > outcomes {
		t.Errorf("%d of %d outcomes differ: more than orders of summation explain", flips, outcomes)
	}
}

// TestGPUBlocks says whether the block size changes an output on this GPU: its libraries may choose other
// kernels for another batch.
func TestGPUBlocks(t *testing.T) {
	var first [][]float32
	for _, block := range []int{64, 8, 50, 256} {
		cfg := fashionOnGPU(t)
		cfg.Block = block
		s := onDevice(t, "cuda:0", cfg)
		if d, err := s.ev.SelfTest(); d != nil || err != nil {
			t.Errorf("blocks of %d: the self-test says %v, %v", block, d, err)
		}
		rows, score := rowsOf(t, s, randomMask(rand.New(rand.NewPCG(5, 5)), len(s.records)))
		if first == nil {
			first = rows
		}
		t.Logf("blocks of %d: %d of %d, outputs of %d samples are not those of blocks of 64; %d parts", block, score.Count, score.Total, differing(rows, first), s.ev.Parts())
		s.Close()
	}
}

// TestGPUScans holds fast scans against their definition.
func TestGPUScans(t *testing.T) { scans(t, onDevice(t, "cuda:0", tinyConfig(t, 60))) }

// TestGPUSearch searches the example twice, on fast and by whole scores, and on the CPU.
func TestGPUSearch(t *testing.T) {
	cfg := fashionOnGPU(t)
	cfg.Device, cfg.Limit = "cuda:0", 200
	fast := mustSearch(t, cfg)
	cfg.Scan, cfg.Out = "naive", cfg.Out+"-naive"
	if naive := mustSearch(t, cfg); decisions(t, naive) != decisions(t, fast) {
		t.Errorf("fast:  %s\nnaive: %s", decisions(t, fast), decisions(t, naive))
	}
	cfg.Scan, cfg.Device, cfg.Out = "fast", "cpu", cfg.Out+"-cpu"
	cpu := mustSearch(t, cfg)
	t.Logf("on the GPU %d holders stay int16, on the CPU %d; the same list: %v", len(fast.Promotion), len(cpu.Promotion), decisions(t, cpu) == decisions(t, fast))
	if v, err := Verify(context.Background(), cfg.Out, Config{}); err != nil || !v.Identical {
		t.Errorf("verify: %+v, %v", v, err)
	}
}
