package detect

import (
	"fmt"
	"slices"
)

// anchorsOfCOCO are those of YOLOv5's networks for COCO: width and height in pixels, three for each stride of 8, 16 and
// 32.
var anchorsOfCOCO = []float64{10, 13, 16, 30, 33, 23, 30, 61, 62, 45, 59, 119, 116, 90, 156, 198, 373, 326}

// anchored reads YOLOv5's heads (and YOLOv7's): a cell has a box for each anchor of its grid.
type anchored struct {
	boxes   []anchoredHead
	classes int
}

// anchoredHead has the numbers of one anchor: 4 of the box, 1 of the object, the classes.
type anchoredHead struct {
	head
	wide, high float64 // of the anchor
}

func newAnchored(dims [][]int64, v View) (Reader, error) {
	anchors := v.Anchors
	if anchors == nil && len(dims) == len(anchorsOfCOCO)/6 {
		anchors = anchorsOfCOCO
	}
	each := len(anchors) / 2 / len(dims) // anchors of a grid
	if each == 0 || each*2*len(dims) != len(anchors) {
		return nil, fmt.Errorf("with %d outputs needs width and height of as many anchors for each, and has %d numbers", len(dims), len(anchors))
	}
	if i := slices.IndexFunc(anchors, func(a float64) bool { return a <= 0 }); i >= 0 {
		return nil, fmt.Errorf("needs anchors with sides above 0, and one has %g", anchors[i])
	}
	if v.Width > 8 && slices.Max(anchors) <= 1 {
		return nil, fmt.Errorf("needs anchors in pixels of the input, and these look like fractions of it: multiply them by %d and %d", v.Width, v.Height)
	}
	flat := make([][]int64, len(dims))
	for i, d := range dims { // [anchors, height, width, numbers], as a grid of anchors * numbers
		if flat[i] = d; len(d) == 4 && d[0] == int64(each) {
			flat[i] = []int64{d[0] * d[3], d[1], d[2]}
		}
	}
	heads, err := headsOf(flat, v)
	if err != nil {
		return nil, err
	}
	if len(heads) != len(dims) {
		return nil, needs("an output for each grid, and not one for all")
	}
	steps := make([]int, len(heads)) // between two anchors of a grid
	for i := range heads {
		h := &heads[i]
		steps[i] = h.channels / each * h.number
		if len(dims[i]) == 4 {
			h.cell, h.number = h.channels/each, 1
			steps[i] = h.cells() * h.cell
		}
	}
	r := &anchored{}
	for place, i := range finest(heads) {
		h := heads[i]
		numbers := h.channels / each
		if numbers*each != h.channels || numbers < 6 || place > 0 && numbers-5 != r.classes {
			return nil, needs("outputs [samples, anchors * (5 + classes), height, width] with %d anchors; the grid of %d x %d has %d numbers a cell", each, h.height, h.width, h.channels)
		}
		r.classes = numbers - 5
		for a := range each {
			one := anchoredHead{h, anchors[2*(place*each+a)], anchors[2*(place*each+a)+1]}
			one.at += a * steps[i]
			r.boxes = append(r.boxes, one)
		}
	}
	return r, nil
}

func (r *anchored) Classes() int     { return r.classes }
func (r *anchored) Suppressed() bool { return false }

// Read computes a box as YOLOv5 does, with s the sigmoid of a number: the middle is (2s - 0.5 + cell) * stride, a side
// (2s)^2 * that of the anchor, the score the object's s times the class's.
func (r *anchored) Read(list []Found, row []float32, above float64) []Found {
	least := logit(above)
	for i := range r.boxes {
		h := &r.boxes[i]
		for cell := range h.cells() {
			v := h.value(row, cell, 4)
			if !(v > least) {
				continue
			}
			object := sigmoid(v)
			for c := range r.classes {
				v := h.value(row, cell, 5+c)
				if !(v > least) {
					continue
				}
				if score := float32(object * sigmoid(v)); float64(score) > above {
					list = append(list, Found{h.box(row, cell), int32(c), score})
				}
			}
		}
	}
	return list
}

func (h *anchoredHead) box(row []float32, cell int) Box {
	s := func(k int) float64 { return 2 * sigmoid(h.value(row, cell, k)) }
	x, y := (s(0)-0.5+float64(cell%h.width))*h.stride, (s(1)-0.5+float64(cell/h.width))*h.stride
	w, b := s(2)*s(2)*h.wide, s(3)*s(3)*h.high
	return Box{x - w/2, y - b/2, w, b}
}
