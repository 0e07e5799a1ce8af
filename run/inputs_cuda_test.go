//go:build cuda

package run

import (
	"testing"

	"example.org/demote/config"
)

// TestEmulatedSeveralInputs searches networks of several inputs on the emulated device, where each part finds the
// block's inputs that it is the first to read, and compares with the CPU.
func TestEmulatedSeveralInputs(t *testing.T) {
	networks := severalInputs()
	networks["BERT"] = bertLike()
	for name, b := range networks {
		t.Run(name, func(t *testing.T) {
			cfg := b.Config(t)
			cfg.Output = b.G.Output[0].GetName()
			sameOnDevice(t, cfg)
		})
	}
	t.Run("a pair", func(t *testing.T) {
		cfg := writtenPair(t, severalInputs()["integers and floats, late"].Config(t))
		cfg.Metric = "cosine"
		sameOnDevice(t, cfg)
	})
}

// sameOnDevice holds a search on the emulated device against that on the CPU.
func sameOnDevice(t *testing.T, cfg config.Config) {
	t.Helper()
	emulated(t)
	cfg.Device = "cpu"
	want := mustSearch(t, cfg)
	cfg.Device, cfg.Out = "cuda:0", cfg.Out+"-cuda"
	got := mustSearch(t, cfg)
	if a, b := decisions(t, want), decisions(t, got); a != b {
		t.Errorf("CPU:    %s\ndevice: %s", a, b)
	}
}
