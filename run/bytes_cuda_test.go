//go:build cuda

package run

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"example.org/demote/backend"
	"example.org/demote/backend/metric"
	"example.org/demote/config"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/segments"
	"example.org/demote/internal/tasktest"
	"example.org/demote/search"
)

// TestEmulatedBytes compares the floats that the device makes of bytes with those that the data give, bit for bit and
// for all 256 values, with and without a division, for one channel and for three.
func TestEmulatedBytes(t *testing.T) {
	ctx := context.Background()
	one, three := []float32{0.3}, []float32{0.229, 0.224, 0.225}
	for name, c := range map[string]config.Config{
		"plain": {}, "scale and mean": {Scale: []float32{0.0039}, Mean: one}, "std": {Std: one}, "all": {Scale: []float32{0.0039}, Mean: []float32{0.485}, Std: one},
		"a channel each": {Scale: []float32{0.0039, -1.7, 3}, Mean: []float32{0.485, 0.456, 0.406}, Std: three}, "one std, three means": {Mean: three, Std: one},
	} {
		for _, shape := range [][]int{{3, 16, 16}, {16, 16, 3}} {
			t.Run(fmt.Sprint(name, shape), func(t *testing.T) {
				emulated(t)
				data := tasktest.NPYHeader("|u1", append([]int{4}, shape...)...)
				for i := range 4 * 768 {
					data = append(data, byte(i*7+i/256))
				}
				p, fixed := fedThrough(t, data, []any{"N", shape[0], shape[1], shape[2]}, c, 2)
				fed, names := blocks.FeedBytes(fixed, p.Data, p.Inputs, true)
				if names["x"] == "" {
					t.Fatal("the device gets floats")
				}
				src, err := segments.New(fixed, 0, []string{"y"})
				if err != nil {
					t.Fatal(err)
				}
				for _, stream := range []bool{false, true} {
					e, err := backend.New(ctx, src, fed, nil, backend.Options{Device: "cuda:0", Metric: metric.OutputsOnly, Output: "y", Block: 2, Naive: true, Stream: stream, Level: blocks.Optimization})
					if err != nil {
						t.Fatal(err)
					}
					_, err = e.Outputs(ctx, search.NewMask(0), func(sample int, row []float32) {
						want := make([]byte, 4*768)
						if err := p.Data.Read(0, sample, want); err != nil || !bytes.Equal(blocks.BytesOf(row), want) {
							t.Errorf("sample %d has other bits, %v", sample, err)
						}
					})
					e.Close()
					if err != nil {
						t.Fatal(err)
					}
				}
			})
		}
	}
}
