package cpu

import (
	"fmt"

	"example.org/demote/cgo"
)

// A reading is a lane's memory for one input of a block that is read whenever it is run.
type reading struct {
	*cgo.Tensor
	of *block // whose samples it holds; nil: nobody's
}

// readFor reads what a part reads of a block that is not resident. Samples that an earlier part of the same run has
// read are there already; a run from the start reads anew, so that it is timed as what it takes.
func (w *Lane) readFor(b *block, p int) ([]*cgo.Tensor, error) {
	if w.read == nil {
		w.read = make([]*reading, len(w.inputs))
	}
	tensors := make([]*cgo.Tensor, len(w.inputs))
	list := w.binds[p].inputs()
	if w.steps != nil { // whose steps are cut out of all of them
		list = nil
		for input := range w.inputs {
			list = append(list, input)
		}
	}
	for _, input := range list {
		r := w.read[input]
		if r == nil {
			in := w.inputs[input]
			t, err := NewTensor(in)
			if err != nil {
				return nil, fmt.Errorf("no memory for the data: %w", err)
			}
			r = &reading{Tensor: t}
			w.read[input] = r
		}
		if r.of != b || p == 0 {
			r.of = nil
			if err := b.read(input, r.Bytes()); err != nil {
				return nil, err
			}
			r.of = b
		}
		tensors[input] = r.Tensor
	}
	return tensors, nil
}

// inputs are the network's inputs that a part reads.
func (b *binding) inputs() (list []int) {
	for _, d := range b.data {
		list = append(list, d.input)
	}
	for _, c := range b.copies {
		list = append(list, c.input)
	}
	return list
}

// Close gives the memory back.
func (r *reading) Close() {
	if r != nil {
		r.Tensor.Close()
	}
}
