//go:build cuda

package backend

import (
	"math"
	"time"

	"demote/cuda"
	"demote/quant"
	"demote/search"
)

// gpuCodes packs what lies at cuts, and back, by kernels: two bytes a value on a grid.
type gpuCodes struct {
	cuts  map[*storedCut][]codePlan // a plan a tensor of the cut
	lossy *cuda.Buffer[uint32]      // what the packing kernels note of values that are not on their grid
}

// codePlan is how one tensor is packed; the launches are pointed to the room and the grid at hand.
type codePlan struct {
	tensor       *gpuTensor
	holder       int // -1: copied as it is
	offset       int // in a room
	pack, unpack *cuda.Launch
}

// gpuRoom is device memory for codes.
type gpuRoom struct {
	g      *gpu
	memory *cuda.Buffer[uint8]
}

// Close gives the memory back. It may be called more than once.
func (r *gpuRoom) Close() {
	_ = r.g.worker.Do(func(*cuda.Device) error { return r.memory.Close() })
}

// room makes device memory; a full device is an error, after which it works on.
func (l *gpuLane) room(bytes int) (room, error) {
	m, err := cuda.NewBuffer[uint8](l.g.d, "stored activations", bytes)
	if err != nil {
		return nil, err
	}
	return &gpuRoom{l.g, m}, nil
}

// plan prepares the launches of a cut, once.
func (l *gpuLane) plan(c *storedCut) ([]codePlan, error) {
	if list, ok := l.codes.cuts[c]; ok {
		return list, nil
	}
	most := 1
	for _, t := range c.tensors {
		most = max(most, l.g.d.PackBlocks(t.elems()))
	}
	if l.codes.lossy == nil || l.codes.lossy.Len() < most {
		_ = l.codes.lossy.Close()
		clear(l.codes.cuts) // their launches write to it
		l.codes.lossy = nil
		var err error
		if l.codes.lossy, err = cuda.NewBuffer[uint32](l.g.d, "notes of packing", most); err != nil {
			return nil, err
		}
	}
	list, offset := make([]codePlan, 0, len(c.tensors)), 0
	for _, t := range c.tensors {
		p := codePlan{tensor: l.buffers[t.Name], holder: t.Holder, offset: offset}
		size := t.elems() * t.Type.Size()
		if t.Holder >= 0 {
			size = 2 * t.elems()
			// Any memory of that size: each launch is pointed to its own.
			some := cuda.Reinterpret[uint16](p.tensor.memory.View(0, size))
			grid := l.g.table.View(2*t.Holder, 1)
			p.pack = cuda.Pack(l.g.d, some, p.tensor.floats, grid, l.codes.lossy)
			p.unpack = cuda.Unpack(l.g.d, p.tensor.floats, some, grid)
		}
		list = append(list, p)
		offset += (size + 63) &^ 63
	}
	if l.codes.cuts == nil {
		l.codes.cuts = map[*storedCut][]codePlan{}
	}
	l.codes.cuts[c] = list
	return list, nil
}

// grid is the address of the grid that a mask chooses for a holder.
func (l *gpuLane) grid(holder int, m search.Mask) uintptr {
	at := 2*holder + 1
	if m.Low(holder) {
		at--
	}
	return l.g.table.Address() + uintptr(at)*paramsBytes
}

// encode packs a cut's tensors into a room.
func (l *gpuLane) encode(c *storedCut, m search.Mask, to room) error {
	list, err := l.plan(c)
	if err != nil {
		return err
	}
	memory := to.(*gpuRoom).memory
	for i := range list {
		p := &list[i]
		if p.holder < 0 {
			err = memory.CopyAt(l.g.stream, p.offset, p.tensor.memory, 0, p.tensor.memory.Len())
		} else {
			p.pack.Point(0, memory.Address()+uintptr(p.offset))
			p.pack.Point(2, l.grid(p.holder, m))
			err = p.pack.Run(l.g.stream)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// decode unpacks a room into a cut's tensors.
func (l *gpuLane) decode(c *storedCut, m search.Mask, from room) error {
	list, err := l.plan(c)
	if err != nil {
		return err
	}
	memory := from.(*gpuRoom).memory
	for i := range list {
		p := &list[i]
		if p.holder < 0 {
			err = p.tensor.memory.CopyAt(l.g.stream, 0, memory, p.offset, p.tensor.memory.Len())
		} else {
			p.unpack.Point(1, memory.Address()+uintptr(p.offset))
			p.unpack.Point(2, l.grid(p.holder, m))
			err = p.unpack.Run(l.g.stream)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// same does not look: to know it the host would have to wait in the middle of a trial.
func (l *gpuLane) same(room, room) (bool, error) { return false, nil }

// paramsBytes is the size of one grid in the record table.
const paramsBytes = 24

// codeSpeed is measured on a piece of memory; a device that is full counts as one that takes no time.
func (l *gpuLane) codeSpeed() float64 {
	const n = 1 << 20
	x, err := cuda.NewBuffer[float32](l.g.d, "a measurement", n)
	if err != nil {
		return 0
	}
	defer func() { _ = x.Close() }()
	codes, err := cuda.NewBuffer[uint16](l.g.d, "a measurement", n)
	if err != nil {
		return 0
	}
	defer func() { _ = codes.Close() }()
	grid, err := cuda.NewBuffer[quant.Params](l.g.d, "a measurement", 1)
	if err != nil {
		return 0
	}
	defer func() { _ = grid.Close() }()
	if x.Clear(l.g.stream) != nil || grid.Upload(l.g.stream, []quant.Params{{Scale: 1, Inv: 1, Lo: -128, Hi: 127}}) != nil {
		return 0
	}
	unpack, best := cuda.Unpack(l.g.d, x, codes, grid), math.Inf(1)
	if cuda.Reinterpret[uint8](codes).Clear(l.g.stream) != nil {
		return 0
	}
	for range 5 {
		start := time.Now()
		if unpack.Run(l.g.stream) != nil || l.g.stream.Synchronize() != nil {
			return 0
		}
		best = min(best, time.Since(start).Seconds())
	}
	return best / (2 * n)
}

func (c *gpuCodes) close() {
	_ = c.lossy.Close()
	*c = gpuCodes{}
}
