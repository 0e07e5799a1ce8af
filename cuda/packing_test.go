//go:build cuda

package cuda_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"example.org/demote/cuda"
	"example.org/demote/quant"
)

// roundTrip packs and unpacks values that lie on a grid, and returns what came back and whether a loss was noted.
func roundTrip[C uint8 | uint16](t *testing.T, d *cuda.Device, s *cuda.Stream, p quant.Params, in []float32) ([]float32, bool) {
	t.Helper()
	grid, y := upload(t, d, s, "grid", []quant.Params{p}), upload(t, d, s, "y", in)
	codes, lossy := room[C](t, d, "codes", len(in)), room[uint32](t, d, "lossy", d.PackBlocks(len(in)))
	back := room[float32](t, d, "back", len(in))
	do(t, cuda.Pack(d, codes, y, grid, lossy).Run(s))
	do(t, cuda.Unpack(d, back, codes, grid).Run(s))
	out, lost := download(t, s, back), slices.Max(download(t, s, lossy)) != 0
	closeAll(t, grid, y, codes, lossy, back)
	return out, lost
}

func TestPackingIsLosslessOnTheGrid(t *testing.T) {
	onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
		r := rand.New(rand.NewPCG(11, 1))
		for i, record := range records(t) {
			for _, n := range lengths[i%3:] {
				for _, grid := range []quant.Grid{record.Low, record.High} {
					p := grid.Params()
					in := values(p, n, r)
					p.Apply(in, in)
					var out []float32
					var lost bool
					if grid.Bits == 8 {
						out, lost = roundTrip[uint8](t, d, s, p, in)
					} else {
						out, lost = roundTrip[uint16](t, d, s, p, in)
					}
					if err := sameBits(out, in); err != nil || lost {
						t.Errorf("record %d, %d bits, length %d: loss noted %v, %v", i, grid.Bits, n, lost, err)
					}
				}
			}
		}
	})
}

func TestEveryCodeComesBack(t *testing.T) {
	onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
		for i, record := range records(t) {
			if i%4 != 0 {
				continue
			}
			var all []float32
			for code := record.High.Min; code <= record.High.Max; code++ {
				all = append(all, record.High.Decode(code))
			}
			out, lost := roundTrip[uint16](t, d, s, record.High.Params(), all)
			if err := sameBits(out, all); err != nil || lost {
				t.Errorf("record %d: loss noted %v, %v", i, lost, err)
			}
		}
	})
}

func TestPackingNotesALoss(t *testing.T) {
	grid, err := quant.GridOf(quant.QDQ, quant.Asymmetric, 8, quant.Range{Min: -1, Max: 2})
	do(t, err)
	p := grid.Params()
	wide, err := quant.GridOf(quant.QDQ, quant.Asymmetric, 16, quant.Range{Min: -1, Max: 2})
	do(t, err)
	onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
		clean := slices.Repeat([]float32{p.Value(0.5)}, 1000)
		for _, c := range []struct {
			name string
			p    quant.Params
			bad  float32
		}{
			{"between two codes", p, p.Value(0.5) + p.Scale/3},
			{"above the grid", p, p.Value(9) + p.Scale},
			{"more codes than fit", wide.Params(), wide.Params().Value(2)},
		} {
			in := slices.Clone(clean)
			if c.p != p {
				in = slices.Repeat([]float32{c.p.Value(-1)}, 1000)
			}
			if _, lost := roundTrip[uint8](t, d, s, c.p, in); lost {
				t.Errorf("%s: a loss was noted where there is none", c.name)
			}
			for _, at := range []int{0, 517, 999} {
				bad := slices.Clone(in)
				bad[at] = c.bad
				if _, lost := roundTrip[uint8](t, d, s, c.p, bad); !lost {
					t.Errorf("%s at %d: no loss was noted", c.name, at)
				}
			}
		}
	})
}

func TestSelectWeights(t *testing.T) {
	onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
		r := rand.New(rand.NewPCG(11, 2))
		var spans []cuda.Span
		total := 0
		for holder := range 13 {
			n := []int{1, 3, 4, 33, 1025, 257}[holder%6]
			spans = append(spans, cuda.Span{Offset: uint64(total), Count: uint64(n), Holder: uint32(holder)})
			total += (n + 63) / 64 * 64
		}
		highs, lows := make([]float32, total), make([]float32, total)
		for i := range highs {
			highs[i], lows[i] = r.Float32(), -r.Float32()
		}
		high, low := upload(t, d, s, "high", highs), upload(t, d, s, "low", lows)
		active, table := room[float32](t, d, "active", total), upload(t, d, s, "spans", spans)
		mask, applied := upload(t, d, s, "mask", make([]uint8, 2)), upload(t, d, s, "applied", []uint8{0, 0})
		do(t, active.Clear(s))
		do(t, d.SelectWeights(active, high, low, table, mask, applied, true).Run(s))
		const marker = 1234
		for round := range 10 {
			bits := make([]bool, len(spans))
			for i := range bits {
				bits[i] = r.IntN(2) == 1
			}
			before := download(t, s, applied)
			do(t, mask.Upload(s, packMask(bits)))
			// What the kernel must not touch is marked first.
			kept := download(t, s, active)
			for i, span := range spans {
				if before[i/8]>>(i%8)&1 == 1 == bits[i] {
					kept[span.Offset] = marker
				}
			}
			do(t, active.Upload(s, kept))
			do(t, d.SelectWeights(active, high, low, table, mask, applied, false).Run(s))
			do(t, applied.CopyFrom(s, mask))
			got := download(t, s, active)
			for i, span := range spans {
				want := append([]float32(nil), highs[span.Offset:span.Offset+span.Count]...)
				if bits[i] {
					want = append(want[:0], lows[span.Offset:span.Offset+span.Count]...)
				}
				if before[i/8]>>(i%8)&1 == 1 == bits[i] {
					want[0] = marker
				}
				if err := sameBits(got[span.Offset:], want); err != nil {
					t.Errorf("round %d, span %d: %v", round, i, err)
				}
			}
			do(t, d.SelectWeights(active, high, low, table, mask, applied, true).Run(s))
		}
		closeAll(t, high, low, active, table, mask, applied)
	})
}
