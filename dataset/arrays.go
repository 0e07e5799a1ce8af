package dataset

import (
	"encoding/binary"
	"slices"

	"example.org/demote/dataset/internal/arrays"
	"example.org/demote/mistake"
)

// offsetsKey is the array that says where the rows of each sample begin in all arrays of labels that have no offsets
// of their own, NAME_offsets.
const offsetsKey = "offsets"

// BoxKeys are the arrays of labels of Boxes: the first must be there.
var BoxKeys = []string{"boxes", "crowd", "area"}

// takeArrays reads the named arrays of an archive as labels. need is how many of the names must be there.
func (s *Set) takeArrays(z *arrays.Archive, path string, names []string, need int, n int64) error {
	if z == nil {
		return mistake.Errorf("%s: labels of several arrays lie in an .npz, under their names: save them with numpy.savez(..., %s=..., offsets=...)", path, names[0])
	}
	s.own = nil
	for i, name := range names {
		switch {
		case z.Has(name):
		case i >= need:
			continue
		default:
			return mistake.Errorf("%s: no array %q with labels: it has %s", path, name, arrays.Quoted(z.Keys()))
		}
		own, err := openOwn(z, name, n)
		if err != nil {
			return err
		}
		if own.Name == labelKey && own.Offsets == nil && len(s.own) == 0 {
			a, err := z.Open(name)
			if err != nil {
				return err
			}
			if arrays.Elements(a.Shape) == n && a.Elem != Text && !a.Elem.Float() {
				s.labels = classesOf(a, int(n))
			}
		}
		s.own = append(s.own, own)
	}
	return nil
}

// openOwn reads one array of labels of n samples: of one row each, or of as many as its offsets say.
func openOwn(z *arrays.Archive, name string, n int64) (own Own, err error) {
	a, err := z.Open(name)
	if err != nil {
		return own, err
	}
	if own, err = readOwn(a); err != nil {
		return own, err
	}
	own.Name = name
	key := name + arrays.OffsetsKey
	if !z.Has(key) {
		if key = offsetsKey; !z.Has(key) || name == labelKey || a.Shape[0] == n && !slices.Contains(BoxKeys, name) {
			if a.Shape[0] != n {
				return own, mistake.Errorf("%s has shape %s, but there are %d samples: give each its labels, or say where the rows of each begin, in an array %q", a.What, arrays.Dims(a.Shape), n, name+arrays.OffsetsKey)
			}
			return own, nil
		}
	}
	own.Offsets, err = readOffsets(z, key, n, a)
	return own, err
}

// readOffsets reads where the rows of each of n samples begin in an array.
func readOffsets(z *arrays.Archive, key string, n int64, of arrays.Array) ([]int64, error) {
	o, err := z.Open(key)
	if err != nil {
		return nil, err
	}
	if o.Elem.Float() || o.Elem == Text || len(o.Shape) != 1 || o.Shape[0] != n+1 {
		return nil, mistake.Errorf("%s has shape %s of %s: give %d integers, the row at which each sample begins and the number of rows last", o.What, arrays.Dims(o.Shape), o.Elem, n+1)
	}
	offsets := make([]int64, 0, n+1)
	err = arrays.Each(o, Int64, int(n+1), 1, func(i int, b []byte) error {
		at := int64(binary.LittleEndian.Uint64(b))
		switch {
		case i == 0 && at != 0:
			return mistake.Errorf("%s begins with %d: the first sample begins at row 0", o.What, at)
		case i > 0 && at < offsets[i-1]:
			return mistake.Errorf("%s falls from %d to %d at sample %d: give rows that rise", o.What, offsets[i-1], at, i-1)
		case int64(i) == n && at != of.Shape[0]:
			return mistake.Errorf("%s ends with %d, and %s has %d rows: give the number of rows last", o.What, at, of.What, of.Shape[0])
		}
		offsets = append(offsets, at)
		return nil
	})
	return offsets, err
}
