package dataset

import (
	"encoding/binary"

	"example.org/demote/dataset/internal/arrays"
	"example.org/demote/dataset/internal/number"
	"example.org/demote/mistake"
)

// Own are labels as their file has them, bit for bit, in their own shape and element type: what a metric command gets.
type Own struct {
	// NumPy's name of the element type: |b1, |u1, <i8, <f2, |S5 or <U3; little-endian, whatever the file is
	Descr string
	Dims  []int64 // of one sample; empty: an element per sample
	Data  []byte  // of all samples, one after another, in C order
}

// perSample is the number of bytes of a sample.
func (o *Own) perSample(samples int) int { return len(o.Data) / samples }

// pick takes the listed samples; nil of nil.
func (o *Own) pick(list []int, samples int) *Own {
	if o == nil {
		return nil
	}
	return &Own{Descr: o.Descr, Dims: o.Dims, Data: pickOf(o.Data, list, o.perSample(samples))}
}

// mostOwn bounds labels in their own type, in bytes.
const mostOwn = 4 * mostLabels

// takeOwn reads labels whatever they are. Where they are class numbers, one a sample, they are the set's classes too.
func (s *Set) takeOwn(a arrays.Array, n int64) error {
	size := int64(a.Size())
	switch {
	case a.Shape[0] != n:
		return mistake.Errorf("%s has shape %s, but there are %d samples: give the labels of every sample", a.What, arrays.Dims(a.Shape), n)
	case arrays.Elements(a.Shape) > mostOwn/size:
		return mistake.Errorf("%s has shape %s, more than %d bytes of labels: use a part of the samples", a.What, arrays.Dims(a.Shape), int64(mostOwn))
	}
	own := &Own{Descr: a.Descr(), Dims: a.Shape[1:], Data: make([]byte, arrays.Elements(a.Shape)*size)}
	if err := a.ReadAt(own.Data, a.Offset); err != nil {
		return err
	}
	if a.BigEndian {
		unit := int(size)
		if a.Elem == Text {
			unit = a.Text.Unit()
		}
		number.SwapBytes(own.Data, unit)
	}
	s.own = own
	if arrays.Elements(a.Shape) == n && a.Elem != Text && !a.Elem.Float() {
		s.labels = classesOf(a, int(n))
	}
	return nil
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
func ownClasses(labels []int64) *Own {
	data := make([]byte, 0, 8*len(labels))
	for _, l := range labels {
		data = binary.LittleEndian.AppendUint64(data, uint64(l))
	}
	return &Own{Descr: "<i8", Data: data}
}

// Own returns the labels of the samples in their own shape and type, if the set was opened for AnyKind; nil without
// labels. The caller does not change them.
func (s *Set) Own() *Own { return s.own }
