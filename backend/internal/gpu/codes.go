//go:build cuda

package gpu

import (
	"math"
	"time"

	"example.org/demote/backend/device"
	"example.org/demote/cuda"
	"example.org/demote/quant"
	"example.org/demote/search"
)

// codes packs what lies between parts, and back, by kernels: two bytes a value on a grid.
type codes struct {
	plans map[*device.StoredTensor]*codePlan
}

// codePlan is how one tensor is packed; the launches are pointed to the room and the grid at hand.
type codePlan struct {
	tensor       *tensor
	holder       int // -1: copied as it is
	pack, unpack *cuda.Launch
}

// room is device memory for codes.
type room struct {
	g      *gpu
	memory *cuda.Buffer[uint8]
	used   int // bytes of it, from the first on, that are written
}

// Close gives the memory back. It may be called more than once.
func (r *room) Close() {
	_ = r.g.worker.Do(func(*cuda.Device) error { return r.memory.Close() })
}

// Room makes device memory; a full device is an error, after which it works on.
func (l *lane) Room(t *device.StoredTensor) (device.Room, error) {
	m, err := cuda.NewBuffer[uint8](l.g.d, "stored activations", t.CodeBytes())
	if err != nil {
		return nil, err
	}
	used := t.Bytes()
	if t.Holder >= 0 {
		used = 2 * t.Elems()
	}
	return &room{l.g, m, used}, nil
}

// plan prepares the launches of a tensor, once.
func (l *lane) plan(t *device.StoredTensor) *codePlan {
	if p, ok := l.codes.plans[t]; ok {
		return p
	}
	p := &codePlan{tensor: l.buffers[t.Name], holder: t.Holder}
	if t.Holder >= 0 {
		// Any memory of that size: each launch is pointed to its own.
		some := cuda.Reinterpret[uint16](p.tensor.memory.View(0, 2*t.Elems()))
		grid := l.g.table.View(2*t.Holder, 1)
		p.pack = l.g.d.Pack(some, p.tensor.floats, grid)
		p.unpack = l.g.d.Unpack(p.tensor.floats, some, grid)
	}
	if l.codes.plans == nil {
		l.codes.plans = map[*device.StoredTensor]*codePlan{}
	}
	l.codes.plans[t] = p
	return p
}

// grid is the address of the grid that a mask chooses for a holder.
func (l *lane) grid(holder int, m search.Mask) uintptr {
	at := 2*holder + 1
	if m.Low(holder) {
		at--
	}
	return l.g.table.Address() + uintptr(at)*paramsBytes
}

// Encode packs a tensor into a room.
func (l *lane) Encode(t *device.StoredTensor, m search.Mask, to device.Room) error {
	p := l.plan(t)
	memory := to.(*room).memory
	if p.holder < 0 {
		return memory.CopyAt(l.g.stream, 0, p.tensor.memory, 0, p.tensor.memory.Len())
	}
	p.pack.SetAddress(0, memory.Address())
	p.pack.SetAddress(2, l.grid(p.holder, m))
	return p.pack.Run(l.g.stream)
}

// Decode unpacks a room into a tensor.
func (l *lane) Decode(t *device.StoredTensor, m search.Mask, from device.Room) error {
	p := l.plan(t)
	memory := from.(*room).memory
	if p.holder < 0 {
		return p.tensor.memory.CopyAt(l.g.stream, 0, memory, 0, p.tensor.memory.Len())
	}
	p.unpack.SetAddress(1, memory.Address())
	p.unpack.SetAddress(2, l.grid(p.holder, m))
	return p.unpack.Run(l.g.stream)
}

// paramsBytes is the size of one grid in the record table.
const paramsBytes = 24

// CodeSpeed is measured on a piece of memory; a device that is full counts as one that takes no time.
func (l *lane) CodeSpeed() float64 {
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
	unpack, best := l.g.d.Unpack(x, codes, grid), math.Inf(1)
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

func (c *codes) close() {
	*c = codes{}
}
