package dataset

import (
	"encoding/binary"
	"slices"

	"example.org/demote/dataset/internal/arrays"
	"example.org/demote/dataset/internal/number"
	"example.org/demote/mistake"
)

// Own are labels as their file has them, bit for bit, in their own shape and element type: what a metric command gets.
type Own struct {
	Name string // of the array
	// NumPy's name of the element type: |b1, |u1, <i8, <f2, |S5 or <U3; little-endian, whatever the file is
	Descr string
	Dims  []int64 // of one sample, or of a row, see Offsets; empty: one element
	Data  []byte  // of all samples, one after another, in C order
	// where the rows of each sample begin, and their number last, where samples have different numbers of rows; nil:
	// each sample has as much as the others
	Offsets []int64
}

// pick takes the listed samples.
func (o Own) pick(list []int, samples int) Own {
	if o.Offsets == nil {
		o.Data = pickOf(o.Data, list, len(o.Data)/samples)
		return o
	}
	row, data, offsets := 0, []byte{}, []int64{0}
	if rows := o.Offsets[samples]; rows > 0 {
		row = len(o.Data) / int(rows)
	}
	for _, sample := range list {
		from, to := o.Offsets[sample], o.Offsets[sample+1]
		data = append(data, o.Data[int(from)*row:int(to)*row]...)
		offsets = append(offsets, offsets[len(offsets)-1]+to-from)
	}
	o.Data, o.Offsets = data, offsets
	return o
}

// pickOwn takes the listed samples of every array.
func pickOwn(own []Own, list []int, samples int) (out []Own) {
	for _, o := range own {
		out = append(out, o.pick(list, samples))
	}
	return out
}

// mostOwn bounds labels in their own type, in bytes.
const mostOwn = 4 * mostLabels

// takeOwn reads labels whatever they are. Where they are class numbers, one a sample, they are the set's classes too.
func (s *Set) takeOwn(a arrays.Array, n int64) error {
	if a.Shape[0] != n {
		return mistake.Errorf("%s has shape %s, but there are %d samples: give the labels of every sample", a.What, arrays.Dims(a.Shape), n)
	}
	own, err := readOwn(a)
	if err != nil {
		return err
	}
	own.Name = labelKey
	s.own = []Own{own}
	if arrays.Elements(a.Shape) == n && a.Elem != Text && !a.Elem.Float() {
		s.labels = classesOf(a, int(n))
	}
	return nil
}

// readOwn reads an array of labels as it is.
func readOwn(a arrays.Array) (own Own, err error) {
	size := int64(a.Size())
	if arrays.Elements(a.Shape) > mostOwn/size {
		return own, mistake.Errorf("%s has shape %s, more than %d bytes of labels: use a part of the samples", a.What, arrays.Dims(a.Shape), int64(mostOwn))
	}
	own = Own{Descr: a.Descr(), Dims: slices.Clone(a.Shape[1:]), Data: make([]byte, arrays.Elements(a.Shape)*size)}
	if err := a.ReadAt(own.Data, a.Offset); err != nil {
		return own, err
	}
	if a.BigEndian {
		unit := int(size)
		if a.Elem == Text {
			unit = a.Text.Unit()
		}
		number.SwapBytes(own.Data, unit)
	}
	return own, nil
}

// classesOf are the numbers of an array of integers, one a sample; nil if one of them can be no class.
func classesOf(a arrays.Array, n int) []int64 {
	labels := make([]int64, n)
	err := arrays.Each(a, Int64, n, 1, func(i int, b []byte) error {
		labels[i] = int64(binary.LittleEndian.Uint64(b))
		if labels[i] < 0 {
			return errNoClass
		}
		return nil
	})
	if err != nil {
		return nil
	}
	return labels
}

// errNoClass ends the reading of labels that are no classes.
var errNoClass = mistake.Errorf("a label is no class")

// ownClasses are the class numbers of a folder of images, which no array holds, as an int64 array would have them.
func ownClasses(labels []int64) []Own {
	data := make([]byte, 0, 8*len(labels))
	for _, l := range labels {
		data = binary.LittleEndian.AppendUint64(data, uint64(l))
	}
	return []Own{{Name: labelKey, Descr: "<i8", Data: data}}
}

// Own returns the labels of the samples in their own shape and type, if the set was opened for AnyKind or Boxes, an
// array each; nil without labels. The caller does not change them.
func (s *Set) Own() []Own { return s.own }
