package cpu

import (
	"bytes"
	"fmt"
	"slices"

	"example.org/demote/backend/device"
	"example.org/demote/cgo"
)

var _ device.Lane = (*Lane)(nil)

// makeCodes makes one piece of memory for all codes: nobody writes it, and what is read of it is only timed.
func (w *Lane) makeCodes(parts []*Part) error {
	w.codes = map[string]*cgo.Tensor{}
	most := 0
	for _, p := range parts {
		for _, t := range slices.Concat(p.Taken, p.Left) {
			most = max(most, t.Elems())
		}
	}
	if most == 0 {
		return nil
	}
	all, err := cgo.NewTensor(cgo.Uint16, int64(most))
	if err != nil {
		return err
	}
	defer all.Close() // the views hold the memory
	for _, p := range parts {
		for _, t := range slices.Concat(p.Taken, p.Left) {
			if w.codes[t.Name] != nil {
				continue
			}
			if w.codes[t.Name], err = all.View(0, t.Dims...); err != nil {
				return err
			}
		}
	}
	return nil
}

// bindCodes points the run to other codes than the lane's.
func (b *binding) bindCodes(name string, t *cgo.Tensor) error {
	slot, ok := b.codes[name]
	if !ok {
		return fmt.Errorf("no codes of %s are read or written here", name)
	}
	return b.Bind(slot, t)
}

// Enter implements lane.
func (w *Lane) Enter(part int, t *device.StoredTensor, codes device.Room) error {
	return w.binds[part].bindCodes(t.Name, codes.(*cgo.Tensor))
}

// Leave implements lane: the mask tells the tensor's node to write.
func (w *Lane) Leave(part int, t *device.StoredTensor, to device.Room) error {
	if err := w.binds[part].bindCodes(t.Name, to.(*cgo.Tensor)); err != nil {
		return err
	}
	w.mask.Bytes()[t.Holder] |= cgo.Store
	w.left = append(w.left, t.Holder)
	return nil
}

// Drop implements lane.
func (w *Lane) Drop() {
	for _, h := range w.left {
		w.mask.Bytes()[h] &^= cgo.Store
	}
	w.left = w.left[:0]
}

// Same implements lane.
func (w *Lane) Same(a, b device.Room) bool {
	return bytes.Equal(a.(*cgo.Tensor).Bytes(), b.(*cgo.Tensor).Bytes())
}

// Narrow leaves the chosen of the parts, bound as they are.
func (w *Lane) Narrow(chosen []int, parts []*Part) {
	binds := make([]*binding, 0, len(chosen))
	for at, b := range w.binds {
		if slices.Contains(chosen, at) {
			binds = append(binds, b)
		} else {
			b.Close()
		}
	}
	w.parts, w.binds, w.chosen = parts, binds, make([]choices, len(parts))
}
