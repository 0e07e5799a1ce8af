//go:build cuda

package run

import (
	"context"
	"strings"
	"testing"
)

// TestEmulatedHalves: a GPU that was asked for is refused with bf16, and left where it was not.
func TestEmulatedHalves(t *testing.T) {
	emulated(t)
	c := searchOfBits(t, "8,bf16")
	c.Target, c.Device = "16bit-0.02", "cuda:0"
	if _, err := Search(context.Background(), c); err == nil || !strings.Contains(err.Error(), "bf16 is computed on the CPU alone") || ExitCode(err) != ExitMistake {
		t.Errorf("a GPU with bf16: %v", err)
	}
	c.Device = "auto"
	r, err := Search(context.Background(), c)
	if err != nil || r.Versions["device"] != "" || !r.Verified.Identical {
		t.Errorf("auto: %v, %v", r, err)
	}
}
