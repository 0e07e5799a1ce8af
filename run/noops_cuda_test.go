//go:build cuda

package run

import (
	"math"
	"slices"
	"testing"

	"example.org/demote/cuda/emutest"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trialtest"
	"example.org/demote/search"
)

// TestEmulatedInputsOnBothGrids holds that the trial of the example's image, whose values int8 and int16 give the same
// bits, starts no kernel on the device once the base is known, and that no other holder is known so. The CPU, whose
// nodes compare, finds the same ones.
func TestEmulatedInputsOnBothGrids(t *testing.T) {
	emulated(t)
	cfg := tasktest.FashionConfig(t)
	cfg.Limit, cfg.Block, cfg.Cache = 40, 8, -1
	gpu, cpu := trialtest.OnDevice(t, "cuda:0", cfg), trialtest.OnDevice(t, "cpu", cfg)
	base := search.NewMask(len(gpu.Records))
	want, err := gpu.Ev.Score(t.Context(), base)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cpu.Ev.Again(t.Context(), base); err != nil {
		t.Fatal(err)
	}
	for b := range 5 {
		if g, c := gpu.Ev.NoOps(b), cpu.Ev.NoOps(b); len(g) != 1 || !slices.Equal(g, c) {
			t.Errorf("block %d: the device knows that %v change nothing, the CPU %v", b, g, c)
		}
	}
	image := base.Clone()
	image.Demote(gpu.Ev.NoOps(0)[0])
	before := emutest.Counter("launches")
	found, err := gpu.Ev.Scan(t.Context(), base, []search.Mask{image}, search.Bound{Above: math.Inf(-1), Floor: math.Inf(1)})
	if err != nil || found.Score != want {
		t.Errorf("%+v, %v, want %+v", found, err, want)
	}
	if started := emutest.Counter("launches") - before; started != 0 {
		t.Errorf("%d kernels were started", started)
	}
}
