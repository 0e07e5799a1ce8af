package machine

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"example.org/demote/backend/fleet"
	"example.org/demote/backend/link"
	"example.org/demote/mistake"
)

// located are samples that lie in one file as they travel, see dataset.Set.
type located interface {
	InFile(input int) (offset int64, err error)
	SampleInFile(input, sample int) (offset int64, err error)
	Number(sample int) int // in the file
}

// locate says where the samples lie in a file that workers have too, and the rows of the samples; nil: their numbers.
// Of samples of several shapes it says where each one lies.
func (f *Members) locate(at link.DataFile) (_ *link.DataFile, rows []byte, err error) {
	refused := func(err error) error {
		return mistake.Errorf("--data-at: the samples cannot be read where they lie: %w; or leave it out", err)
	}
	var in []located
	for _, s := range f.shapes {
		one, is := s.from.(located)
		if !is {
			return nil, nil, mistake.Errorf("--data-at: the samples cannot be read where they lie: leave it out")
		}
		in = append(in, one)
	}
	inputs := len(f.shapes[0].inputs)
	if f.shapes[0].of != nil {
		for sample := range f.samples {
			p := f.places.of(sample)
			for input := range inputs {
				offset, err := in[p.member].SampleInFile(input, p.at)
				if err != nil {
					return nil, nil, refused(err)
				}
				rows = binary.LittleEndian.AppendUint64(rows, uint64(offset))
			}
		}
		return &at, rows, nil
	}
	for input := range inputs {
		offset, err := in[0].InFile(input)
		if err != nil {
			return nil, nil, refused(err)
		}
		at.Offsets = append(at.Offsets, offset)
	}
	same := true
	for sample := range f.samples {
		n := in[0].Number(sample)
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
	if f.data == nil || e.branch {
		return nil
	}
	ctx, gone := e.there()
	if gone != nil {
		return gone
	}
	at := *f.data
	rows, err := link.Put(ctx, e.link, f.rows)
	if at.Rows = rows; f.shapes[0].of != nil {
		at.Rows, at.Places = link.File{}, rows
	}
	if err != nil {
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
	places  []int64 // in place of both: of each sample where each input lies; nil: they have one shape
}

// at is where an input of a sample of so many bytes lies.
func (d *dataFile) at(sample, input, inputs, size int) int64 {
	switch {
	case d.places != nil:
		return d.places[sample*inputs+input]
	case d.rows != nil:
		return d.offsets[input] + int64(d.rows[sample])*int64(size)
	}
	return d.offsets[input] + int64(sample)*int64(size)
}

// read are the bytes of samples, by number among all, of so many bytes each by input.
func (d *dataFile) read(samples []int, sizes []int) (data []byte, err error) {
	for _, sample := range samples {
		for input, size := range sizes {
			data = slices.Grow(data, size)[:len(data)+size]
			if _, err := d.from.ReadAt(data[len(data)-size:], d.at(sample, input, len(sizes), size)); err != nil {
				return nil, err
			}
		}
	}
	return data, nil
}

// ReadFrom has the worker read samples from a file, which it closes, in place of the one before. rows are as they
// travel: those of DataFile.Rows, or of DataFile.Places where samples have several shapes. The error says what cannot
// be; then the file is the caller's.
func (w *Worker) ReadFrom(file io.ReaderAt, done func() error, at link.DataFile, rows []byte) error {
	d := &dataFile{path: at.Path, from: file, close: done, offsets: at.Offsets}
	var err error
	if several(w.list) {
		err = w.placesIn(d, at, rows)
	} else {
		err = w.rowsIn(d, at, rows)
	}
	if err == nil {
		w.files.readFrom(d)
	}
	return err
}

// placesIn reads where the samples of several shapes lie.
func (w *Worker) placesIn(d *dataFile, at link.DataFile, places []byte) error {
	inputs := w.Inputs()
	if len(places) != 8*inputs*len(w.places) {
		return fmt.Errorf("%d bytes of places, of %d samples of %d inputs", len(places), len(w.places), inputs)
	}
	for _, p := range w.places {
		for _, size := range w.samples[p.member].sizes {
			offset := int64(binary.LittleEndian.Uint64(places))
			if places = places[8:]; offset < 0 || offset > at.Size-int64(size) {
				return fmt.Errorf("a sample of %d bytes behind %d, of a file of %d bytes", size, offset, at.Size)
			}
			d.places = append(d.places, offset)
		}
	}
	return nil
}

// rowsIn reads in which rows the samples of one shape lie.
func (w *Worker) rowsIn(d *dataFile, at link.DataFile, rows []byte) error {
	sizes := w.samples[0].sizes
	if len(at.Offsets) != len(sizes) || len(rows) != 0 && len(rows) != 4*w.all {
		return fmt.Errorf("a file of %d inputs and %d bytes of rows, of a network of %d inputs and %d samples", len(at.Offsets), len(rows), len(sizes), w.all)
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
		if size := int64(sizes[i]); offset < 0 || offset > at.Size || last >= (at.Size-offset)/max(1, size) {
			return fmt.Errorf("row %d of %d bytes behind %d, of a file of %d bytes", last, size, offset, at.Size)
		}
	}
	return nil
}
