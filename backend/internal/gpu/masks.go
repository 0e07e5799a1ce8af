//go:build cuda

package gpu

import (
	"example.org/demote/backend/device"
	"example.org/demote/cgo"
	"example.org/demote/cuda"
	"example.org/demote/quant"
	"example.org/demote/search"
)

// masks bring masks to the device: packed, a bit a holder, with a kernel behind the copy that writes the grid of every
// holder. What a copy reads on the host lies in two places in turn, each with an event behind its last copy: a mask is
// written while the device still runs under the one before.
type masks struct {
	stream *cuda.Stream
	tensor *tensor // on the device: what the sessions are bound to, and the kernels read
	choose *cuda.Launch
	hosts  [2]maskHost
	next   int // of hosts
}

// maskHost is a place for a packed mask in the host's memory.
type maskHost struct {
	memory *cgo.Pinned // bit i%8 of byte i/8 for holder i
	copied *cuda.Event // recorded behind the copy that reads it
	asked  bool        // there is such a copy
}

// open makes the memory, on the worker's thread.
func (k *masks) open(g *gpu, grids *cuda.Buffer[quant.Params]) (err error) {
	k.stream = g.stream
	holders := len(g.opts.Records)
	if k.tensor, err = g.tensor(device.Tensor{Name: "the mask", Type: cgo.Uint8, Dims: []int64{int64(max(1, holders))}}); err != nil {
		return err
	}
	for i := range k.hosts {
		h := &k.hosts[i]
		if h.memory, err = cgo.NewPinned(cuda.MaskBytes(holders)); err != nil {
			return cuda.Explain(err)
		}
		if h.copied, err = g.d.NewEvent(); err != nil {
			return err
		}
	}
	if holders > 0 {
		k.choose = g.d.ChooseGrids(grids, g.table, k.tensor.memory)
	}
	return nil
}

// write puts the copy of a mask and the choice of its grids into the stream.
func (k *masks) write(m search.Mask) error {
	if k.choose == nil {
		return nil
	}
	h := &k.hosts[k.next]
	if h.asked { // the mask before the last one: it has long been copied, as a rule
		if err := h.copied.Synchronize(); err != nil {
			return err
		}
	}
	bytes, words := h.memory.Bytes(), m.Words()
	for i := range bytes {
		bytes[i] = byte(words[i/8] >> (8 * (i % 8)))
	}
	if err := k.tensor.memory.UploadPinned(k.stream, h.memory.Pointer(), len(bytes)); err != nil {
		return err
	}
	h.asked = true
	if err := h.copied.Record(k.stream); err != nil {
		_ = k.stream.Synchronize() // nothing else says when the copy has ended; the first error counts
		return err
	}
	k.next = (k.next + 1) % len(k.hosts)
	return k.choose.Run(k.stream)
}

// close gives the memory back, on the worker's thread. It may be called more than once.
func (k *masks) close() {
	k.tensor.close()
	for i := range k.hosts {
		_ = k.hosts[i].memory.Close()
		_ = k.hosts[i].copied.Close()
	}
	*k = masks{}
}
