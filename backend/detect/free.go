package detect

import (
	"fmt"
	"math"
)

// bins is the number of distances of which YOLOv8 gives the distribution for each side of a box.
const bins = 16

// free reads heads without anchors: YOLOv8's and its successors', and others that give distances to the four sides.
type free struct {
	boxes, scores []head // one of each for a grid
	bins, classes int
	skip          int // numbers of a cell in front of the classes
}

func newFree(dims [][]int64, v View) (Reader, error) {
	heads, err := headsOf(dims, v)
	if err != nil {
		return nil, err
	}
	var grids [][]head
	for _, h := range heads {
		i := 0
		for i < len(grids) && (grids[i][0].height != h.height || grids[i][0].width != h.width) {
			i++
		}
		if i == len(grids) {
			grids = append(grids, nil)
		}
		grids[i] = append(grids[i], h)
	}
	r := &free{}
	for i, g := range grids {
		box, score, n, skip := g[0], g[0], bins, 4*bins
		switch {
		case len(g) == 2:
			if score = g[1]; isBox(g[1].channels) > isBox(g[0].channels) {
				box, score = g[1], g[0]
			}
			n, skip = box.channels/4, 0
		case len(g) > 2:
			return nil, fmt.Errorf("reads one output or two for each grid, boxes and classes, and not %d", len(g))
		}
		classes := score.channels - skip
		if box.channels < 4*n || n < 1 || len(g) == 2 && box.channels%4 != 0 || classes < 1 || i > 0 && (classes != r.classes || n != r.bins || skip != r.skip) {
			return nil, needs("outputs [samples, 4 * %d + classes, height, width], or [samples, 4 * bins, height, width] and [samples, classes, height, width] for each grid", bins)
		}
		r.bins, r.classes, r.skip = n, classes, skip
		r.boxes, r.scores = append(r.boxes, box), append(r.scores, score)
	}
	return r, nil
}

// isBox says how much a number of channels looks like that of boxes beside that of classes.
func isBox(channels int) int {
	switch channels {
	case 4 * bins:
		return 2
	case 4:
		return 1
	}
	return 0
}

func (r *free) Classes() int     { return r.classes }
func (r *free) Suppressed() bool { return false }

// Read computes a box as YOLOv8 does: the distances from the middle of a cell to the left, upper, right and lower side
// are the means of their distributions (softmax over the bins, which stand for 0, 1, 2, ... strides), or the numbers
// themselves where there is one for each side. The score is the sigmoid of the class.
func (r *free) Read(list []Found, row []float32, above float64) []Found {
	least := logit(above)
	for i := range r.scores {
		h := &r.scores[i]
		for c := range r.classes {
			for cell := range h.cells() {
				v := h.value(row, cell, r.skip+c)
				if !(v > least) {
					continue
				}
				if score := float32(sigmoid(v)); float64(score) > above {
					list = append(list, Found{r.box(row, &r.boxes[i], cell), int32(c), score})
				}
			}
		}
	}
	return list
}

func (r *free) box(row []float32, h *head, cell int) Box {
	var far [4]float64
	for side := range far {
		far[side] = h.stride * r.distance(row, h, cell, side)
	}
	x, y := (float64(cell%h.width)+0.5)*h.stride, (float64(cell/h.width)+0.5)*h.stride
	return Box{x - far[0], y - far[1], far[0] + far[2], far[1] + far[3]}
}

// distance is that to a side, in strides.
func (r *free) distance(row []float32, h *head, cell, side int) float64 {
	if r.bins == 1 {
		return h.value(row, cell, side)
	}
	most := math.Inf(-1)
	for k := range r.bins {
		most = max(most, h.value(row, cell, side*r.bins+k))
	}
	var sum, mean float64
	for k := range r.bins {
		e := math.Exp(h.value(row, cell, side*r.bins+k) - most)
		sum += e
		mean += e * float64(k)
	}
	return mean / sum
}
