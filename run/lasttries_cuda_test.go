//go:build cuda

package run

import (
	"slices"
	"testing"
)

// TestEmulatedLastTries: what a search on the device leaves at int16 is tried as on the CPU.
func TestEmulatedLastTries(t *testing.T) {
	emulated(t)
	c := triedLast(t)
	want := mustSearch(t, c)
	c.Device, c.Out = "cuda:0", c.Out+"-cuda"
	got := mustSearch(t, c)
	if len(want.LastTries) == 0 || len(got.LastTries) != len(want.LastTries) || !slices.Equal(got.Promotion, want.Promotion) || !got.Verified.Identical {
		t.Errorf("on the device %v with %+v, on the CPU %v with %+v", got.Promotion, got.LastTries, want.Promotion, want.LastTries)
	}
}
