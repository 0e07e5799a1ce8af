package detect

import (
	"cmp"
	"math"
	"slices"
)

// A Measure is a mean of average precisions: over classes, and over the overlaps from which on a box counts as found.
type Measure struct {
	Overlaps []float64 // rising, at most 16
	From, To float64   // areas of the objects that count, in square pixels
}

// The areas by which COCO calls objects small, medium and large, in square pixels.
const (
	smallArea  = 32 * 32
	mediumArea = 96 * 96
	anyArea    = 1e5 * 1e5
)

// Measures are those of COCO, by the names of metrics.
var Measures = map[string]Measure{
	"map50":      {Overlaps: []float64{0.5}, To: anyArea},
	"map75":      {Overlaps: []float64{0.75}, To: anyArea},
	"map":        {Overlaps: overlaps(), To: anyArea},
	"map-small":  {Overlaps: overlaps(), To: smallArea},
	"map-medium": {Overlaps: overlaps(), From: smallArea, To: mediumArea},
	"map-large":  {Overlaps: overlaps(), From: mediumArea, To: anyArea},
}

// overlaps are 0.5, 0.55 to 0.95, with the roundings of numpy.linspace.
func overlaps() []float64 {
	first, last := 0.5, 0.95 // in float64, and not exact as constants are
	list := make([]float64, 10)
	for i := range list {
		list[i] = float64(float64(i)*((last-first)/9)) + first
	}
	list[9] = 0.95
	return list
}

// perImage is how many boxes of a class count in an image, by COCO.
const perImage = 100

// A judged is a box that was found, with a bit for each overlap: whether it is right, and whether it does not count.
type judged struct {
	rank           uint64 // rises as scores fall, and among equal ones with the box's number in the order of the images
	right, ignored uint16
}

// rankOf is the rank of a box by its score and number.
func rankOf(score float32, at int32) uint64 {
	bits := math.Float32bits(score + 0) // -0 is 0
	if bits>>31 == 0 {
		bits = ^bits &^ (1 << 31) // from 0 for the largest on
	}
	return uint64(bits)<<32 | uint64(uint32(at))
}

// A class is what was found of one in all images.
type class struct {
	found  []judged
	wanted int // objects that count
}

// Mean is the mean average precision over images: AP at 101 recalls, mean over the overlaps and the classes that the
// images have objects of (Lin et al., Microsoft COCO, 2014, as pycocotools computes it). ok is false where no object
// counts.
func (m Measure) Mean(images []Image) (mean float64, ok bool) {
	classes := map[int32]*class{}
	at := int32(0)
	var w work
	for _, image := range images {
		w.image(m, image, classes, &at)
	}
	sum, n := 0.0, 0
	for _, c := range slices.Sorted(keysOf(classes)) {
		if one := classes[c]; one.wanted > 0 {
			slices.SortFunc(one.found, func(a, b judged) int { return cmp.Compare(a.rank, b.rank) })
			for i := range m.Overlaps {
				sum += w.precision(one, i)
			}
			n += len(m.Overlaps)
		}
	}
	return sum / float64(n), n > 0
}

// keysOf are the keys of a map.
func keysOf[V any](m map[int32]V) func(func(int32) bool) {
	return func(yield func(int32) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// precision is the average precision of a class at one of the overlaps: the mean over 101 recalls of the best
// precision at that recall or more.
func (w *work) precision(c *class, overlap int) float64 {
	w.recalls, w.precisions = w.recalls[:0], w.precisions[:0]
	right, all := 0.0, 0.0
	for _, f := range c.found {
		if f.ignored>>overlap&1 != 0 {
			continue
		}
		all++
		if f.right>>overlap&1 != 0 {
			right++ // between two of these precision falls, and recall stays
			w.recalls = append(w.recalls, right/float64(c.wanted))
			w.precisions = append(w.precisions, right/(all+0x1p-52))
		}
	}
	for i := len(w.precisions) - 1; i > 0; i-- {
		w.precisions[i-1] = max(w.precisions[i-1], w.precisions[i])
	}
	sum, at := 0.0, 0
	for i := range 101 {
		want := float64(i) * 0.01
		for at < len(w.recalls) && w.recalls[at] < want {
			at++
		}
		if at == len(w.recalls) {
			break
		}
		sum += w.precisions[at]
	}
	return sum / 101
}

// inside tells whether an object of an area counts.
func (m Measure) inside(area float64) bool {
	return area >= m.From && area <= m.To && !math.IsNaN(area)
}
