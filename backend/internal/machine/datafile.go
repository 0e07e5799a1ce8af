package machine

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"example.org/demote/backend/device"
	"example.org/demote/backend/fleet"
	"example.org/demote/backend/link"
	"example.org/demote/mistake"
)

// located are samples that lie in one file as they travel, see dataset.Set.
type located interface {
	InFile(input int) (offset int64, err error)
	Number(sample int) int // in the file
}

// locate says where the samples lie in a file that workers have too, and the rows of the samples; nil: their numbers.
func locate(samples device.Samples, inputs int, at link.DataFile) (_ *link.DataFile, rows []byte, err error) {
	in, is := samples.(located)
	if !is {
		return nil, nil, mistake.Errorf("--data-at: the samples cannot be read where they lie: leave it out")
	}
	for input := range inputs {
		offset, err := in.InFile(input)
		if err != nil {
			return nil, nil, mistake.Errorf("--data-at: the samples cannot be read where they lie: %w; or leave it out", err)
		}
		at.Offsets = append(at.Offsets, offset)
	}
	same := true
	for sample := range samples.Len() {
		n := in.Number(sample)
		same = same && n == sample
		rows = binary.LittleEndian.AppendUint32(rows, uint32(n))
	}
	if same {
		rows = nil
	}
	return &at, rows, nil
}

// readThere has a worker read the samples from a file of its own, if it has the same one; else it gets them over the
// network, and a line says why.
func (e *elsewhere) readThere() error {
	f := e.of
	if f.data == nil {
		return nil
	}
	ctx, gone := e.there()
	if gone != nil {
		return gone
	}
	at := *f.data
	var err error
	if at.Rows, err = link.Put(ctx, e.link, f.rows); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return e.lose(err)
	}
	err = e.ask("data", at, nil)
	if err != nil && (ctx.Err() != nil || errors.Is(err, fleet.ErrGone)) {
		return err
	}
	if e.reads = err == nil; !e.reads && f.opts.Tell != nil {
		f.opts.Tell(fmt.Sprintf("%v: it gets the samples over the network", err))
	}
	return nil
}

// dataFile is a file of samples on a worker.
type dataFile struct {
	path    string
	from    io.ReaderAt
	close   func() error
	offsets []int64
	rows    []int32 // nil: the samples' numbers
}

// read are the bytes of samples, of so many bytes each by input.
func (d *dataFile) read(samples []int, sizes []int) (data []byte, err error) {
	for _, sample := range samples {
		row := int64(sample)
		if d.rows != nil {
			row = int64(d.rows[sample])
		}
		for input, size := range sizes {
			data = slices.Grow(data, size)[:len(data)+size]
			if _, err := d.from.ReadAt(data[len(data)-size:], d.offsets[input]+row*int64(size)); err != nil {
				return nil, err
			}
		}
	}
	return data, nil
}

// ReadFrom has the worker read samples from a file, which it closes, in place of the one before. rows are as they
// travel. The error says what cannot be; then the file is the caller's.
func (w *Worker) ReadFrom(file io.ReaderAt, done func() error, at link.DataFile, rows []byte) error {
	d := &dataFile{path: at.Path, from: file, close: done, offsets: at.Offsets}
	if len(at.Offsets) != len(w.samples.sizes) || len(rows) != 0 && len(rows) != 4*w.all {
		return fmt.Errorf("a file of %d inputs and %d bytes of rows, of a network of %d inputs and %d samples", len(at.Offsets), len(rows), len(w.samples.sizes), w.all)
	}
	last := int64(w.all - 1)
	if len(rows) > 0 {
		last = 0
		for ; len(rows) > 0; rows = rows[4:] {
			row := int64(binary.LittleEndian.Uint32(rows))
			if row > 1<<31-1 {
				return fmt.Errorf("row %d of a file", row)
			}
			d.rows, last = append(d.rows, int32(row)), max(last, row)
		}
	}
	for i, offset := range at.Offsets {
		if size := int64(w.samples.sizes[i]); offset < 0 || offset > at.Size || last >= (at.Size-offset)/max(1, size) {
			return fmt.Errorf("row %d of %d bytes behind %d, of a file of %d bytes", last, size, offset, at.Size)
		}
	}
	w.samples.readFrom(d)
	return nil
}

// readFrom puts a file in place of the one before, which is closed; nil: there is none.
func (h *held) readFrom(d *dataFile) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.data != nil {
		_ = h.data.close() // it was only read
	}
	h.data = d
}
