//go:build cuda

package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"example.org/demote/config"
	"example.org/demote/cuda/emutest"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trial"
	"example.org/demote/mistake"
	"example.org/demote/search"
)

// planned is emulated with a fault; behind "midway " one that is planned when the search shows its first trial, since
// set-up asks the device as often as its clock allows.
func planned(t *testing.T, cfg *config.Config, fault string, settings ...string) {
	t.Helper()
	late, midway := strings.CutPrefix(fault, "midway ")
	if !midway {
		emulated(t, append(settings, fault)...)
		return
	}
	emulated(t, settings...)
	var once sync.Once
	cfg.Progress = func(search.Event) { once.Do(func() { emutest.Set(t, late) }) }
}

// TestEmulatedFaults ends searches in their middle and demands one line, the exit code, a journal with which
// the same command goes on to the same result, and nothing left on the device.
func TestEmulatedFaults(t *testing.T) {
	for _, c := range []struct {
		name, fault, text string
		code              int
	}{
		{"a kernel fails in the middle", "midway launch=150:719", "cuda:0 does not answer any more: ", ExitInternal},
		{"the context is lost in the middle", "midway lose=cuLaunchKernel:50", "cuda:0 does not answer any more: ", ExitInternal},
		{"the context is lost at a wait", "lose=cuStreamSynchronize:100", "cuda:0 does not answer any more: ", ExitInternal},
		{"the context is lost at an allocation in the middle", "lose=cuMemAlloc_v2:40", "cuda:0 does not answer any more: ", ExitInternal},
		{"the context is lost at the page-locked memory", "lose=cuMemHostAlloc:2", "cuda:0 does not answer any more: ", ExitInternal},
		{"the context is lost at a mark", "midway lose=cuEventQuery:12", "cuda:0 does not answer any more: ", ExitInternal},
		{"a mark is refused", "midway fail=cuEventRecord:20:1", "recording an event: InvalidValue (CUDA error 1)", ExitInternal},
		{"a memory error of a kernel in the middle", "midway launch=120:700", "cuda:0 does not answer any more: ", ExitInternal},
		{"an uncorrectable memory error", "launch=1:214", "cuda:0 does not answer any more: ", ExitInternal},
		{"page-locked memory is refused", "fail=cuMemHostAlloc:1:1", "page-locked memory: CUDA error 1", ExitInternal},
		{"a launch is refused", "midway fail=cuLaunchKernel:60:701", "(CUDA error 701)", ExitInternal},
		{"the first copy fails", "fail=cuMemcpyHtoDAsync_v2:1:1", "(CUDA error 1)", ExitInternal},
		{"the kernels are refused", "fail=cuModuleLoadData:2:218", "refuses them", ExitMistake},
		{"the driver is too old", "driver=11080", "update the driver", ExitMistake},
		{"the GPU is too old", "capability=70", "compute capability 7.0", ExitMistake},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := tasktest.TinyConfig(t, 90)
			cfg.Device = "cpu"
			cpu := cfg
			cpu.Out += "-cpu"
			want := mustSearch(t, cpu)
			planned(t, &cfg, c.fault)
			cfg.Device = "cuda:0"
			r, err := Search(context.Background(), cfg)
			if ExitCode(err) != c.code || err == nil || !strings.Contains(err.Error(), c.text) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("it ended with %d, %v, %+v", ExitCode(err), err, r)
			}
			if left := emutest.Live(); left != "" {
				t.Errorf("left on the device: %s", left)
			}
			emutest.Reset()
			emutest.Set(t, "shared=1")
			if got := mustSearch(t, cfg); decisions(t, got) != decisions(t, want) {
				t.Errorf("gone on: %s\nwant:    %s", decisions(t, got), decisions(t, want))
			}
		})
	}
}

// TestEmulatedKilled kills searches on the device at random instants; the same command always ends with the
// result of a search that was left alone.
func TestEmulatedKilled(t *testing.T) {
	t.Setenv("DEMOTE_EMU", "shared=1") // of the processes that it starts
	cfg := tasktest.TinyConfig(t, 60)
	cfg.Device = "cuda:0"
	killing(t, cfg, 12)
}

// TestEmulatedOutOfMemory fails every allocation of a search in turn: the blocks shrink where that is needed,
// and the search comes to the same result.
func TestEmulatedOutOfMemory(t *testing.T) {
	t.Run("samples", func(t *testing.T) { eachAllocation(t, tasktest.TinyConfig(t, 40)) })
	t.Run("sequences", func(t *testing.T) {
		cfg, _ := tasktest.StepNet(t, tasktest.GruStep(), 40, 3, "hn:h")
		cfg.Metric, cfg.Target, cfg.Output, cfg.Trials = "agreement", "16bit-0.05", "y", 6
		eachAllocation(t, cfg)
	})
}

// eachAllocation fails them in turn.
func eachAllocation(t *testing.T, cfg config.Config) {
	t.Helper()
	cfg.Device, cfg.Block = "cpu", 20
	want := mustSearch(t, cfg)
	shrunk := 0
	for k := 1; ; k += 1 + k/8 {
		emulated(t, fmt.Sprintf("fail=cuMemAlloc_v2:%d:2", k))
		cfg.Device, cfg.Out = "cuda:0", filepath.Join(t.TempDir(), "run")
		got := mustSearch(t, cfg)
		struck := emutest.Counter("allocations") < k
		emutest.Reset()
		if decisions(t, got) != decisions(t, want) {
			t.Fatalf("allocation %d: %s\nwant: %s", k, decisions(t, got), decisions(t, want))
		}
		if strings.Contains(strings.Join(texts(got.Warnings), "\n"), "going on with blocks of 10 samples") {
			shrunk++
		}
		if struck {
			break
		}
	}
	if shrunk < 5 {
		t.Errorf("the blocks shrank in %d searches", shrunk)
	}
}

// TestEmulatedNoPinnedMemory holds that a search goes on in ordinary memory where the system has no page-locked
// memory left, from the first allocation of it or from a later one on, with the same result.
func TestEmulatedNoPinnedMemory(t *testing.T) {
	cfg := tasktest.TinyConfig(t, 40)
	cfg.Device = "cpu"
	want := mustSearch(t, cfg)
	for _, fault := range []string{"fail=cuMemHostAlloc:1:2", "fail=cuMemHostAlloc:2:2", "fail=cuMemHostAlloc:0:2"} {
		emulated(t, fault)
		cfg.Device, cfg.Out = "cuda:0", filepath.Join(t.TempDir(), "run")
		got := mustSearch(t, cfg)
		if decisions(t, got) != decisions(t, want) {
			t.Errorf("%s: %s\nwant: %s", fault, decisions(t, got), decisions(t, want))
		}
		if emutest.Counter("pageable") == 0 {
			t.Errorf("%s: no copy used ordinary memory", fault)
		}
		emutest.Reset()
	}
}

// TestEmulatedLittleMemory holds that the block is made to fit what there is, and that a device that is too
// small for anything is told in one line.
func TestEmulatedLittleMemory(t *testing.T) {
	emulated(t, "memory=200000")
	cfg := tasktest.TinyConfig(t, 60)
	cfg.Block = 60
	var said []string
	cfg.Device, cfg.Say = "cuda:0", func(text string) { said = append(said, text) }
	got := mustSearch(t, cfg)
	if text := strings.Join(said, "\n"); !strings.Contains(text, "195.3 KiB free") || strings.Contains(text, "(blocks of 60)") {
		t.Errorf("it said %s", text)
	}
	cfg.Device, cfg.Out = "cpu", cfg.Out+"-cpu"
	if want := mustSearch(t, cfg); decisions(t, got) != decisions(t, want) {
		t.Errorf("device: %s\nCPU:    %s", decisions(t, got), decisions(t, want))
	}
	emutest.Set(t, "shared=1", "memory=3000")
	cfg.Device, cfg.Out = "cuda:0", cfg.Out+"-full"
	if _, err := Search(context.Background(), cfg); !errors.Is(err, mistake.Err) || !strings.Contains(err.Error(), "the memory of cuda:0 is full with blocks of 1 samples") {
		t.Errorf("no memory gave %v", err)
	}
	if _, err := os.Stat(cfg.Out); err == nil {
		t.Error("the folder of a search that could not begin is left")
	}
}

// TestEmulatedDevices holds what is said of devices, and the choice of auto.
func TestEmulatedDevices(t *testing.T) {
	for _, c := range []struct{ name, settings, device, want, said string }{
		{"auto", "", "auto", "cuda:0", "device cuda:0, the first GPU that can be used: EMULATED device"},
		{"auto, no usable GPU", "capability=70", "auto", "cpu", "device cpu, since no GPU can be used: cuda:0: GPU 0 (EMULATED"},
		{"the CPU", "", "cpu", "cpu", ""},
		{"by its short name", "", "cuda", "cuda:0", "device cuda:0: EMULATED device"},
		{"the second", "devices=2", "cuda:1", "cuda:1", "device cuda:1: EMULATED device"},
		{"no second", "", "cuda:1", "", "--device cuda:1: there is no GPU 1: the driver finds 1, numbered from 0"},
		{"no name", "", "gpu", "", "--device gpu: choose auto, cpu, or a GPU such as cuda:0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			emulated(t, c.settings)
			var said []string
			s := &trial.Runner{Config: config.Config{Device: c.device, Say: func(text string) { said = append(said, text) }}.Filled()}
			if err := s.ChooseDevice(t.Context()); err != nil {
				if ExitCode(err) != ExitMistake {
					t.Errorf("exit code %d", ExitCode(err))
				}
				said = append(said, err.Error())
			}
			if s.Device.Name != c.want || !strings.Contains(strings.Join(said, "\n"), c.said) {
				t.Errorf("%q, and said %q", s.Device.Name, said)
			}
		})
	}
}
