//go:build cuda

package run

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"example.org/demote/backend"
	"example.org/demote/config"
	"example.org/demote/cuda"
	"example.org/demote/cuda/emutest"
	"example.org/demote/internal/task"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trialtest"
	"example.org/demote/mistake"
	"example.org/demote/search"
)

// The tests of this file run on the emulated device, with ONNX Runtime's CPU provider in place of its CUDA
// provider and every kernel launched through the driver's functions (cuda/internal/emu).

// emulated sets the emulated device up and demands at the end that nothing is left on it.
func emulated(t *testing.T, settings ...string) {
	t.Helper()
	t.Cleanup(func() { // after everything of the test is closed
		if left := emutest.Live(); left != "" {
			t.Errorf("left on the device: %s", left)
		}
		if live := cuda.Live(); live != (cuda.Counts{}) {
			t.Errorf("left open: %s", live)
		}
	})
	emutest.Set(t, append([]string{"shared=1"}, settings...)...)
}

func TestEmulatedConforms(t *testing.T) {
	emulated(t)
	conforms(t, "cuda:0")
}

// TestEmulatedSearch holds whole searches on the device against those on the CPU: promotion list, chain with
// its scores, counts, the written file.
func TestEmulatedSearch(t *testing.T) {
	tiny := func(change func(*config.Config)) func(t *testing.T) config.Config {
		return func(t *testing.T) config.Config {
			cfg := tasktest.TinyConfig(t, 90)
			change(&cfg)
			return cfg
		}
	}
	for _, c := range []struct {
		name   string
		config func(t *testing.T) config.Config
	}{
		{"agreement", tiny(func(c *config.Config) {})},
		{"4 and 8 bits", tiny(func(c *config.Config) { c.Bits, c.Strategy, c.Target = "4,8", "gallop", "16bit-0.03" })},
		{"4 and 16 bits", tiny(func(c *config.Config) { c.Bits, c.Strategy, c.Target = "4,16", "gallop", "16bit-0.1" })},
		{"chain last, naive", tiny(func(c *config.Config) { c.Chain, c.Scan = "last", "naive" })},
		{"gallop, blocks of its own", tiny(func(c *config.Config) { c.Strategy, c.Block = "gallop", 0 })},
		{"formula torch, top1", tiny(func(c *config.Config) { c.Formula, c.Metric, c.Labels = "torch", "top1", labelled(t, 90) })},
		{"formula mctq, top5", tiny(func(c *config.Config) {
			c.Formula, c.Metric, c.Labels, c.Target = "mctq", "top5", labelled(t, 90), "16bit-0.01"
		})},
		{"sqnr", tiny(func(c *config.Config) { c.Metric, c.Target = "sqnr", "40%" })},
		{"mse without a cache", tiny(func(c *config.Config) { c.Metric, c.Target, c.Cache = "mse", "16bit+0.05", -1 })},
		{"f1, of outcomes", tiny(func(c *config.Config) { c.Metric, c.Labels, c.Target = "f1", labelled(t, 90), "30%" })},
		{"a detector with raw heads in two outputs", func(t *testing.T) Config { return tasktest.DetectorHeads(t) }},
		{"a pair", func(t *testing.T) config.Config {
			cfg := tinyFollow(t)
			cfg.Weights = "high"
			return cfg
		}},
		{"weights that follow", func(t *testing.T) config.Config { return tinyFollow(t) }},
		{"weights that are searched", func(t *testing.T) config.Config { return ofWeights(t) }},
		{"weights that follow, of LUTs", func(t *testing.T) config.Config { return followConfig(t, "mctq/lutpot_low", "mctq/lutpot_high", "50%") }},
		{"weights that follow, attention", func(t *testing.T) config.Config {
			return followConfig(t, "qdq/attention21_s8", "qdq/attention21_s16", "50%")
		}},
		{"classes first", func(t *testing.T) config.Config { return insideConfig(t, "classes first", inside21()["classes first"]) }},
		{"time first, in and out", func(t *testing.T) config.Config { return insideConfig(t, "time first", inside21()["time first"]) }},
		{"last in the output, streamed", func(t *testing.T) config.Config {
			cfg := insideConfig(t, "last in the output", inside21()["last in the output"])
			cfg.Spool = t.TempDir()
			return cfg
		}},
		{"HardSwish in all forms", func(t *testing.T) config.Config {
			cfg := tasktest.HardConfig(t)
			cfg.Limit, cfg.Target, cfg.Cache = 100, "16bit-0.02", 1<<28
			return cfg
		}},
		{"fashion", func(t *testing.T) config.Config {
			return config.Config{Model: "../examples/fashion/model.onnx", Calib: "../examples/fashion/calib.npz", Data: "../examples/fashion/eval.npz",
				Limit: 60, Target: "16bit-0.03", GridLow: "pow2", GridHigh: "pow2", RangeLow: "minmax", Strategy: "gallop", Out: filepath.Join(t.TempDir(), "run"), Cache: 1 << 28}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			emulated(t)
			cfg := c.config(t)
			cfg.Device = "cpu"
			want := mustSearch(t, cfg)
			cfg.Device, cfg.Out = "cuda:0", cfg.Out+"-cuda"
			var said []string
			cfg.Say = func(text string) { said = append(said, text) }
			got := mustSearch(t, cfg)
			if a, b := decisions(t, want), decisions(t, got); a != b {
				t.Errorf("CPU:    %s\ndevice: %s", a, b)
			}
			if want.Verified.Identical != got.Verified.Identical {
				t.Errorf("the file written on the CPU is identical: %v, that of the device: %v", want.Verified.Identical, got.Verified.Identical)
			}
			if text := strings.Join(said, "\n"); !strings.Contains(text, "device cuda:0: EMULATED") || !strings.Contains(text, "memory of cuda:0: ") ||
				!strings.HasPrefix(got.Versions["device"], "cuda:0 EMULATED") {
				t.Errorf("it said %s; versions %v", text, got.Versions)
			}
		})
	}
}

// TestEmulatedTransfers counts what a full trial moves and starts: one copy of the packed mask up and nothing
// else, a bit a sample down, a launch that chooses the grids, one a holder and block and one for the metric of each
// block; and nothing is allocated or looked up.
func TestEmulatedTransfers(t *testing.T) {
	t.Run("high", func(t *testing.T) { transfers(t, tasktest.TinyConfig(t, 60), 0) })
	t.Run("follow", func(t *testing.T) { transfers(t, tinyFollow(t), 1) })
}

// transfers counts them; selects is what a flip of the mask starts and copies on the device beside that.
func transfers(t *testing.T, cfg config.Config, selects int) {
	t.Helper()
	emulated(t)
	const samples, block = 60, 8
	cfg.Block, cfg.Cache = block, -1
	s := trialtest.OnDevice(t, "cuda:0", cfg)
	ctx, n, blocks := context.Background(), len(s.Records), (samples+block-1)/block
	rng := rand.New(rand.NewPCG(1, 2))
	masks := []search.Mask{task.LowMask(s.Network.Holders), search.NewMask(n)}
	for _, m := range masks { // what is made on first use
		if _, err := s.Ev.Again(ctx, m); err != nil {
			t.Fatal(err)
		}
	}
	for range 5 {
		m := randomMask(rng, n)
		emutest.Reset() // sets the counters to 0
		emutest.Set(t, "shared=1")
		if _, err := s.Ev.Again(ctx, m); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]int{"up_copies": 1, "up_bytes": (n + 7) / 8, "down_copies": 1, "down_bytes": (samples + 7) / 8, "pageable": 0,
			"allocations": 0, "lookups": 0, "modules_loaded": 0, "unsupported": 0, "launches": (n+1)*blocks + 1 + selects, "device_copies": blocks + selects} {
			if got := emutest.Counter(name); got != want {
				t.Errorf("%s of a trial: %d, want %d", name, got, want)
			}
		}
	}
	r := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if _, err := s.Ev.Again(ctx, masks[i%2]); err != nil {
				b.Fatal(err)
			}
		}
	})
	if n := float64(r.MemAllocs) / float64(r.N); n > 0.5 || r.N < 10 {
		t.Errorf("%v allocations a trial over %d trials", n, r.N)
	}
}

// TestEmulatedProof holds that a device that rounds factors as TF32 or float16 does is refused before anything is
// scored, and one with the last bits' errors of another algorithm for convolutions is not.
func TestEmulatedProof(t *testing.T) {
	emulated(t)
	s := trialtest.OnDevice(t, "cuda:0", tasktest.TinyConfig(t, 20))
	src, err := s.Source(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		off     func(v float32) float32 // what should come out, instead of v
		refused bool
	}{
		{"TF32", func(v float32) float32 { return math.Float32frombits(math.Float32bits(v) &^ (1<<13 - 1)) }, true},
		{"half of TF32's error", func(v float32) float32 { return v * (1 + 0x1p-12) }, true},
		{"sums of the inputs first", func(v float32) float32 { return v * (1 + 0x1p-19) }, false},
		{"not a number", func(float32) float32 { return float32(math.NaN()) }, true},
	} {
		o, err := s.TrialOptions()
		if err != nil || o.Proof == nil {
			t.Fatal(o.Proof, err)
		}
		o.Proof.Want = make([]float32, len(o.Proof.Input))
		for i, v := range o.Proof.Input {
			o.Proof.Want[i] = c.off(v)
		}
		e, err := backend.New(context.Background(), src, s.Data, s.Records, o)
		if err == nil {
			e.Close()
		}
		if refused := errors.Is(err, mistake.Err) && strings.Contains(err.Error(), "does not compute in full float32"); refused != c.refused || !refused && err != nil {
			t.Errorf("%s: refused %v, %v", c.name, refused, err)
		}
	}
}

// TestEmulatedAgreement is TestGPUAgreement where the two must agree in every bit.
func TestEmulatedAgreement(t *testing.T) {
	emulated(t)
	if flips, samples := agreement(t, tasktest.TinyConfig(t, 60), 10); flips != 0 || samples != 600 {
		t.Errorf("%d of %d outcomes differ", flips, samples)
	}
}

// agreement compares the device with the CPU mask by mask, and the device with itself: it counts the samples
// whose outcome differs. The two sum in different orders, so that on a GPU some may; a device that does not
// agree with itself fails the test.
func agreement(t *testing.T, cfg config.Config, masks int) (flips, outcomes int) {
	t.Helper()
	cpu, gpu := trialtest.OnDevice(t, "cpu", cfg), trialtest.OnDevice(t, "cuda:0", cfg)
	rng := rand.New(rand.NewPCG(3, 3))
	counts := 0
	for i := range masks {
		mask := randomMask(rng, len(cpu.Records))
		a, high := trialtest.Rows(t, cpu.Ev, mask)
		b, low := trialtest.Rows(t, gpu.Ev, mask)
		again, same := trialtest.Rows(t, gpu.Ev, mask)
		if n := trialtest.Differing(b, again); n != 0 || same != low {
			t.Errorf("mask %d: the device gives other bits for %d samples when it runs again", i, n)
		}
		here := 0
		for sample := range a {
			want := backendSample(cpu, sample)
			if cpu.Metric.Gain(a[sample], want) != cpu.Metric.Gain(b[sample], want) {
				here++
			}
		}
		if high != low {
			counts++
		}
		flips, outcomes = flips+here, outcomes+len(a)
		t.Logf("mask %d: the CPU counts %d, the device %d of %d; %d outcomes differ, outputs of %d samples", i, high.Count, low.Count, low.Total, here, trialtest.Differing(a, b))
	}
	t.Logf("%d of %d outcomes differ, and %d of %d counts", flips, outcomes, counts, masks)
	return flips, outcomes
}
