//go:build cuda

package run

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/demote/internal/holdout"
	"example.org/demote/internal/task"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trialtest"
	"example.org/demote/mistake"
	"example.org/demote/result"
	"example.org/demote/search"
)

// TestEmulatedMembers deals the samples to two emulated devices, named one by one or as all: the run is that on one.
func TestEmulatedMembers(t *testing.T) {
	for _, c := range []struct{ metric, target, devices string }{
		{"agreement", "16bit-0.05", "cuda:0,cuda:1"}, {"sqnr", "40%", "cuda:all"}, {"cosine", "16bit-0.001", "cuda:1, cuda:0"},
	} {
		t.Run(c.metric+" "+c.devices, func(t *testing.T) {
			emulated(t, "devices=2")
			cfg := tasktest.TinyConfig(t, 90)
			cfg.Block, cfg.Metric, cfg.Target, cfg.Device = 8, c.metric, c.target, "cuda:0"
			one := mustSearch(t, cfg)
			cfg.Device, cfg.Out = c.devices, cfg.Out+"-two"
			var said []string
			cfg.Say = func(text string) { said = append(said, text) }
			two := mustSearch(t, cfg)
			if text := strings.Join(said, "\n"); !strings.Contains(text, "the samples are dealt to 2 GPUs") || !strings.Contains(text, "device cuda:1: ") {
				t.Errorf("it said %s", text)
			}
			two.Config.Device, two.Versions["device"] = one.Config.Device, one.Versions["device"]
			sameRun(t, c.devices, one, two)
		})
	}
}

// TestEmulatedHoldout deals a hold-out to two devices, as the samples of its search: all three networks have the
// outcomes of one device.
func TestEmulatedHoldout(t *testing.T) {
	emulated(t, "devices=2")
	cfg := tasktest.TinyConfig(t, 60)
	cfg.Block, cfg.Metric, cfg.Holdout = 8, "agreement", tasktest.RandomImages(t, filepath.Join(t.TempDir(), "held.npy"), 40, 9)
	var want [][]uint64
	for _, devices := range []string{"cuda:0", "cuda:0,cuda:1"} {
		s := trialtest.OnDevice(t, devices, cfg)
		target, err := search.ParseTarget("16bit-0.05")
		if err != nil {
			t.Fatal(err)
		}
		set, err := holdout.Open(s, target)
		t.Cleanup(set.Close)
		if err != nil {
			t.Fatal(err)
		}
		a, err := holdout.Evaluate(t.Context(), s, set, search.Claim{})
		if err != nil {
			t.Fatal(err)
		}
		if n := 1 + strings.Count(devices, ","); a.Ev.Workers() != n {
			t.Errorf("%s: the hold-out is dealt to %d devices", devices, a.Ev.Workers())
		}
		mix := search.NewMask(len(s.Records))
		mix.Demote(1)
		for i, m := range []search.Mask{search.NewMask(len(s.Records)), mix, task.LowMask(s.Network.Holders)} {
			got, err := a.Outcomes(t.Context(), m)
			if err != nil {
				t.Fatal(err)
			}
			if devices == "cuda:0" {
				want = append(want, got)
			} else if !slices.Equal(got, want[i]) {
				t.Errorf("mask %d: %x on two devices, %x on one", i, got, want[i])
			}
		}
		a.Close()
	}
}

// TestEmulatedMemberIsLost has one of two devices fail in the middle of a search: its blocks go to the other one, which
// is said and kept as a warning, and the result is that of the search in which none failed.
func TestEmulatedMemberIsLost(t *testing.T) {
	for _, fault := range []string{"midway launch=150:719", "midway lose=cuLaunchKernel:50", "midway lose=cuEventQuery:12"} {
		t.Run(fault, func(t *testing.T) {
			cfg := tasktest.TinyConfig(t, 90)
			cfg.Block, cfg.Device = 8, "cpu"
			want := decisions(t, mustSearch(t, cfg))
			planned(t, &cfg, fault, "devices=2")
			cfg.Device, cfg.Out = "cuda:all", cfg.Out+"-two"
			r := mustSearch(t, cfg)
			if got := decisions(t, r); got != want {
				t.Errorf("one device was lost: %s\nwithout: %s", got, want)
			}
			left := slices.IndexFunc(r.Warnings, func(w result.Warning) bool { return w.ID == "member-left" })
			if left < 0 || !strings.HasPrefix(r.Warnings[left].Text, "cuda:") || !strings.Contains(r.Warnings[left].Text, "is left out, and the others have its blocks") {
				t.Errorf("warnings %+v", r.Warnings)
			}
		})
	}
}

// TestEmulatedMembersRefused holds what is said of devices that cannot be meant.
func TestEmulatedMembersRefused(t *testing.T) {
	emulated(t, "devices=2")
	for device, hint := range map[string]string{"cuda:0,cuda:0": "cuda:0 is named twice", "cuda:0,cpu": "several devices are GPUs", "cuda:0,cuda:7": "cuda:7", "cuda:0,": "choose auto, cpu"} {
		cfg := tasktest.TinyConfig(t, 30)
		cfg.Device = device
		if _, err := Search(context.Background(), cfg); !errors.Is(err, mistake.Err) || !strings.Contains(err.Error(), hint) {
			t.Errorf("%s: %v", device, err)
		}
	}
	cfg := tasktest.TinyConfig(t, 30)
	cfg.Device, cfg.Members = "cuda:0", 2
	if _, err := Search(context.Background(), cfg); !errors.Is(err, mistake.Err) || !strings.Contains(err.Error(), "these are of the CPU") {
		t.Errorf("members on a GPU: %v", err)
	}
}

// TestEmulatedWorkerDevices holds that a worker computes on each device once.
func TestEmulatedWorkerDevices(t *testing.T) {
	emulated(t, "devices=2")
	if list, err := WorkerDevices("cuda:1, cuda:0"); err != nil || len(list) != 2 || list[0].Name != "cuda:1" || list[1].Name != "cuda:0" {
		t.Errorf("two devices: %+v, %v", list, err)
	}
	for _, name := range []string{"cuda:0,cuda:0", "cuda:1, cuda:0, cuda:1"} {
		if _, err := WorkerDevices(name); !errors.Is(err, mistake.Err) || !strings.Contains(err.Error(), "is named twice: leave one of them out") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
