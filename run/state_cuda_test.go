//go:build cuda

package run

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/demote/config"
	"example.org/demote/cuda/emutest"
	"example.org/demote/internal/bench"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/internal/task"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trial"
	"example.org/demote/internal/trialtest"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/search"
)

// sameSteps holds a search of sequences on the emulated device against that on the CPU, then masks: their outputs,
// bit for bit, what they score, and which samples count.
func sameSteps(t *testing.T, cfg config.Config) {
	t.Helper()
	sameOnDevice(t, cfg)
	cpu, gpu := trialtest.OnDevice(t, "cpu", cfg), trialtest.OnDevice(t, "cuda:0", cfg)
	rng := rand.New(rand.NewPCG(5, 5))
	for range 4 {
		mask := randomMask(rng, len(cpu.Records))
		a, want := trialtest.Rows(t, cpu.Ev, mask)
		b, got := trialtest.Rows(t, gpu.Ev, mask)
		if n := trialtest.Differing(a, b); n != 0 || got != want {
			t.Errorf("%s: %+v on the CPU, %+v on the device; outputs of %d samples differ", mask.Key(), want, got, n)
		}
		if again, err := gpu.Ev.Again(context.Background(), mask); err != nil || again != want { // judged on the device
			t.Errorf("%s: %+v on the CPU, %+v on the device, %v", mask.Key(), want, again, err)
		}
		if !cpu.Metric.Countable {
			continue
		}
		right, err := cpu.Ev.Outcomes(context.Background(), mask)
		if err != nil {
			t.Fatal(err)
		}
		if there, err := gpu.Ev.Outcomes(context.Background(), mask); err != nil || !slices.Equal(right, there) {
			t.Errorf("%s: %x of the samples on the CPU, %x on the device, %v", mask.Key(), right, there, err)
		}
	}
}

// turnedStep is gruStep whose output has the samples on its last axis.
func turnedStep() *onnxpb.GraphProto {
	g := tasktest.GruStep()
	g.Output[0] = onnxtest.Declared("y", ir.Float, 5, "N")
	g.Node[9] = tasktest.Node("MatMul", "u", "hn", "v")
	g.Node = append(g.Node, tasktest.Node("Transpose", "y", "u"))
	return g
}

// TestEmulatedStates compares searches of sequences on the emulated device with those on the CPU: one state and two,
// from zeros and from arrays, of samples that are resident or on disk, in blocks that do not divide them, judged in
// each step and in the last one.
func TestEmulatedStates(t *testing.T) {
	const n, steps = 30, 5
	classes := func(count int) []byte {
		shape := []int{n}
		if count > n {
			shape = append(shape, steps)
		}
		data := tasktest.NPYHeader("|u1", shape...)
		for i := range count {
			data = append(data, byte(i*i%7%5))
		}
		return data
	}
	h := tasktest.Normals(60, n*8)
	for _, c := range []struct {
		name   string
		g      *onnxpb.GraphProto
		states []string
		more   map[string][]byte // arrays beside x
		change func(*config.Config)
	}{
		{"one", tasktest.GruStep(), []string{"hn:h"}, nil, nil},
		{"naive, the last of the chain", tasktest.GruStep(), []string{"hn:h"}, nil, func(c *config.Config) { c.Scan, c.Chain = "naive", "last" }},
		{"blocks of the device's choice", tasktest.GruStep(), []string{"hn:h"}, nil, func(c *config.Config) { c.Block, c.Strategy = 0, "gallop" }},
		{"from an array", tasktest.GruStep(), []string{"hn:h"}, map[string][]byte{"h": tasktest.FloatsNPY(h, n, 8)}, nil},
		{"free, from an array", tasktest.FreeStep(), []string{"hn:h"}, map[string][]byte{"h": tasktest.FloatsNPY(h, n, 8)}, nil},
		{"two", tasktest.LstmStep(), []string{"hn:h", "cn:c"}, nil, func(c *config.Config) { c.Block = 7 }},
		{"two, one from an array", tasktest.LstmStep(), []string{"hn:h", "cn:c"}, map[string][]byte{"c": tasktest.FloatsNPY(h, n, 8)}, nil},
		{"layers", tasktest.LayeredStep(), []string{"stateN:state"}, nil, func(c *config.Config) { c.Block = 0 }},
		{"without an axis for samples", tasktest.FlatStep(), []string{"hn:h"}, nil, func(c *config.Config) { c.Block = 0 }},
		{"a label a step", tasktest.GruStep(), []string{"hn:h"}, map[string][]byte{"y": classes(n * steps)}, func(c *config.Config) { c.Metric, c.Target, c.Block = "top1", "50%", 13 }},
		{"a label of the last step", tasktest.GruStep(), []string{"hn:h"}, map[string][]byte{"y": classes(n)}, func(c *config.Config) { c.Metric, c.Target = "top1", "0.29" }},
		{"samples on the last axis", turnedStep(), []string{"hn:h"}, map[string][]byte{"y": classes(n * steps)}, func(c *config.Config) { c.Metric, c.Target = "top1", "50%" }},
		{"samples on the last axis, of the last step", turnedStep(), []string{"hn:h"}, map[string][]byte{"y": classes(n)}, func(c *config.Config) { c.Metric, c.Target = "top1", "0.2" }},
		{"f1", tasktest.GruStep(), []string{"hn:h"}, map[string][]byte{"y": classes(n * steps)}, func(c *config.Config) { c.Metric, c.Target = "f1", "50%" }},
		{"sqnr", tasktest.LstmStep(), []string{"hn:h", "cn:c"}, nil, func(c *config.Config) { c.Metric, c.Target = "sqnr", "40%" }},
		{"cosine", tasktest.GruStep(), []string{"hn:h"}, map[string][]byte{"h": tasktest.FloatsNPY(h, n, 8)}, func(c *config.Config) { c.Metric, c.Target = "cosine", "50%" }},
		{"on disk", tasktest.GruStep(), []string{"hn:h"}, nil, func(c *config.Config) { c.Spool = "folder" }},
		{"on disk, two, from an array", tasktest.LstmStep(), []string{"hn:h", "cn:c"}, map[string][]byte{"c": tasktest.FloatsNPY(h, n, 8)}, func(c *config.Config) { c.Spool, c.Cache, c.Metric, c.Target = "folder", -1, "sqnr", "40%" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg, x := tasktest.StepNet(t, c.g, n, steps, c.states...)
			arrays := map[string][]byte{"x": tasktest.FloatsNPY(x, n, steps, 6)}
			for name, a := range c.more {
				arrays[name] = a
			}
			tasktest.WriteArrays(t, cfg.Data, arrays)
			cfg.Metric, cfg.Target, cfg.Block, cfg.Output = "agreement", "16bit-0.01", 8, "y"
			if c.change != nil {
				c.change(&cfg)
			}
			if cfg.Spool != "" {
				cfg.Spool = t.TempDir()
			}
			sameSteps(t, cfg)
		})
	}
}

// TestEmulatedStatesOfAnyLength does so for sequences of different lengths, padded, of bytes, beside an input that is
// the same in all steps.
func TestEmulatedStatesOfAnyLength(t *testing.T) {
	const n, steps = 18, 4
	cfg, _ := tasktest.StepNet(t, tasktest.SharedStep(), n, steps, "hn:h")
	for _, way := range []string{"bytes", "padded", "padded, on disk"} {
		t.Run(way, func(t *testing.T) {
			arrays := map[string][]byte{"who": tasktest.FloatsNPY(tasktest.Normals(61, n*6), n, 6)}
			all := tasktest.NPYHeader("|u1", n, steps, 6)
			for i := range n {
				length := steps - i%steps
				one := tasktest.NPYHeader("|u1", length, 6)
				for k := range steps * 6 {
					all = append(all, byte((i*steps*6+k)*7%5))
					if k < length*6 {
						one = append(one, all[len(all)-1])
					}
				}
				arrays[fmt.Sprintf("x_%d", i)] = one
			}
			d := cfg
			d.Data, d.Out = filepath.Join(t.TempDir(), "e.npz"), filepath.Join(t.TempDir(), "run")
			d.Metric, d.Target, d.Block, d.Output, d.Pad = "agreement", "16bit-0.05", 5, "y", []string{"x=0"}
			if way == "bytes" {
				arrays, d.Pad = map[string][]byte{"x": all, "who": arrays["who"]}, nil
			}
			if way == "padded, on disk" {
				d.Spool = t.TempDir()
			}
			d.Calib = tasktest.WriteArrays(t, d.Data, arrays)
			sameSteps(t, d)
		})
	}
}

// TestEmulatedPairOfSteps does so for two files of a step whose weights follow the mask.
func TestEmulatedPairOfSteps(t *testing.T) {
	cfg, _ := tasktest.StepNet(t, tasktest.LstmStep(), 20, 4, "hn:h", "cn:c")
	pair := writtenPair(t, cfg)
	pair.State, pair.Metric, pair.Target, pair.Block, pair.Output = cfg.State, "cosine", "50%", 6, "y"
	for _, weights := range []string{"high", "follow"} {
		t.Run(weights, func(t *testing.T) {
			pair.Weights, pair.Out = weights, filepath.Join(t.TempDir(), "run")
			sameSteps(t, pair)
		})
	}
}

// TestEmulatedStateResumes holds a search that is interrupted on the device and goes on there against one on the CPU.
func TestEmulatedStateResumes(t *testing.T) {
	emulated(t)
	cfg, _ := tasktest.StepNet(t, tasktest.LstmStep(), 30, 4, "hn:h", "cn:c")
	cfg.Target, cfg.Block, cfg.Device = "60%", 8, "cpu"
	want := decisions(t, mustSearch(t, cfg))
	cfg.Device, cfg.Out = "cuda:0", cfg.Out+"-cuda"
	interrupt(t, cfg)
	if got := decisions(t, mustSearch(t, cfg)); got != want {
		t.Errorf("gone on: %s\nCPU:     %s", got, want)
	}
}

// TestEmulatedUnrollWithStates searches an LSTM of one step that is opened and whose states are fed back.
func TestEmulatedUnrollWithStates(t *testing.T) {
	for _, operator := range []string{"LSTM", "GRU"} {
		t.Run(operator, func(t *testing.T) { sameSteps(t, unrolledStates(t, operator)) })
	}
}

// TestEmulatedStateTransfers counts what a trial of sequences moves: the mask up, and the samples once a block where
// they are on disk; a bit a step down, in one copy for all blocks; and what steps read and hand on is copied on the
// device.
func TestEmulatedStateTransfers(t *testing.T) {
	const n, steps, block = 30, 5, 8
	const blocks = (n + block - 1) / block
	for _, spool := range []bool{false, true} {
		t.Run(fmt.Sprint("on disk ", spool), func(t *testing.T) {
			emulated(t)
			cfg, _ := tasktest.StepNet(t, tasktest.GruStep(), n, steps, "hn:h")
			cfg.Metric, cfg.Block, cfg.Cache, cfg.Output = "agreement", block, -1, "y"
			up, bytes := 1, 0
			if spool {
				cfg.Spool = t.TempDir()
				up, bytes = 1+2*blocks, blocks*block*(steps*6+8)*4
			}
			s := trialtest.OnDevice(t, "cuda:0", cfg)
			holders := len(s.Records)
			inner, err := s.Activations(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			resident := blocks
			if spool {
				resident = 1
			}
			if need, err := s.Need(context.Background()); err != nil || need.Activations != inner+steps*block*5*4 || need.Samples != int64(resident*block*(steps*6+8)*4) {
				t.Errorf("%+v bytes of memory, %d of them inside the network, %v", need, inner, err)
			}
			rng := rand.New(rand.NewPCG(1, 2))
			for i := range 3 {
				m := randomMask(rng, holders)
				emutest.Reset()
				emutest.Set(t, "shared=1")
				if _, err := s.Ev.Again(context.Background(), m); err != nil {
					t.Fatal(err)
				}
				if i == 0 {
					continue // what is made on first use
				}
				for name, want := range map[string]int{"up_copies": up, "up_bytes": (holders+7)/8 + bytes, "down_copies": 1, "down_bytes": blocks * block * steps / 8,
					"allocations": 0, "launches": (holders*steps+1)*blocks + 1, "device_copies": 3 * steps * blocks} {
					if got := emutest.Counter(name); got != want {
						t.Errorf("%s of a trial: %d, want %d", name, got, want)
					}
				}
			}
		})
	}
}

// TestEmulatedProbesOfSteps compares every tensor of every step on the device with the CPU's, bit for bit, also where
// the runtime takes the node away that makes one of them; and has both name the same tensor where masks differ, and
// where one is not a number.
func TestEmulatedProbesOfSteps(t *testing.T) {
	const n, steps = 12, 4
	emulated(t)
	b := tasktest.NewGraph(n).In("x", nil, 8).In("h", nil, 8).Out("y", 5).Out("hn", 8).Weight("w8", 0.5, 8, 8).Weight("u", 0.5, 8, 8).Weight("v", 0.5, 8, 5)
	cfg := b.Do("r = Sqrt x; t = Transpose r perm=1,0; g = Gemm w8 t; q = Transpose g perm=1,0; s = MatMul h u; sum = Add q s; hn = Tanh sum; y = MatMul hn v").Config(t)
	x := tasktest.Normals(81, n*steps*8)
	for i, v := range x {
		x[i] = max(v, -v)
	}
	x[(7*steps+2)*8] = -1
	cfg.Calib = tasktest.WriteArrays(t, cfg.Data, map[string][]byte{"x": tasktest.FloatsNPY(x, n, steps, 8)})
	cfg.State, cfg.Block, cfg.Output, cfg.Metric = []string{"hn:h"}, 5, "y", "agreement"
	cfg.AllowNaN = true
	cpu, gpu := trialtest.OnDevice(t, "cpu", cfg), trialtest.OnDevice(t, "cuda:0", cfg)
	none, all := search.NewMask(len(cpu.Records)), task.LowMask(cpu.Network.Holders)
	for _, sample := range []int{0, 3, 11} {
		if first, err := gpu.Ev.FirstDifference(cpu.Ev, none, sample); err != nil || first != "" {
			t.Errorf("sample %d: the devices differ from %s on, %v", sample, first, err)
		}
		want, err := cpu.Ev.FirstDifference(cpu.Ev, all, sample)
		if err != nil || want == "" {
			t.Fatal(want, err)
		}
		if first, err := gpu.Ev.FirstDifference(cpu.Ev, all, sample); err != nil || first != want {
			t.Errorf("sample %d: int8 differs from %s on, on the CPU from %s, %v", sample, first, want, err)
		}
	}
	for _, s := range []*trial.Runner{cpu, gpu} {
		if first, err := s.Ev.FirstNaN(7); err != nil || first != "r" {
			t.Errorf("%s: NaN first in %q, %v", s.Device.Name, first, err)
		}
		if first, err := s.Ev.FirstNaN(6); err != nil || first != "" {
			t.Errorf("%s: NaN in %q, %v", s.Device.Name, first, err)
		}
	}
}

// TestEmulatedBenchOfSteps measures trials of sequences on the device.
func TestEmulatedBenchOfSteps(t *testing.T) {
	emulated(t)
	cfg, _ := tasktest.StepNet(t, tasktest.GruStep(), 30, 3, "hn:h")
	cfg.Device, cfg.Block, cfg.Out, cfg.Target, cfg.Output = "cuda:0", 8, "", "", "y"
	b, err := RunBench(context.Background(), cfg, bench.Options{Runs: 1})
	if err != nil || b.Samples != 30 || b.Device == "" || !(b.Trial.Median > 0) || b.Parts == 0 || b.Graphs != 0 || !strings.Contains(b.Why, "stands in") {
		t.Errorf("%+v, %v", b, err)
	}
}
