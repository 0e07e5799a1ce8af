package dataset

import (
	"encoding/binary"
	"math"

	"example.org/demote/dataset/internal/arrays"
	"example.org/demote/mistake"
)

// boxNumbers is how many numbers a box has: x1, y1, x2, y2 and its class.
const boxNumbers = 5

// takeBoxes reads the arrays of Boxes from an archive.
func (s *Set) takeBoxes(z *arrays.Archive, path string, n int64) error {
	if z != nil && z.Has(BoxKeys[0]) && !z.Has(offsetsKey) && !z.Has(BoxKeys[0]+arrays.OffsetsKey) {
		return mistake.Errorf("%s: has boxes and does not say whose they are: save offsets [%d] too, numpy.cumsum([0] + [len(b) for b in boxes])", path, n+1)
	}
	if err := s.takeArrays(z, path, BoxKeys, 1, n); err != nil {
		return err
	}
	a, err := z.Open(BoxKeys[0])
	if err != nil {
		return err
	}
	if len(a.Shape) != 2 || a.Shape[1] != boxNumbers || a.Elem == Text {
		return mistake.Errorf("%s has shape %s of %s, and boxes are [boxes, 5]: x1, y1, x2, y2 in pixels of the input, and a class", a.What, arrays.Dims(a.Shape), a.Elem)
	}
	rows := s.own[0].Offsets[n]
	data := make([]byte, 0, 4*arrays.Elements(a.Shape))
	err = arrays.Each(a, Float32, int(arrays.Elements(a.Shape)), boxNumbers, func(_ int, b []byte) error {
		data = append(data, b...)
		return nil
	})
	if err != nil {
		return err
	}
	s.own[0].Descr, s.own[0].Data = "<f4", data
	for _, more := range s.own[1:] {
		if len(more.Dims) > 0 || more.Offsets == nil || more.Offsets[n] != rows || more.Descr[1] == 'S' || more.Descr[1] == 'U' || more.Descr == "<f2" {
			return mistake.Errorf("%s: the array %q is no number a box: give %d of them, as integers, bool, float32 or float64", path, more.Name, rows)
		}
	}
	w, h := s.ImageSize()
	return s.checkBoxes(a.What, float64(w), float64(h))
}

// ImageSize is the width and height of the network's image input; 0, 0: it has none whose size is known.
func (s *Set) ImageSize() (w, h int) {
	for _, c := range s.columns {
		shape := c.shape
		isChannels := func(d int64) bool { return d == 1 || d == 3 || d == 4 }
		switch {
		case len(shape) != 3 || c.of != nil:
		case isChannels(shape[0]):
			return int(shape[2]), int(shape[1])
		case isChannels(shape[2]):
			return int(shape[1]), int(shape[0])
		}
	}
	return 0, 0
}

// checkBoxes refuses labels of boxes that cannot be meant. w and h are those of the image; 0: not known.
func (s *Set) checkBoxes(what string, w, h float64) error {
	boxes, largest := s.own[0], 0.0
	for i := range len(boxes.Offsets) - 1 {
		for at := boxes.Offsets[i]; at < boxes.Offsets[i+1]; at++ {
			var v [boxNumbers]float64
			for k := range v {
				v[k] = float64(math.Float32frombits(binary.LittleEndian.Uint32(boxes.Data[4*(boxNumbers*int(at)+k):])))
				if v[k]-v[k] != 0 {
					return mistake.Errorf("%s has %v in box %d of sample %d: correct it", what, v[k], at-boxes.Offsets[i], i)
				}
			}
			bad := func(why string) error {
				return mistake.Errorf("%s has box %d of sample %d from %g, %g to %g, %g of class %g, %s", what, at-boxes.Offsets[i], i, v[0], v[1], v[2], v[3], v[4], why)
			}
			switch {
			case !(v[2] > v[0] && v[3] > v[1]):
				return bad("which is empty: write x1, y1, x2, y2 with x1 < x2 and y1 < y2, or leave it out")
			case w > 0 && (v[2] <= 0 || v[3] <= 0 || v[0] >= w || v[1] >= h):
				return bad("outside of the image of " + sizeText(w, h) + ": give pixels of the network's input")
			case v[4] < 0 || v[4] != math.Trunc(v[4]) || v[4] > 1<<20:
				return bad("and classes are numbered from 0: correct it")
			}
			largest = max(largest, v[2], v[3])
		}
	}
	if w > 8 && largest > 0 && largest <= 1 {
		return mistake.Errorf("%s has no box that reaches beyond 1, as fractions of the image have: give pixels of the network's input, of %s", what, sizeText(w, h))
	}
	return nil
}
