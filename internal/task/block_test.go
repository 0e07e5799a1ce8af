package task

import (
	"context"
	"testing"

	"example.org/demote/internal/tasktest"
)

// TestFitBlock shows that the block size follows the largest holder's tensor and the number of samples, and leaves
// alone what was asked for.
func TestFitBlock(t *testing.T) {
	for _, c := range []struct {
		name           string
		samples, asked int
		channels       int64 // of a tensor of 128 x 128, 64 KiB each
		want           int
	}{
		{"small tensors", 2000, 0, 1, 20},
		{"few samples", 60, 0, 1, 4}, {"some samples", 300, 0, 1, 15},
		{"4 MiB a sample", 80, 0, 64, 4},
		{"5 MiB a sample", 90, 0, 80, 3},
		{"64 MiB a sample", 10, 0, 1024, 1},
		{"asked for", 80, 50, 64, 50},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := tasktest.TinyConfig(t, c.samples)
			cfg.Block = c.asked
			p, err := Prepare(context.Background(), cfg.Filled())
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			if c.asked == 0 {
				h := p.Network.Holders[1].Tensor
				p.Shapes.One[h], p.Shapes.Two[h] = []int64{1, c.channels, 128, 128}, []int64{2, c.channels, 128, 128}
			}
			if err := p.FitBlock(context.Background(), c.asked); err != nil {
				t.Fatal(err)
			}
			if p.Block != c.want || p.Inputs[0].Dims[0] != int64(c.want) {
				t.Errorf("a block of %d, inputs of %v, want %d", p.Block, p.Inputs[0].Dims, c.want)
			}
		})
	}
}
