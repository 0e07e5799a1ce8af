package metric

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
)

// npyHeader is the head of a .npy file of version 1.0, as NumPy writes it: its length is a multiple of 64.
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
func npyHeader(descr string, shape ...int64) string {
	sizes := make([]string, len(shape))
	for i, d := range shape {
		sizes[i] = fmt.Sprint(d)
	}
	tuple := strings.Join(sizes, ", ")
	if len(shape) == 1 {
		tuple += ","
	}
	text := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, tuple)
	text += strings.Repeat(" ", 63-(10+len(text))%64) + "\n"
	return "\x93NUMPY\x01\x00" + string(binary.LittleEndian.AppendUint16(nil, uint16(len(text)))) + text
}

// npyReader is the outputs as a .npy file, and the labels as another where there are some. Outputs of different shapes are all values,
// one behind the other, and their shapes as an array [samples, axes] between them and the labels.
func npyReader(o WholeOutputs) io.Reader {
	shape := append([]int64{int64(o.Samples)}, o.Dims...)
	if o.Shapes != nil {
		shape = []int64{int64(len(o.Rows))}
	}
	parts := []io.Reader{strings.NewReader(npyHeader("<f4", shape...)), &encoded[float32]{list: o.Rows}}
	if o.Shapes != nil {
		var dims []byte
		for _, d := range slices.Concat(o.Shapes...) {
			dims = binary.LittleEndian.AppendUint64(dims, uint64(d))
		}
		parts = append(parts, strings.NewReader(npyHeader("<i8", int64(o.Samples), int64(len(o.Shapes[0])))), bytes.NewReader(dims))
	}
	if l := o.Labels; l != nil {
		parts = append(parts, strings.NewReader(npyHeader(l.Descr, append([]int64{int64(o.Samples)}, l.Dims...)...)), bytes.NewReader(l.Data))
	}
	return io.MultiReader(parts...)
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
