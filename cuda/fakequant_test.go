//go:build cuda

package cuda_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"example.org/demote/cuda"
	"example.org/demote/cuda/emutest"
	"example.org/demote/quant"
)

// packMask packs one bit a holder.
func packMask(low []bool) []uint8 {
	mask := make([]uint8, cuda.MaskBytes(len(low)))
	for i, l := range low {
		if l {
			mask[i/8] |= 1 << (i % 8)
		}
	}
	return mask
}

// chosen are the grids that a mask of the holders chooses from a record table, as the kernel writes them.
func chosen(t *testing.T, d *cuda.Device, s *cuda.Stream, table *cuda.Buffer[quant.Params], low []bool) *cuda.Buffer[quant.Params] {
	t.Helper()
	mask, grids := upload(t, d, s, "mask", packMask(low)), newBuffer[quant.Params](t, d, "grids", len(low))
	do(t, d.ChooseGrids(grids, table, mask).Run(s))
	do(t, s.Synchronize())
	closeAll(t, mask)
	return grids
}

// TestChooseGrids holds that the kernel writes the low grid of each holder whose bit is set, the high one of the
// others, and nothing behind them.
func TestChooseGrids(t *testing.T) {
	list := records(t)
	r := rand.New(rand.NewPCG(8, 1))
	onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
		for _, n := range []int{1, 7, 8, 9, 300} {
			many, low := make([]quant.Record, n), make([]bool, n)
			for i := range many {
				many[i], low[i] = list[i%len(list)], r.IntN(2) == 0
			}
			table, mask := upload(t, d, s, "records", cuda.RecordTable(many)), upload(t, d, s, "mask", packMask(low))
			all := upload(t, d, s, "grids", make([]quant.Params, n+1))
			do(t, d.ChooseGrids(all.View(0, n), table, mask).Run(s))
			got := download(t, s, all)
			for i, record := range many {
				want := record.High.Params()
				if low[i] {
					want = record.Low.Params()
				}
				if got[i] != want {
					t.Errorf("holder %d of %d, low %v: %+v, want %+v", i, n, low[i], got[i], want)
				}
			}
			if got[n] != (quant.Params{}) {
				t.Errorf("%d holders: behind the last there is %+v", n, got[n])
			}
			closeAll(t, table, mask, all)
		}
	})
}

func TestFakeQuantHasTheBitsOfQuant(t *testing.T) {
	list := records(t)
	low := make([]bool, len(list))
	for i := range low {
		low[i] = i%3 != 0
	}
	onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
		table := upload(t, d, s, "records", cuda.RecordTable(list))
		grids := chosen(t, d, s, table, low)
		r := rand.New(rand.NewPCG(1, 2))
		for holder, record := range list {
			p := record.High.Params()
			if low[holder] {
				p = record.Low.Params()
			}
			for _, n := range lengths[holder%2:] {
				in := values(p, n, r)
				x, y := upload(t, d, s, "x", in), newBuffer[float32](t, d, "y", n)
				do(t, d.FakeQuant(y, x, grids, holder, cuda.NoClip).Run(s))
				do(t, d.FakeQuant(x, x, grids, holder, cuda.NoClip).Run(s)) // in place
				want := make([]float32, n)
				p.Apply(want, in)
				for i, b := range []*cuda.Buffer[float32]{y, x} {
					if err := sameBits(download(t, s, b), want); err != nil {
						t.Errorf("holder %d (%+v), length %d, in place %v: %v", holder, p, n, i == 1, err)
					}
				}
				closeAll(t, x, y)
			}
		}
		closeAll(t, table, grids)
	})
}

// TestFakeQuantMarksNaN puts a NaN at one place after another, or none, and asks the mark; a demoted holder and every
// formula are no exception.
func TestFakeQuantMarksNaN(t *testing.T) {
	list := records(t)
	onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
		table := upload(t, d, s, "records", cuda.RecordTable(list))
		grids, seen := chosen(t, d, s, table, make([]bool, len(list))), upload(t, d, s, "the mark", []uint32{0})
		const n = 2051 // more than a block's vectors, and a tail
		for holder := range list {
			for _, at := range []int{-1, 0, 5, 1023, 2047, n - 1} {
				in := values(list[holder].High.Params(), n, rand.New(rand.NewPCG(5, 6)))
				for i, v := range in {
					if v != v {
						in[i] = 1
					}
				}
				want := uint32(0)
				if at >= 0 {
					in[at], want = float32(math.NaN()), 1
				}
				x := upload(t, d, s, "x", in)
				do(t, seen.Upload(s, []uint32{0}))
				l := d.FakeQuant(x, x, grids, holder, cuda.Clip{})
				l.MarkNaN(seen)
				do(t, l.Run(s))
				if got := download(t, s, seen)[0]; got != want {
					t.Errorf("holder %d, NaN at %d: the mark is %d", holder, at, got)
				}
				closeAll(t, x)
			}
		}
		closeAll(t, table, grids, seen)
	})
}

func TestFakeQuantOfUnalignedParts(t *testing.T) {
	grid, err := quant.GridOf(quant.QDQ, quant.Asymmetric, 8, quant.Range{Min: -1, Max: 2})
	do(t, err)
	onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
		grids := upload(t, d, s, "grids", []quant.Params{grid.Params()})
		in := values(grid.Params(), 200, rand.New(rand.NewPCG(3, 4)))
		for _, c := range []struct{ first, n int }{{1, 100}, {2, 64}, {3, 33}, {4, 33}, {7, 1}} {
			whole := upload(t, d, s, "x", in)
			part := whole.View(c.first, c.n)
			do(t, d.FakeQuant(part, part, grids, 0, cuda.NoClip).Run(s))
			want := append([]float32(nil), in...)
			grid.Apply(want[c.first:c.first+c.n], in[c.first:c.first+c.n])
			if err := sameBits(download(t, s, whole), want); err != nil {
				t.Errorf("part [%d, +%d): %v", c.first, c.n, err)
			}
			closeAll(t, whole)
		}
		closeAll(t, grids)
	})
}

func TestFakeQuantWithClip(t *testing.T) {
	inf := float32(math.Inf(1))
	clips := []struct {
		name string
		clip cuda.Clip
		f    func(x float32) float32
	}{
		{"relu", cuda.Clip{}, func(x float32) float32 { return clipped(x, 0, inf) }},
		{"relu6", cuda.Clip{Below: 0, Above: 6}, func(x float32) float32 { return clipped(x, 0, 6) }},
		{"clip", cuda.Clip{Below: -0.7, Above: 0.3}, func(x float32) float32 { return clipped(x, -0.7, 0.3) }},
		{"none", cuda.NoClip, func(x float32) float32 { return x }},
	}
	list := records(t)
	onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
		table := upload(t, d, s, "records", cuda.RecordTable(list))
		grids := chosen(t, d, s, table, make([]bool, len(list)))
		for _, c := range clips {
			for holder := 0; holder < len(list); holder += 5 {
				p := list[holder].High.Params()
				in := values(p, 333, rand.New(rand.NewPCG(5, uint64(holder))))
				x := upload(t, d, s, "x", in)
				do(t, d.FakeQuant(x, x, grids, holder, c.clip).Run(s))
				want := make([]float32, len(in))
				for i, v := range in {
					want[i] = p.Value(c.f(v))
				}
				if err := sameBits(download(t, s, x), want); err != nil {
					t.Errorf("%s, holder %d: %v", c.name, holder, err)
				}
				closeAll(t, x)
			}
		}
		closeAll(t, table, grids)
	})
}

// clipped keeps NaN, as Clip does in front of a grid.
func clipped(x, below, above float32) float32 {
	if x < below {
		return below
	}
	if x > above {
		return above
	}
	return x
}

// Every order of blocks, threads and streams gives the same bits.
func TestEmulatedOrdersDoNotMatter(t *testing.T) {
	for seed := range 24 {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			emutest.Set(t, fmt.Sprintf("seed=%d", seed))
			onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) { chain(t, d, s) })
		})
	}
}

func TestKernelsOneAfterAnother(t *testing.T) { onDevice(t, chain) }

// chain runs every kernel in one stream, each on what the one before it wrote, without a wait in between, and compares
// the end of it.
func chain(t *testing.T, d *cuda.Device, s *cuda.Stream) {
	t.Helper()
	const samples, classes = 77, 37
	list := records(t)[:9]
	r := rand.New(rand.NewPCG(9, 9))
	in := values(list[0].Low.Params(), samples*classes, r)
	labels := make([]int64, samples)
	for i := range labels {
		labels[i] = int64(r.IntN(classes))
	}
	low := []bool{true, false, true, true, false, false, true, false, true}
	table, mask, grids := upload(t, d, s, "records", cuda.RecordTable(list)), upload(t, d, s, "mask", packMask(low)), newBuffer[quant.Params](t, d, "grids", len(list))
	x, truth := upload(t, d, s, "x", in), upload(t, d, s, "labels", labels)
	y, back := newBuffer[float32](t, d, "y", len(in)), newBuffer[float32](t, d, "back", len(in))
	codes, bits := newBuffer[uint16](t, d, "codes", len(in)), newBuffer[uint8](t, d, "bits", cuda.MaskBytes(samples))
	grid := table.View(2*8, 1)

	do(t, d.ChooseGrids(grids, table, mask).Run(s))
	for holder := range list {
		do(t, d.FakeQuant(x, x, grids, holder, cuda.NoClip).Run(s))
	}
	do(t, y.CopyFrom(s, x))
	do(t, d.Pack(codes, y, grid).Run(s))
	do(t, d.Unpack(back, codes, grid).Run(s))
	do(t, d.TopK(bits, back, truth, samples, classes, 5).Run(s))

	want := append([]float32(nil), in...)
	for holder, record := range list {
		p := record.High.Params()
		if low[holder] {
			p = record.Low.Params()
		}
		p.Apply(want, want)
	}
	if err := sameBits(download(t, s, back), want); err != nil {
		t.Error(err)
	}
	gotBits := download(t, s, bits)
	for i := range samples {
		row := want[i*classes : (i+1)*classes]
		if got, want := gotBits[i/8]>>(i%8)&1 == 1, topK(row, labels[i], 5); got != want {
			t.Errorf("sample %d: top-5 bit %v, want %v", i, got, want)
		}
	}
	closeAll(t, table, mask, grids, x, truth, y, back, codes, bits)
}
