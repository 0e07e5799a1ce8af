//go:build cuda && !gpu && !placement

package gpu

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/device"
	"example.org/demote/backend/metric"
	"example.org/demote/cgo"
	"example.org/demote/cgo/orttest"
	"example.org/demote/cuda"
	"example.org/demote/cuda/emutest"
	"example.org/demote/quant"
)

// TestEmulatedMarks judges one block after another, with a mark behind each and three more under way while the host
// takes a gain, in orders drawn from seeds: a gain that is taken before its event is reached is poison. The host never
// waits for the stream; what is in the queue behind the last mark is handed out by Wait.
func TestEmulatedMarks(t *testing.T) {
	const slots, classes, blocks = 11, 5, 23
	if err := cgo.Init(orttest.Path(t)); err != nil {
		t.Fatal(err)
	}
	top1, err := metric.ByName("top1")
	if err != nil {
		t.Fatal(err)
	}
	for seed := range 24 {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			emutest.Set(t, fmt.Sprintf("seed=%d", seed))
			d, err := openGPU(context.Background(), device.Options{Name: "cuda:0", Records: make([]quant.Record, 1), Block: slots})
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			g, rng := d.(*gpu), rand.New(rand.NewPCG(5, uint64(seed)))
			truth, scores := metric.Truth{}, make([]float32, blocks*slots*classes)
			for i := range scores {
				scores[i] = rng.Float32()
			}
			list := make([]*block, blocks)
			for i := range list {
				list[i] = &block{g: g}
				for range slots {
					list[i].slots, truth.Labels = append(list[i].slots, len(truth.Labels)), append(truth.Labels, int64(rng.IntN(classes)))
				}
				defer list[i].Close()
			}
			j := metric.NewScorer(top1, truth, len(truth.Labels))
			j.Read(metric.Output{Name: "y", Dims: []int64{slots, classes}, Slots: slots, Pieces: 1})
			gains := make([]bounds.Gain, blocks)
			want := func(i int) bounds.Gain { return j.Block(scores[i*slots*classes:(i+1)*slots*classes], list[i].slots) }
			check := func(from, to int) {
				t.Helper()
				for i := from; i < to; i++ {
					if w := want(i); gains[i].Count != w.Count || gains[i].Hits != w.Hits {
						t.Errorf("block %d: %+v, want %+v", i, gains[i], w)
					}
				}
			}
			err = g.worker.Do(func(d *cuda.Device) error {
				l := &lane{g: g, buffers: map[string]*tensor{}}
				defer l.tally.close()
				all, err := cuda.NewBuffer[float32](d, "all scores", len(scores))
				if err != nil {
					return err
				}
				defer func() { _ = all.Close() }()
				if l.buffers["y"], err = g.tensor(device.Tensor{Name: "y", Type: cgo.Float32, Dims: []int64{slots, classes}}); err != nil {
					return err
				}
				defer l.buffers["y"].close()
				if err := l.tally.prepare(d); err != nil {
					return err
				}
				if err := all.Upload(g.stream, scores); err != nil {
					return err
				}
				for _, b := range list { // what is made on first use
					if err := b.label(j); err != nil {
						return err
					}
				}
				run := func(i int) error {
					if err := l.buffers["y"].floats.CopyAt(g.stream, 0, all, i*slots*classes, slots*classes); err != nil {
						return err
					}
					return l.Judge(j, list[i], &gains[i])
				}
				const marked = blocks - 3
				for i := range marked {
					if i >= device.Marks {
						if err := l.Reach(); err != nil {
							return err
						}
						check(i-device.Marks, i-device.Marks+1)
					}
					if err := run(i); err != nil {
						return err
					}
					if err := l.Mark(); err != nil {
						return err
					}
				}
				if done, err := g.stream.Done(); seed == 0 && (done || err != nil) {
					t.Errorf("the host has waited for the stream (%v)", err)
				}
				for i := marked; i < blocks; i++ {
					if err := run(i); err != nil {
						return err
					}
				}
				if err := l.Wait(); err != nil {
					return err
				}
				check(0, blocks)
				for range device.Marks { // they are passed
					if err := l.Reach(); err != nil {
						return err
					}
				}
				check(0, blocks)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}
