package backend

import (
	"bytes"
	"math"
	"runtime"
	"time"

	"demote/cgo"
	"demote/quant"
	"demote/search"
)

// room makes the memory of codes.
func (w *cpuLane) room(size int) (room, error) {
	m, err := cgo.NewTensor(cgo.Uint8, int64(size))
	if err != nil {
		return nil, err
	}
	clear(m.Bytes())
	return m, nil
}

// encode packs what the buffers of a cut hold: two bytes a value on a grid, what there is elsewhere.
func (w *cpuLane) encode(c *storedCut, m search.Mask, to room) error {
	dst := to.(*cgo.Tensor).Bytes()
	for _, t := range c.tensors {
		src := w.buffers[t.Name]
		if t.Holder < 0 || t.Coded {
			n := copy(dst, src.Bytes())
			dst = dst[(n+63)&^63:]
			continue
		}
		n := 2 * t.elems()
		cgo.Pack(dst[:n], src.Float32s(), gridOf(w.records, t, m))
		dst = dst[(n+63)&^63:]
	}
	return nil
}

// decode fills the buffers of a cut.
func (w *cpuLane) decode(c *storedCut, m search.Mask, from room) error {
	src := from.(*cgo.Tensor).Bytes()
	for _, t := range c.tensors {
		dst := w.buffers[t.Name]
		if t.Holder < 0 || t.Coded {
			n := copy(dst.Bytes(), src[:t.elems()*t.Type.Size()])
			src = src[(n+63)&^63:]
			continue
		}
		n := 2 * t.elems()
		cgo.Decode(dst.Float32s(), src[:n], gridOf(w.records, t, m))
		src = src[(n+63)&^63:]
	}
	return nil
}

// recode implements recoder.
func (d *cpu) recode(c *storedCut, from, to search.Mask, codes room) {
	all := codes.(*cgo.Tensor).Bytes()
	for _, t := range c.tensors {
		n := codeBytes([]StoredTensor{t})
		if t.Holder >= 0 && from.Low(t.Holder) != to.Low(t.Holder) {
			cgo.Recode(all[:2*t.elems()], gridOf(d.records, t, from), gridOf(d.records, t, to))
		}
		all = all[n:]
	}
}

func (w *cpuLane) same(a, b room) (bool, error) {
	return bytes.Equal(a.(*cgo.Tensor).Bytes(), b.(*cgo.Tensor).Bytes()), nil
}

// gridOf is the grid of a stored tensor under a mask.
func gridOf(records []quant.Record, t StoredTensor, m search.Mask) quant.Params {
	if m.Low(t.Holder) {
		return records[t.Holder].Low.Params()
	}
	return records[t.Holder].High.Params()
}

// codeSpeed is measured on a piece of memory.
func (w *cpuLane) codeSpeed() float64 {
	const n = 1 << 18
	x, codes := make([]float32, n), make([]byte, 2*n)
	p := quant.Params{Scale: 1, Inv: 1, Lo: -128, Hi: 127}
	best := math.Inf(1)
	for range 5 {
		start := time.Now()
		cgo.Pack(codes, x, p)
		best = min(best, time.Since(start).Seconds())
	}
	runtime.KeepAlive(codes)
	return best / (2 * n)
}
