//go:build cuda

package cuda_test

import (
	"math"
	"testing"

	"example.org/demote/cuda"
)

// Every 99991st float32 (a prime), for every record, both grids; `make test-bits` compares all of them.
func TestFakeQuantStridedOverAllFloats(t *testing.T) {
	const stride = 99_991
	var in []float32
	for at := uint64(0); at < 1<<32; at += stride {
		in = append(in, math.Float32frombits(uint32(at)))
	}
	list := records(t)
	onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
		table := upload(t, d, s, "records", cuda.RecordTable(list))
		x, y := upload(t, d, s, "x", in), newBuffer[float32](t, d, "y", len(in))
		want := make([]float32, len(in))
		for _, low := range []bool{false, true} {
			bits := make([]bool, len(list))
			for i := range bits {
				bits[i] = low
			}
			grids := chosen(t, d, s, table, bits)
			for holder, record := range list {
				p := record.High.Params()
				if low {
					p = record.Low.Params()
				}
				do(t, d.FakeQuant(y, x, grids, holder, cuda.NoClip).Run(s))
				p.Apply(want, in)
				if err := sameBits(download(t, s, y), want); err != nil {
					t.Errorf("holder %d, low %v (%+v): %v", holder, low, p, err)
				}
			}
			closeAll(t, grids)
		}
		closeAll(t, table, x, y)
	})
}
