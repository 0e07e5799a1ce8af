package detect

import (
	"fmt"
	"math"
	"slices"
)

// A head is an output of raw numbers on one grid of cells, or a part of an output. Number k of cell i lies at at + i *
// cell + k * number in a row.
type head struct {
	height, width    int
	stride           float64 // pixels of the input between two cells
	channels         int
	at, cell, number int
}

// strides are those of grids whose cells an output has one behind the other, the finest first.
var strides = [][]int{{8, 16, 32}, {8, 16, 32, 64}, {4, 8, 16, 32}, {16, 32}, {8, 16}, {8}, {16}, {32}}

// headsOf finds the grids of outputs: [channels, height, width] or [height, width, channels], told apart by the size of
// the input, or [channels, cells] or [cells, channels] with all grids one behind the other.
func headsOf(dims [][]int64, v View) ([]head, error) {
	if v.Width == 0 || v.Height == 0 {
		return nil, needs("an input that is an image, whose size is that of its samples")
	}
	var list []head
	at := 0
	for _, d := range dims {
		found := headsIn(d, v)
		if found == nil {
			return nil, fmt.Errorf("knows no grid of cells in %s for an input of %d x %d pixels", listed([][]int64{d}), v.Width, v.Height)
		}
		size := 1
		for _, n := range d {
			size *= int(n)
		}
		for _, h := range found {
			h.at += at
			list = append(list, h)
		}
		at += size
	}
	return list, nil
}

// headsIn are the grids of one output.
func headsIn(d []int64, v View) []head {
	switch len(d) {
	case 3:
		if s := v.stride(int(d[1]), int(d[2])); s > 0 {
			return []head{{height: int(d[1]), width: int(d[2]), stride: s, channels: int(d[0]), cell: 1, number: int(d[1] * d[2])}}
		}
		if s := v.stride(int(d[0]), int(d[1])); s > 0 {
			return []head{{height: int(d[0]), width: int(d[1]), stride: s, channels: int(d[2]), cell: int(d[2]), number: 1}}
		}
	case 2:
		for _, list := range strides {
			cells := 0
			for _, s := range list {
				n := v.cells(s)
				if n == 0 { // no such grid
					cells = 0
					break
				}
				cells += n
			}
			first := head{channels: int(d[0]), cell: 1, number: cells}
			switch int64(cells) {
			case d[1]:
			case d[0]:
				first = head{channels: int(d[1]), cell: int(d[1]), number: 1}
			default:
				continue
			}
			var found []head
			for _, s := range list {
				h := first
				h.height, h.width, h.stride = v.Height/s, v.Width/s, float64(s)
				found = append(found, h)
				first.at += v.cells(s) * h.cell
			}
			return found
		}
	}
	return nil
}

// stride is what divides the input into such a grid; 0: nothing does.
func (v View) stride(height, width int) float64 {
	if height < 1 || width < 1 || v.Height%height != 0 || v.Width%width != 0 || v.Height/height != v.Width/width {
		return 0
	}
	return float64(v.Height / height)
}

// cells is how many a grid of a stride has; 0: the stride does not divide the input.
func (v View) cells(stride int) int {
	if v.Height%stride != 0 || v.Width%stride != 0 {
		return 0
	}
	return v.Height / stride * (v.Width / stride)
}

// value is a number of a cell.
func (h *head) value(row []float32, cell, number int) float64 {
	return float64(row[h.at+cell*h.cell+number*h.number])
}

// finest lists heads by falling number of cells.
func finest(list []head) []int {
	order := make([]int, len(list))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return list[b].cells() - list[a].cells() })
	return order
}

// cells is how many a grid has.
func (h *head) cells() int { return h.height * h.width }

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// logit is a number below which no sigmoid is above a bound, which saves most of them.
func logit(above float64) float64 { return math.Log(above/(1-above)) - 1e-3 }
