//go:build cuda

package cuda_test

import (
	"math/rand/v2"
	"testing"

	"example.org/demote/cuda"
	"example.org/demote/quant"
)

// roundTrip packs and unpacks values, and returns what came back.
func roundTrip(t *testing.T, d *cuda.Device, s *cuda.Stream, p quant.Params, in []float32) []float32 {
	t.Helper()
	grid, y := upload(t, d, s, "grid", []quant.Params{p}), upload(t, d, s, "y", in)
	codes, back := newBuffer[uint16](t, d, "codes", len(in)), newBuffer[float32](t, d, "back", len(in))
	do(t, d.Pack(codes, y, grid).Run(s))
	do(t, d.Unpack(back, codes, grid).Run(s))
	out := download(t, s, back)
	closeAll(t, grid, y, codes, back)
	return out
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
					if err := sameBits(roundTrip(t, d, s, p, in), in); err != nil {
						t.Errorf("record %d, %d bits, length %d: %v", i, grid.Bits, n, err)
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
			if err := sameBits(roundTrip(t, d, s, record.High.Params(), all), all); err != nil {
				t.Errorf("record %d: %v", i, err)
			}
		}
	})
}

// A value beside the grid gets the nearest code, one above it the last.
func TestPackingBesideTheGridSaturates(t *testing.T) {
	grid, err := quant.GridOf(quant.QDQ, quant.Asymmetric, 16, quant.Range{Min: -1, Max: 2})
	do(t, err)
	p := grid.Params()
	onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
		lowest, highest, half := p.Value(-1), p.Value(2), p.Value(0.5)
		in := []float32{lowest - 1, highest + 1, half + p.Scale/3, half - p.Scale/3, half}
		if err := sameBits(roundTrip(t, d, s, p, in), []float32{lowest, highest, half, half, half}); err != nil {
			t.Error(err)
		}
	})
}

func TestSelectWeights(t *testing.T) {
	onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
		r := rand.New(rand.NewPCG(11, 2))
		var spans []cuda.WeightSpan
		total := 0
		for holder := range 13 {
			n := []int{1, 3, 4, 33, 1025, 257}[holder%6]
			spans = append(spans, cuda.WeightSpan{Offset: uint64(total), Count: uint64(n), Holder: uint32(holder)})
			total += (n + 63) / 64 * 64
		}
		highs, lows := make([]float32, total), make([]float32, total)
		for i := range highs {
			highs[i], lows[i] = r.Float32(), -r.Float32()
		}
		high, low := upload(t, d, s, "high", highs), upload(t, d, s, "low", lows)
		active, table := newBuffer[float32](t, d, "active", total), upload(t, d, s, "spans", spans)
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
