package detect

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// Judged is a box that was found, with a bit for each overlap: whether it is right, and whether it does not count.
type Judged struct {
	Class          int32
	Score          float32
	Right, Ignored uint16
}

// Collected are the judged boxes of images, by class.
type Collected struct {
	Measure Measure
	classes map[int32]*ranking

	recalls, precisions []float64 // of a class at one overlap
}

// A ranking is what was found of a class.
type ranking struct {
	boxes  []ranked
	sorted bool
}

// ranked is a judged box in the order of all of its class.
type ranked struct {
	rank           uint64 // rises as scores fall, and among equal ones with the box's place in the order of the images
	right, ignored uint16
}

// rankOf is the rank of a box by its score and place.
func rankOf(score float32, place uint32) uint64 {
	bits := math.Float32bits(score + 0) // -0 is 0
	if bits>>31 == 0 {
		bits = ^bits &^ (1 << 31) // from 0 for the largest on
	}
	return uint64(bits)<<32 | uint64(place)
}

// Add collects the boxes of the image of a number, as Judge returns them. Images may come in any order.
func (c *Collected) Add(number int, boxes []Judged) {
	if c.classes == nil {
		c.classes = map[int32]*ranking{}
	}
	for at := 0; at < len(boxes); {
		class := c.classes[boxes[at].Class]
		if class == nil {
			class = &ranking{}
			c.classes[boxes[at].Class] = class
		}
		class.sorted = false
		for first := at; at < len(boxes) && boxes[at].Class == boxes[first].Class; at++ {
			b := boxes[at]
			class.boxes = append(class.boxes, ranked{rankOf(b.Score, uint32(number*perImage+at-first)), b.Right, b.Ignored})
		}
	}
}

// Mean is the mean average precision of all that was collected: AP at 101 recalls, mean over the overlaps and the
// classes of which there are objects (Lin et al., Microsoft COCO, 2014, as pycocotools computes it). wanted are the
// objects that count, by class. ok is false where there is none.
//
// left are those of them, by class, in images that were not collected. They are taken to be found with the highest
// scores, and nothing false beside them. So the mean is the highest that all images together can have: take a recall,
// and the boxes down to some score that reach it in any other case. They hold k right ones of the images collected
// with their f false ones, and j <= left others. Here the k + left right ones down to that box have the recall or more,
// and a precision of (k + left) / (k + left + f), which is no less. Roundings leave it so: counts are exact, and their
// quotients and sums in one order are monotone when rounded to nearest.
func (c *Collected) Mean(wanted, left map[int32]int) (mean float64, ok bool) {
	sum, n := 0.0, 0
	for _, id := range slices.Sorted(maps.Keys(wanted)) {
		if wanted[id] == 0 {
			continue
		}
		n += len(c.Measure.Overlaps)
		class := c.classes[id]
		if class == nil {
			class = &ranking{}
		}
		class.sort()
		for i := range c.Measure.Overlaps {
			sum += c.precision(class.boxes, i, wanted[id], left[id])
		}
	}
	return sum / float64(n), n > 0
}

// sort sorts the boxes by rank.
func (r *ranking) sort() {
	if !r.sorted {
		slices.SortFunc(r.boxes, func(a, b ranked) int { return cmp.Compare(a.rank, b.rank) })
		r.sorted = true
	}
}

// precision is the average precision of a class at one of the overlaps, where so many objects of all that are wanted
// are found first: the mean over 101 recalls of the best precision at that recall or more.
func (c *Collected) precision(boxes []ranked, overlap, wanted, first int) float64 {
	c.recalls, c.precisions = c.recalls[:0], c.precisions[:0]
	right, all := 0.0, 0.0
	find := func() {
		all, right = all+1, right+1 // between two of these precision falls, and recall stays
		c.recalls = append(c.recalls, right/float64(wanted))
		c.precisions = append(c.precisions, right/(all+0x1p-52))
	}
	for range first {
		find()
	}
	for _, b := range boxes {
		switch {
		case b.ignored>>overlap&1 != 0:
		case b.right>>overlap&1 != 0:
			find()
		default:
			all++
		}
	}
	for i := len(c.precisions) - 1; i > 0; i-- {
		c.precisions[i-1] = max(c.precisions[i-1], c.precisions[i])
	}
	sum, at := 0.0, 0
	for i := range 101 {
		want := float64(i) * 0.01
		for at < len(c.recalls) && c.recalls[at] < want {
			at++
		}
		if at == len(c.recalls) {
			break
		}
		sum += c.precisions[at]
	}
	return sum / 101
}
