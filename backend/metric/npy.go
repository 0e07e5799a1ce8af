package metric

import (
	"bytes"
	"encoding/binary"
	"io"
	"slices"
	"strings"

	"example.org/demote/internal/npy"
)

// npyReader is the outputs as .npy files, one each, and the labels as others where there are some. An output of
// different shapes is all values, one behind the other, and their shapes as an array [samples, axes] between them and
// the labels. Labels of which samples have different numbers of rows are all rows, and the offsets behind them.
func npyReader(o WholeOutputs) io.Reader {
	var parts []io.Reader
	if o.Parts != nil {
		for i, p := range o.Parts {
			parts = append(parts, strings.NewReader(npy.Header("<f4", append([]int64{int64(o.Samples)}, p.Dims...)...)), &partReader{o: o, part: i})
		}
		return io.MultiReader(append(parts, labelReaders(o)...)...)
	}
	shape := append([]int64{int64(o.Samples)}, o.Dims...)
	if o.Shapes != nil {
		shape = []int64{int64(len(o.Rows))}
	}
	parts = []io.Reader{strings.NewReader(npy.Header("<f4", shape...)), &encoded[float32]{list: o.Rows}}
	if o.Shapes != nil {
		var dims []byte
		for _, d := range slices.Concat(o.Shapes...) {
			dims = binary.LittleEndian.AppendUint64(dims, uint64(d))
		}
		parts = append(parts, strings.NewReader(npy.Header("<i8", int64(o.Samples), int64(len(o.Shapes[0])))), bytes.NewReader(dims))
	}
	return io.MultiReader(append(parts, labelReaders(o)...)...)
}

// labelReaders are the arrays of labels as .npy files.
func labelReaders(o WholeOutputs) (parts []io.Reader) {
	for _, l := range o.Arrays {
		rows := int64(o.Samples)
		if l.Offsets != nil {
			rows = l.Offsets[o.Samples]
		}
		parts = append(parts, strings.NewReader(npy.Header(l.Descr, append([]int64{rows}, l.Dims...)...)), bytes.NewReader(l.Data))
		if l.Offsets != nil {
			var list []byte
			for _, at := range l.Offsets {
				list = binary.LittleEndian.AppendUint64(list, uint64(at))
			}
			parts = append(parts, strings.NewReader(npy.Header("<i8", int64(len(l.Offsets)))), bytes.NewReader(list))
		}
	}
	return parts
}

// partReader reads one of several outputs, sample by sample.
type partReader struct {
	o            WholeOutputs
	part, sample int
	encoded[float32]
}

func (r *partReader) Read(p []byte) (int, error) {
	for len(r.list) == 0 && r.rest.Len() == 0 && r.sample < r.o.Samples {
		r.list = r.o.Outputs(r.sample)[r.part].Values
		r.sample++
	}
	return r.encoded.Read(p)
}

// encoded reads numbers as little-endian bytes.
type encoded[T float32] struct {
	list []T
	rest bytes.Buffer
}

func (e *encoded[T]) Read(p []byte) (int, error) {
	const chunk = 8192
	if e.rest.Len() == 0 {
		if len(e.list) == 0 {
			return 0, io.EOF
		}
		n := min(chunk, len(e.list))
		if err := binary.Write(&e.rest, binary.LittleEndian, e.list[:n]); err != nil {
			return 0, err
		}
		e.list = e.list[n:]
	}
	return e.rest.Read(p)
}
