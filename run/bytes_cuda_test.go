//go:build cuda

package run

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"example.org/demote/backend"
	"example.org/demote/backend/metric"
	"example.org/demote/config"
	"example.org/demote/cuda"
	"example.org/demote/cuda/emutest"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/segments"
	"example.org/demote/internal/task"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trialtest"
	"example.org/demote/onnx"
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

// TestEmulatedBytesStayBytes counts what is copied to the device of samples that the file has as bytes, and of the same
// samples as floats: all of them at the start where they are resident, a block whenever it is run where they are not.
// The outputs are the same, and the network has one operator more, which makes floats of a block.
func TestEmulatedBytesStayBytes(t *testing.T) {
	const samples, pixels, block = 60, 784, 8
	const slots = (samples + block - 1) / block * block
	for name, spool := range map[string]bool{"resident": false, "on disk": true} {
		t.Run(name, func(t *testing.T) {
			emulated(t)
			var outputs [2][samples][]float32
			var loaded, nodes [2]int
			for i, size := range []int{1, 4} {
				cfg := tasktest.FashionConfig(t)
				cfg.Data = samplesAlone(t, cfg, size)
				cfg.Limit, cfg.Block, cfg.Cache = samples, block, -1
				want := 0
				if spool {
					cfg.Spool, want = t.TempDir(), slots*pixels*size
				}
				before := emutest.Counter("up_bytes")
				s := trialtest.OnDevice(t, "cuda:0", cfg)
				loaded[i] = emutest.Counter("up_bytes") - before
				nodes[i] = len(wholeFor(t, s, s.Can()).Graph.Node)
				low, copied := task.LowMask(s.Network.Holders), 0
				// the first makes what is made on first use
				for _, mask := range []search.Mask{low, search.NewMask(len(s.Records))} {
					before = emutest.Counter("up_bytes")
					if _, err := s.Ev.Outputs(t.Context(), mask, func(sample int, row []float32) { outputs[i][sample] = slices.Clone(row) }); err != nil {
						t.Fatal(err)
					}
					copied = emutest.Counter("up_bytes") - before - cuda.MaskBytes(len(s.Records))
				}
				if copied != want {
					t.Errorf("%d bytes of samples copied for an evaluation, want %d", copied, want)
				}
			}
			// with what the self-test loads
			if more := loaded[1] - loaded[0]; more < 3*slots*pixels || more%(3*block*pixels) != 0 {
				t.Errorf("floats take %d bytes more than bytes at the start, want at least %d", more, 3*slots*pixels)
			}
			if !slices.EqualFunc(outputs[0][:], outputs[1][:], slices.Equal[[]float32]) || len(outputs[0][0]) != 10 {
				t.Error("bytes and floats have other outputs")
			}
			if nodes[0] != nodes[1]+1 {
				t.Errorf("%d nodes for bytes, %d for floats", nodes[0], nodes[1])
			}
		})
	}
}

// samplesAlone is a copy of the example's samples without labels, as bytes or, of size 4, as floats.
func samplesAlone(t *testing.T, cfg config.Config, size int) string {
	t.Helper()
	m, err := onnx.Read(cfg.Model)
	if err != nil {
		t.Fatal(err)
	}
	set, err := task.OpenData(cfg.Data, "", m, cfg, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	out, read := tasktest.NPYHeader("|u1", set.Len(), 1, 28, 28), set.ReadBytes
	if size == 4 {
		out, read = tasktest.NPYHeader("<f4", set.Len(), 1, 28, 28), set.Read
	}
	row := make([]byte, 784*size)
	for i := range set.Len() {
		if err := read(0, i, row); err != nil {
			t.Fatal(err)
		}
		out = append(out, row...)
	}
	path := filepath.Join(t.TempDir(), "samples.npy")
	tasktest.WriteFile(t, path, out)
	return path
}
