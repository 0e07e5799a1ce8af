package metric

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"

	"example.org/demote/internal/npy"
)

// TestCommandGetsSeveral: a command reads each output and each array of labels as a file of its own, ragged ones with
// their offsets behind them.
func TestCommandGetsSeveral(t *testing.T) {
	o := WholeOutputs{Samples: 2, Rows: []float32{1, 2, 3, 4, 5, 6, 7, 8}, Parts: []Part{{Name: "a", Dims: []int64{1}}, {Name: "b", Dims: []int64{3, 1}, At: 1}},
		Arrays: []LabelArray{{Name: "y", Descr: "|u1", Data: []byte{7, 9}}, {Name: "boxes", Descr: "|u1", Dims: []int64{2}, Data: []byte{1, 2, 3, 4, 5, 6}, Offsets: []int64{0, 0, 3}}}}
	var want bytes.Buffer
	file := func(descr string, values any, dims ...int64) {
		want.WriteString(npy.Header(descr, dims...))
		if err := binary.Write(&want, binary.LittleEndian, values); err != nil {
			t.Fatal(err)
		}
	}
	file("<f4", []float32{1, 5}, 2, 1)
	file("<f4", []float32{2, 3, 4, 6, 7, 8}, 2, 3, 1)
	file("|u1", []uint8{7, 9}, 2)
	file("|u1", []uint8{1, 2, 3, 4, 5, 6}, 3, 2)
	file("<i8", []int64{0, 0, 3}, 3)
	got, err := io.ReadAll(npyReader(o))
	if err != nil || !bytes.Equal(got, want.Bytes()) {
		t.Errorf("%q, want %q, %v", got, want.Bytes(), err)
	}
}

// TestLabelsOfSome takes some samples' labels: each keeps its rows.
func TestLabelsOfSome(t *testing.T) {
	all := Truth{Own: []LabelArray{{Data: []byte{0, 0, 1, 1, 2, 2}}, {Data: []byte{1, 2, 2}, Offsets: []int64{0, 0, 1, 3}}}}
	some := all.Of([]int{0, 2}, 3, nil)
	if !bytes.Equal(some.Own[0].Data, []byte{0, 0, 2, 2}) || !bytes.Equal(some.Own[1].Data, []byte{2, 2}) || some.Own[1].Offsets[1] != 0 || some.Own[1].Offsets[2] != 2 {
		t.Errorf("%+v", some.Own)
	}
}
