//go:build cuda && !gpu && !placement

package gpu

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"testing"

	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/proto"

	"example.org/demote/backend/device"
	"example.org/demote/cgo"
	"example.org/demote/cgo/orttest"
	"example.org/demote/cuda"
	"example.org/demote/cuda/emutest"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/quant"
	"example.org/demote/search"
)

// one is one of two devices, with a network on it that puts a block of numbers on the grid of its holders.
type one struct {
	g         *gpu
	low, high quant.Grid
	l         *lane
	b         device.Block
	close     func() // all of it; it may be called more than once
}

// openOne opens a device whose grids have a scale of its own.
func openOne(t *testing.T, name string, scale float32) *one {
	t.Helper()
	o := &one{}
	for bits, g := range map[int]*quant.Grid{4: &o.low, 8: &o.high} {
		var err error
		if *g, err = quant.GridOf(quant.QDQ, quant.Symmetric, bits, quant.Range{Min: -127 * scale, Max: 127 * scale}); err != nil {
			t.Fatal(err)
		}
	}
	r := quant.Record{Low: o.low, High: o.high}
	d, err := openGPU(context.Background(), device.Options{Name: name, Records: []quant.Record{r, r}, Block: placedBlock, Level: 99})
	if err != nil {
		t.Fatal(err)
	}
	o.g = d.(*gpu)
	// m is 0
	s := segment(t, false, &onnxpb.NodeProto{OpType: proto.String("Add"), Name: proto.String("add"), Input: []string{"m", "a"}, Output: []string{"s"}})
	chain, err := o.g.Compile([]*device.Segment{s}, s.Inputs, 1)
	if err != nil {
		t.Fatal(err)
	}
	o.l = chain.Lanes()[0].(*lane)
	if o.b, err = o.g.Load(s.Inputs, []int{0}, func(_ int, dst []byte) error {
		for i := range len(dst) / 4 {
			binary.LittleEndian.PutUint32(dst[4*i:], math.Float32bits(number(i)))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	o.close = func() {
		o.b.Close()
		chain.Close()
		o.g.Close()
	}
	return o
}

func number(i int) float32 { return float32(i)/7 - 5 }

// run runs the block under a mask of the first holder's bit and holds its output.
func (o *one) run(low bool) error {
	m, grids := search.NewMask(2), []quant.Grid{o.high, o.high}
	if low {
		m.Demote(0)
		grids[0] = o.low
	}
	return o.l.Do(func() error {
		if err := o.l.SetMask(m); err != nil {
			return err
		}
		if err := o.l.RunPart(o.b, 0); err != nil {
			return err
		}
		rows, err := o.l.Rows("y")
		if err != nil {
			return err
		}
		for i, got := range rows {
			if want := grids[1].Value(grids[0].Value(number(i))); got != want {
				return fmt.Errorf("%s, low %v, element %d: %g, want %g", o.g.opts.Name, low, i, got, want)
			}
		}
		return nil
	})
}

// TestEmulatedTwoDevices starts the emulated device twice in one process: each has its own grids, masks, samples,
// streams and counts, which the other's work does not touch. Then one fails: its work ends with its own error, the
// other one gives the bits that it gave, also once the first is closed, and nothing of either is left.
func TestEmulatedTwoDevices(t *testing.T) {
	emutest.Set(t, "shared=1", "devices=2")
	if err := cgo.Init(orttest.Path(t)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if left, live := emutest.Live(), cuda.Live(); left != "" || live != (cuda.Counts{}) {
			t.Errorf("left on the devices: %s; left open: %s", left, live)
		}
	})
	a, b := openOne(t, "cuda:0", 0.01), openOne(t, "cuda:1", 0.03)
	defer a.close() // while there are two
	defer b.close()
	idle := b.g.Traffic()
	for i := range 6 {
		if err := a.run(i%2 == 0); err != nil {
			t.Fatal(err)
		}
	}
	if now := b.g.Traffic(); now != idle {
		t.Errorf("work on the first device counts on the second: %+v, then %+v", idle, now)
	}
	var both errgroup.Group
	for _, o := range []*one{a, b} { // at once
		both.Go(func() error {
			for i := range 50 {
				if err := o.run(i%2 == 0); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := both.Wait(); err != nil {
		t.Fatal(err)
	}
	emutest.Set(t, "shared=1", "devices=2", "launch=1:719")
	if err := a.run(true); !errors.Is(err, cuda.ErrLostContext) {
		t.Fatalf("a kernel that failed on the first device: %v", err)
	}
	for i := range 4 {
		if err := b.run(i%2 == 0); err != nil {
			t.Fatalf("the second device, after the first one failed: %v", err)
		}
		if err := a.run(i%2 == 0); !errors.Is(err, cuda.ErrLostContext) {
			t.Fatalf("the first device, after it failed: %v", err)
		}
	}
	if a.g.d.Lost() == nil || b.g.d.Lost() != nil {
		t.Errorf("lost: %v, and the other one %v", a.g.d.Lost(), b.g.d.Lost())
	}
	a.close()
	for i := range 4 {
		if err := b.run(i%2 == 1); err != nil {
			t.Fatalf("the second device, after the first one was closed: %v", err)
		}
	}
}
