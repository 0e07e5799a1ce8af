package backend

import (
	"fmt"
	"time"

	"demote/cgo"
	"demote/search"
)

// part is a compiled stretch.
type part struct {
	*Stretch
	session *cgo.Session
	index   int
}

// A worker runs blocks through the chain of parts with buffers of its own. All workers share the
// parts; nothing that a worker writes is seen by another.
type worker struct {
	parts   []*part
	mask    *cgo.Tensor            // uint8, a byte a holder
	buffers map[string]*cgo.Tensor // what flows between parts, and the outputs
	binds   []*binding             // one a part
	seconds time.Duration          // spent inside the runtime
	current search.Mask            // what the mask tensor holds
	high    byte                   // its byte of a holder that is not demoted: 0, or cgo.Watch
}

// binding is a part bound to a worker's buffers.
type binding struct {
	*cgo.Binding
	data []dataSlot // inputs of the network, bound anew for each block
}

type dataSlot struct {
	slot  cgo.Slot
	input int
}

// newWorker binds buffers for every tensor between the parts. inputs are the network's own.
func newWorker(parts []*part, inputs []Tensor, holders int) (_ *worker, err error) {
	w := &worker{parts: parts, buffers: map[string]*cgo.Tensor{}, current: search.NewMask(holders)}
	defer func() {
		if err != nil {
			w.Close()
		}
	}()
	if w.mask, err = cgo.NewTensor(cgo.Uint8, int64(max(holders, 1))); err != nil {
		return nil, err
	}
	clear(w.mask.Bytes())
	for _, p := range parts {
		for _, t := range p.Outputs {
			if w.buffers[t.Name], err = cgo.NewTensor(t.Type, t.Dims...); err != nil {
				return nil, fmt.Errorf("no memory for %s: %w", t.Name, err)
			}
		}
		b, err := w.bind(p, inputs)
		if err != nil {
			return nil, err
		}
		w.binds = append(w.binds, b)
	}
	return w, nil
}

// bind binds a part to the worker's mask and buffers. Inputs of the network are left to runPart.
func (w *worker) bind(p *part, inputs []Tensor) (_ *binding, err error) {
	b := &binding{}
	if b.Binding, err = p.session.NewBinding(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			b.Close()
		}
	}()
	if p.Mask != "" {
		if err := b.fix(p.Mask, w.mask, (*cgo.Binding).Input); err != nil {
			return nil, err
		}
	}
	for _, t := range p.Inputs {
		if i := indexTensor(inputs, t.Name); i >= 0 {
			slot, err := b.Input(t.Name)
			if err != nil {
				return nil, err
			}
			b.data = append(b.data, dataSlot{slot, i})
			continue
		}
		buf, ok := w.buffers[t.Name]
		if !ok {
			return nil, fmt.Errorf("part %d reads %s, which no part before it writes", p.index, t.Name)
		}
		if err := b.fix(t.Name, buf, (*cgo.Binding).Input); err != nil {
			return nil, err
		}
	}
	for _, t := range p.Outputs {
		if err := b.fix(t.Name, w.buffers[t.Name], (*cgo.Binding).Output); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func (b *binding) fix(name string, t *cgo.Tensor, of func(*cgo.Binding, string) (cgo.Slot, error)) error {
	slot, err := of(b.Binding, name)
	if err != nil {
		return err
	}
	return b.Bind(slot, t)
}

func indexTensor(list []Tensor, name string) int {
	for i, t := range list {
		if t.Name == name {
			return i
		}
	}
	return -1
}

// setMask writes the mask where the FakeQuant nodes read it: a copy of a byte a holder.
func (w *worker) setMask(m search.Mask) {
	if w.current.Equal(m) {
		return
	}
	w.current.CopyFrom(m)
	bytes := w.mask.Bytes()
	for i := range m.Len() {
		bytes[i] = w.high
		if m.Low(i) {
			bytes[i] = 1
		}
	}
}

// run computes one block from the given part to the last one. The buffers in front of that part
// must hold its inputs.
func (w *worker) run(data []*cgo.Tensor, from int) error {
	for p := from; p < len(w.parts); p++ {
		if err := w.runPart(data, p); err != nil {
			return err
		}
	}
	return nil
}

func (w *worker) runPart(data []*cgo.Tensor, p int) error {
	b := w.binds[p]
	for _, d := range b.data {
		if err := b.Bind(d.slot, data[d.input]); err != nil {
			return err
		}
	}
	start := time.Now()
	err := b.Run()
	w.seconds += time.Since(start)
	return err
}

// Close gives buffers and bindings back. It may be called more than once.
func (w *worker) Close() {
	for _, b := range w.binds {
		if b.Binding != nil {
			b.Binding.Close()
		}
	}
	w.binds = nil
	for _, t := range w.buffers {
		t.Close()
	}
	w.buffers = nil
	if w.mask != nil {
		w.mask.Close()
		w.mask = nil
	}
}
