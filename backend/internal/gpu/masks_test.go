//go:build cuda && !gpu && !placement

package gpu

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"example.org/demote/backend/device"
	"example.org/demote/cgo"
	"example.org/demote/cgo/orttest"
	"example.org/demote/cuda"
	"example.org/demote/cuda/emutest"
	"example.org/demote/quant"
	"example.org/demote/search"
)

// TestEmulatedMasksInARow writes one mask after another while the device still has the copies of those before in its
// queue, and looks at the grids that each has chosen, kept apart by a copy on the device. Orders are drawn from seeds;
// with seed 0 nothing runs before it must, so a mask that is written over too early is lost. The host never waits for
// the stream.
func TestEmulatedMasksInARow(t *testing.T) {
	const holders, rounds = 11, 9
	if err := cgo.Init(orttest.Path(t)); err != nil {
		t.Fatal(err)
	}
	list := make([]quant.Record, holders)
	for i := range list {
		for at, g := range []*quant.Grid{&list[i].Low, &list[i].High} {
			var err error
			if *g, err = quant.GridOf(quant.QDQ, quant.Asymmetric, 8+8*at, quant.Range{Min: -1, Max: 1 + float32(i)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for seed := range 24 {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			emutest.Set(t, fmt.Sprintf("seed=%d", seed))
			d, err := openGPU(context.Background(), device.Options{Name: "cuda:0", Records: list, Block: 1})
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			g := d.(*gpu)
			rng := rand.New(rand.NewPCG(4, uint64(seed)))
			var want [rounds][]quant.Params
			got := make([]quant.Params, rounds*holders)
			err = g.worker.Do(func(d *cuda.Device) error {
				var k masks
				defer k.close()
				grids, err := cuda.NewBuffer[quant.Params](d, "the chosen grids", holders)
				if err != nil {
					return err
				}
				defer func() { _ = grids.Close() }()
				kept, err := cuda.NewBuffer[quant.Params](d, "all of them", rounds*holders)
				if err != nil {
					return err
				}
				defer func() { _ = kept.Close() }()
				if err := k.open(g, grids); err != nil {
					return err
				}
				for i := range want {
					m := search.NewMask(holders)
					for h, r := range list {
						p := r.High.Params()
						if rng.IntN(2) == 0 {
							m.Demote(h)
							p = r.Low.Params()
						}
						want[i] = append(want[i], p)
					}
					if err := k.write(m); err != nil {
						return err
					}
					if err := kept.CopyAt(g.stream, i*holders, grids, 0, holders); err != nil {
						return err
					}
				}
				if done, err := g.stream.Done(); seed == 0 && (done || err != nil) {
					t.Errorf("the host has waited for the stream (%v)", err)
				}
				return kept.Download(g.stream, got)
			})
			if err != nil {
				t.Fatal(err)
			}
			for i, w := range want {
				for h := range w {
					if got[i*holders+h] != w[h] {
						t.Fatalf("mask %d of %d, holder %d: %+v, want %+v", i+1, rounds, h, got[i*holders+h], w[h])
					}
				}
			}
		})
	}
}
