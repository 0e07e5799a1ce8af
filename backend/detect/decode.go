package detect

import (
	"fmt"
	"slices"
)

// A Layout says how a network's outputs hold boxes. A box is its middle, width and height, in pixels of the input.
type Layout string

const (
	// YOLOv5: one output [cells, 5 + classes]: box, whether there is an object, and how sure its class is. The score of
	// a class is the product.
	YOLOv5 Layout = "yolov5"
	// YOLOv8: one output [4 + classes, cells]: box, and the score of each class.
	YOLOv8 Layout = "yolov8"
	// Boxes: what is left after a suppression in the network: [boxes, 6] with x1, y1, x2, y2, score and class; or three
	// outputs, [boxes, 4] with the corners, [boxes] with scores and [boxes] with classes.
	Boxes Layout = "boxes"
)

// Layouts are all of them.
var Layouts = []Layout{YOLOv5, YOLOv8, Boxes}

// A Reader reads boxes out of the outputs of one sample.
type Reader struct {
	layout  Layout
	cells   int
	classes int // that the outputs have; 0: any
	// between two cells of an output, and between two of the numbers of one
	cell, number int
	parts        int
}

// NewReader is the reader of outputs with these dimensions, of one sample. Of the two axes of a YOLO's output the
// longer one is that of the cells, whichever comes first. The error says what the dimensions must be.
func NewReader(l Layout, outputs [][]int64) (*Reader, error) {
	dims := make([][]int64, len(outputs))
	for i, d := range outputs { // axes of size 1 in front say nothing
		for len(d) > 2 && d[0] == 1 {
			d = d[1:]
		}
		dims[i] = d
	}
	r := &Reader{layout: l, parts: len(dims)}
	switch {
	case l == Boxes && len(dims) == 3:
		return r, r.three(dims)
	case len(dims) != 1 && l == Boxes:
		return nil, fmt.Errorf("reads one output or three, and not %d", len(dims))
	case len(dims) != 1:
		return nil, fmt.Errorf("reads one output, and not %d", len(dims))
	case l == Boxes && (len(dims[0]) != 2 || dims[0][1] != 6):
		return nil, fmt.Errorf("needs an output [samples, boxes, 6], or three: boxes, scores and classes")
	case l == Boxes:
		r.cells, r.cell, r.number = int(dims[0][0]), 6, 1
		return r, nil
	case len(dims[0]) != 2:
		return nil, fmt.Errorf("needs an output %s", l.shape())
	}
	a, b, head := int(dims[0][0]), int(dims[0][1]), l.head()
	cellsFirst := a > b || a == b && l == YOLOv5
	r.cells, r.classes, r.cell, r.number = b, a-head, 1, b
	if cellsFirst {
		r.cells, r.classes, r.cell, r.number = a, b-head, b, 1
	}
	if r.classes < 1 {
		return nil, fmt.Errorf("needs an output %s", l.shape())
	}
	return r, nil
}

// head is how many numbers a cell has before the classes.
func (l Layout) head() int {
	if l == YOLOv5 {
		return 5
	}
	return 4
}

// shape describes the output.
func (l Layout) shape() string {
	if l == YOLOv5 {
		return "[samples, cells, 5 + classes]"
	}
	return "[samples, 4 + classes, cells]"
}

// three checks the shapes of three outputs.
func (r *Reader) three(dims [][]int64) error {
	boxes := dims[0]
	if len(boxes) != 2 || boxes[1] != 4 || !slices.Equal(squeezed(dims[1]), boxes[:1]) || !slices.Equal(squeezed(dims[2]), boxes[:1]) {
		return fmt.Errorf("needs the outputs [samples, boxes, 4], [samples, boxes] and [samples, boxes], in this order: boxes, scores, classes")
	}
	r.cells = int(boxes[0])
	return nil
}

// squeezed are dimensions without those of size 1 behind the first.
func squeezed(dims []int64) []int64 {
	if len(dims) < 2 {
		return dims
	}
	return slices.DeleteFunc(slices.Clone(dims), func(d int64) bool { return d == 1 })
}

// Classes is how many classes the outputs tell apart; 0: it is not known.
func (r *Reader) Classes() int { return r.classes }

// Suppressed tells whether the network has suppressed boxes itself.
func (r *Reader) Suppressed() bool { return r.layout == Boxes }

// Read appends the boxes of a sample whose score is above a bound; a cell with several such classes is as many boxes.
// row has the outputs one behind the other. A NaN is above nothing.
func (r *Reader) Read(list []Found, row []float32, above float64) []Found {
	switch {
	case r.layout == Boxes:
		return r.ready(list, row, float32(above))
	case r.layout == YOLOv5:
		return r.yolov5(list, row, float32(above))
	}
	return r.yolov8(list, row, float32(above))
}

// yolov8 goes class by class, since a class lies in one piece where cells are the last axis.
func (r *Reader) yolov8(list []Found, row []float32, above float32) []Found {
	if r.cell != 1 {
		for cell := range r.cells {
			for c, score := range row[cell*r.cell+4 : (cell+1)*r.cell] {
				if score > above {
					list = append(list, Found{r.box(row, cell), int32(c), score})
				}
			}
		}
		return list
	}
	for c := range r.classes {
		for cell, score := range row[(4+c)*r.number : (5+c)*r.number] {
			if score > above {
				list = append(list, Found{r.box(row, cell), int32(c), score})
			}
		}
	}
	return list
}

func (r *Reader) yolov5(list []Found, row []float32, above float32) []Found {
	for cell := range r.cells {
		at := cell * r.cell
		object := row[at+4*r.number]
		if !(object > above) { // no class is surer
			continue
		}
		for c := range r.classes {
			if score := object * row[at+(5+c)*r.number]; score > above {
				list = append(list, Found{r.box(row, cell), int32(c), score})
			}
		}
	}
	return list
}

// box is that of a cell.
func (r *Reader) box(row []float32, cell int) Box {
	at, n := cell*r.cell, r.number
	x, y, w, h := float64(row[at]), float64(row[at+n]), float64(row[at+2*n]), float64(row[at+3*n])
	return Box{x - w/2, y - h/2, w, h}
}

// ready reads boxes that the network has chosen itself. Those without a score are what it fills up with.
func (r *Reader) ready(list []Found, row []float32, above float32) []Found {
	for i := range r.cells {
		var at []float32
		var score, class float32
		if r.parts == 3 {
			at, score, class = row[4*i:], row[4*r.cells+i], row[5*r.cells+i]
		} else {
			at = row[6*i:]
			score, class = at[4], at[5]
		}
		if score > above && class >= 0 {
			x, y := float64(at[0]), float64(at[1])
			list = append(list, Found{Box{x, y, float64(at[2]) - x, float64(at[3]) - y}, int32(class), score})
		}
	}
	return list
}
