package detect

import (
	"fmt"
	"math"
	"slices"
)

// Variances of SSD's offsets: of the middle and of the sides (torchvision's and TensorFlow's weights 10, 10, 5, 5).
const (
	middleVariance = 0.1
	sideVariance   = 0.2
)

// mostGrowth bounds the logarithm of how much larger a box is than its anchor, as torchvision does.
var mostGrowth = math.Log(1000.0 / 16)

// ssd reads offsets from anchors, and the classes of each anchor, of which the first is the background.
type ssd struct {
	anchors       []float64 // middle x, middle y, width, height
	boxes, scores head      // each cell an anchor
	ready         bool      // scores, no logits
}

func newSSD(dims [][]int64, v View, ready bool) (Reader, error) {
	n := int64(len(v.Anchors) / 4)
	if n == 0 || len(v.Anchors)%4 != 0 {
		return nil, fmt.Errorf("needs middle x, middle y, width and height of each anchor, and has %d numbers", len(v.Anchors))
	}
	for i, a := range v.Anchors {
		if i%4 > 1 && a <= 0 {
			return nil, fmt.Errorf("needs anchors with sides above 0, and number %d has %g", i/4, a)
		}
	}
	if v.Width > 8 && slices.Max(v.Anchors) <= 2 {
		return nil, fmt.Errorf("needs anchors in pixels of the input, and these look like fractions of it: multiply them by %d and %d", v.Width, v.Height)
	}
	if len(dims) != 2 {
		return nil, fmt.Errorf("reads two outputs, offsets and classes, and not %d", len(dims))
	}
	r := &ssd{anchors: v.Anchors, ready: ready}
	at := 0
	var parts [2]head
	for i, d := range dims {
		size := int64(1)
		for _, k := range d {
			size *= k
		}
		h := head{at: at, channels: int(size / n), cell: int(size / n), number: 1}
		switch {
		case size%n != 0 || h.channels < 2 || len(d) > 2 || len(d) == 2 && d[0] != n && d[1] != n:
			return nil, needs("the outputs [samples, anchors, 4] and [samples, anchors, 1 + classes] for %d anchors; one is %s", n, listed(dims[i:i+1]))
		case len(d) == 2 && d[0] != n:
			h.cell, h.number = 1, int(n)
		}
		parts[i] = h
		at += int(size)
	}
	r.boxes, r.scores = parts[0], parts[1]
	if parts[0].channels != 4 {
		r.boxes, r.scores = parts[1], parts[0]
	}
	if r.boxes.channels != 4 {
		return nil, needs("an output [samples, anchors, 4] with the offsets from %d anchors", n)
	}
	return r, nil
}

func (r *ssd) Classes() int     { return r.scores.channels - 1 }
func (r *ssd) Suppressed() bool { return false }

// Read computes a box as SSD does: the middle is that of the anchor plus 0.1 times the offset times its side, a side is
// that of the anchor times e to 0.2 times the number. Scores are the softmax of logits. The background is no class:
// what labels call 0 is number 1 of an output.
func (r *ssd) Read(list []Found, row []float32, above float64) []Found {
	least := math.Log(above) - 1e-3
	for i := range len(r.anchors) / 4 {
		back, sum, most := r.scores.value(row, i, 0), 0.0, 0.0
		for k := 1; k <= r.Classes(); k++ {
			v := r.scores.value(row, i, k)
			score := v
			if !r.ready {
				if !(v-back > least) { // a share is at most its ratio to the background's
					continue
				}
				if sum == 0 {
					sum, most = r.softmax(row, i)
				}
				score = math.Exp(v-most) / sum
			}
			if s := float32(score); float64(s) > above {
				list = append(list, Found{r.box(row, i), int32(k - 1), s})
			}
		}
	}
	return list
}

// softmax is the largest logit of an anchor, and the sum of e to the others less it.
func (r *ssd) softmax(row []float32, i int) (sum, most float64) {
	most = math.Inf(-1)
	for k := range r.scores.channels {
		most = max(most, r.scores.value(row, i, k))
	}
	for k := range r.scores.channels {
		sum += math.Exp(r.scores.value(row, i, k) - most)
	}
	return sum, most
}

func (r *ssd) box(row []float32, i int) Box {
	a := r.anchors[4*i : 4*i+4]
	side := func(k int) float64 {
		return a[k] * math.Exp(min(sideVariance*r.boxes.value(row, i, k), mostGrowth))
	}
	x, y := a[0]+middleVariance*r.boxes.value(row, i, 0)*a[2], a[1]+middleVariance*r.boxes.value(row, i, 1)*a[3]
	w, h := side(2), side(3)
	return Box{x - w/2, y - h/2, w, h}
}
