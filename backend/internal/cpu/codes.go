package cpu

import (
	"math"
	"runtime"
	"time"

	"example.org/demote/backend/device"
	"example.org/demote/cgo"
	"example.org/demote/quant"
	"example.org/demote/search"
)

// Room makes the memory of codes; where a run reads and writes it itself, as the tensor that it knows.
func (w *Lane) Room(t *device.StoredTensor) (device.Room, error) {
	if t.Coded {
		return cgo.NewTensor(t.Type, t.Dims...)
	}
	return cgo.NewTensor(cgo.Uint8, int64(t.CodeBytes()))
}

// Encode packs what the buffer of a tensor holds: two bytes a value on a grid, what there is elsewhere.
func (w *Lane) Encode(t *device.StoredTensor, m search.Mask, to device.Room) error {
	dst, src := to.(*cgo.Tensor).Bytes(), w.buffers[t.Name]
	if t.Holder < 0 {
		copy(dst, src.Bytes())
		return nil
	}
	cgo.Pack(dst[:2*t.Elems()], src.Float32s(), gridOf(w.records, *t, m))
	return nil
}

// Decode fills the buffer of a tensor.
func (w *Lane) Decode(t *device.StoredTensor, m search.Mask, from device.Room) error {
	src, dst := from.(*cgo.Tensor).Bytes(), w.buffers[t.Name]
	if t.Holder < 0 {
		copy(dst.Bytes(), src)
		return nil
	}
	cgo.Decode(dst.Float32s(), src[:2*t.Elems()], gridOf(w.records, *t, m))
	return nil
}

// Recode implements device.
func (d *Device) Recode(t *device.StoredTensor, from, to search.Mask, codes device.Room) bool {
	cgo.Recode(codes.(*cgo.Tensor).Bytes()[:2*t.Elems()], gridOf(d.opts.Records, *t, from), gridOf(d.opts.Records, *t, to))
	return true
}

// gridOf is the grid of a stored tensor under a mask.
func gridOf(records []quant.Record, t device.StoredTensor, m search.Mask) quant.Params {
	if m.Low(t.Holder) {
		return records[t.Holder].Low.Params()
	}
	return records[t.Holder].High.Params()
}

// CodeSpeed is measured on a piece of memory that no core's own cache holds: codes were last touched blocks ago.
func (w *Lane) CodeSpeed() float64 {
	const n = 1 << 22
	const piece = 1 << 14 // what is packed was made just before
	x, codes := make([]float32, piece), make([]byte, 2*n)
	p := quant.Params{Scale: 1, Inv: 1, Lo: -128, Hi: 127}
	best := math.Inf(1)
	for range 5 {
		start := time.Now()
		for i := 0; i < n; i += piece {
			cgo.Pack(codes[2*i:], x, p)
		}
		best = min(best, time.Since(start).Seconds())
	}
	runtime.KeepAlive(codes)
	return best / (2 * n)
}
