package metric

import (
	"bytes"
	"encoding/binary"
	"io"
	"slices"
	"strings"

	"example.org/demote/internal/npy"
)

// npyReader is the outputs as a .npy file, and the labels as another where there are some. Outputs of different
// shapes are all values, one behind the other, and their shapes as an array [samples, axes] between them and the
// labels.
func npyReader(o WholeOutputs) io.Reader {
	shape := append([]int64{int64(o.Samples)}, o.Dims...)
	if o.Shapes != nil {
		shape = []int64{int64(len(o.Rows))}
	}
	parts := []io.Reader{strings.NewReader(npy.Header("<f4", shape...)), &encoded[float32]{list: o.Rows}}
	if o.Shapes != nil {
		var dims []byte
		for _, d := range slices.Concat(o.Shapes...) {
			dims = binary.LittleEndian.AppendUint64(dims, uint64(d))
		}
		parts = append(parts, strings.NewReader(npy.Header("<i8", int64(o.Samples), int64(len(o.Shapes[0])))), bytes.NewReader(dims))
	}
	if l := o.Labels; l != nil {
		parts = append(parts, strings.NewReader(npy.Header(l.Descr, append([]int64{int64(o.Samples)}, l.Dims...)...)), bytes.NewReader(l.Data))
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
