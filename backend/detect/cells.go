package detect

import "fmt"

// cells reads boxes of a YOLO that are ready but for the suppression, from one output.
type cells struct {
	layout  Layout
	cells   int
	classes int
	// between two cells of an output, and between two of the numbers of one
	cell, number int
}

// newCells finds the two axes of the output. The longer one is that of the cells, whichever comes first.
func newCells(l Layout, dims [][]int64) (Reader, error) {
	shape, head := "[samples, 4 + classes, cells]", 4
	if l == YOLOv5 {
		shape, head = "[samples, cells, 5 + classes]", 5
	}
	if len(dims) != 1 {
		return nil, fmt.Errorf("reads one output, and not %d", len(dims))
	}
	if len(dims[0]) != 2 {
		return nil, needs("an output %s", shape)
	}
	a, b := int(dims[0][0]), int(dims[0][1])
	r := &cells{layout: l, cells: b, classes: a - head, cell: 1, number: b}
	if cellsFirst := a > b || a == b && l == YOLOv5; cellsFirst {
		r.cells, r.classes, r.cell, r.number = a, b-head, b, 1
	}
	if r.classes < 1 {
		return nil, needs("an output %s", shape)
	}
	return r, nil
}

func (r *cells) Classes() int     { return r.classes }
func (r *cells) Suppressed() bool { return false }

func (r *cells) Read(list []Found, row []float32, above float64) []Found {
	if r.layout == YOLOv5 {
		return r.yolov5(list, row, float32(above))
	}
	return r.yolov8(list, row, float32(above))
}

// yolov8 goes class by class, since a class lies in one piece where cells are the last axis.
func (r *cells) yolov8(list []Found, row []float32, above float32) []Found {
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

func (r *cells) yolov5(list []Found, row []float32, above float32) []Found {
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
func (r *cells) box(row []float32, cell int) Box {
	at, n := cell*r.cell, r.number
	x, y, w, h := float64(row[at]), float64(row[at+n]), float64(row[at+2*n]), float64(row[at+3*n])
	return Box{x - w/2, y - h/2, w, h}
}
