package trial

import "testing"

// TestGPUBlock holds the block size by what the median holder takes to fill the GPU: at least four blocks, even ones,
// in eights. The first lines are the example on an H100, an A100, an RTX 4090 and an L4.
func TestGPUBlock(t *testing.T) {
	for _, c := range []struct{ samples, median, fill, want int }{
		{2000, 3136, 4 * 132 * 2048, 400},
		{2000, 3136, 4 * 108 * 2048, 288},
		{2000, 3136, 4 * 128 * 1536, 288},
		{2000, 3136, 4 * 58 * 1536, 256},
		{2000, 10, 4 * 132 * 2048, 504}, // four looks are left
		{2000, 0, 4 * 132 * 2048, 256},  // not known
		{2000, 3136, 0, 256},
		{50_000, 200_000, 4 * 132 * 2048, 264}, // large tensors
		{90, 10, 8192, 24},
		{90, 10_000, 8192, 16},
		{70, 10, 8192, 16},
		{33, 10, 8192, 8},
		{20, 10, 8192, 8},
		{3, 10, 8192, 8},
	} {
		got := gpuBlock(c.samples, c.median, c.fill)
		if got != c.want {
			t.Errorf("%+v: blocks of %d", c, got)
		}
		if blocks := (c.samples + got - 1) / got; c.samples >= 32 && blocks < 4 {
			t.Errorf("%+v: %d blocks", c, blocks)
		}
	}
}
