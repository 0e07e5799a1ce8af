package arrays

import (
	"bufio"
	"io"

	"example.org/demote/dataset/internal/files"
	"example.org/demote/mistake"
)

// ReorderMemory is how many bytes reorder may hold at a time.
var ReorderMemory int64 = 64 << 20

// reorder writes an array in Fortran order (a.shape is its shape, its first axis varies fastest in the file) to a
// temporary file in C order, a group of samples at a time.
func reorder(a Array, temp *files.Spool) (Array, error) {
	if len(a.Shape) < 2 {
		return a, nil
	}
	size := int64(a.Size())
	samples, per := a.Shape[0], Elements(a.Shape[1:])
	if err := temp.CheckSpace(samples * per * size); err != nil {
		return Array{}, mistake.Errorf("%s is in Fortran order and %w", a.What, err)
	}
	f, err := temp.Create()
	if err != nil {
		return Array{}, mistake.Errorf("%s is in Fortran order and %w", a.What, err)
	}
	// The file holds per runs of one element per sample; run k belongs at position place(k) of each sample.
	group := min(samples, max(1, ReorderMemory/2/(per*size)))
	runs := bufio.NewReaderSize(io.NewSectionReader(a.Data, a.Offset, samples*per*size), 1<<16)
	run, rows := make([]byte, group*size), make([]byte, group*per*size)
	for at := int64(0); at < samples; at += group {
		n := min(group, samples-at)
		place := newPlaces(a.Shape[1:])
		for k := range per {
			if group == samples { // one run follows another
				_, err = io.ReadFull(runs, run)
			} else {
				_, err = a.Data.ReadAt(run[:n*size], a.Offset+(k*samples+at)*size)
			}
			if err != nil {
				return Array{}, mistake.Errorf("%s %w", a.What, files.Unreadable(err))
			}
			for i := range n {
				copy(rows[(i*per+place.at)*size:][:size], run[i*size:])
			}
			place.next()
		}
		if _, err := f.Write(rows[:n*per*size]); err != nil {
			return Array{}, mistake.Errorf("%s %w", a.What, temp.Unwritable(err))
		}
	}
	a.Data, a.Offset = io.ReaderAt(f), 0
	return a, nil
}

// places counts through the elements of a shape with the first axis fastest, and knows the place of each in C order.
type places struct {
	shape, index, stride []int64
	at                   int64
}

func newPlaces(shape []int64) *places {
	p := &places{shape: shape, index: make([]int64, len(shape)), stride: make([]int64, len(shape))}
	step := int64(1)
	for i := len(shape) - 1; i >= 0; i-- {
		p.stride[i] = step
		step *= shape[i]
	}
	return p
}

func (p *places) next() {
	for i := range p.index {
		p.index[i]++
		p.at += p.stride[i]
		if p.index[i] < p.shape[i] {
			return
		}
		p.at -= p.index[i] * p.stride[i]
		p.index[i] = 0
	}
}
