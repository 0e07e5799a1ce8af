package detect

import "math"

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

// Mean is the mean average precision over images, in their order. ok is false where no object counts.
func (m Measure) Mean(images []Image) (mean float64, ok bool) {
	wanted, c := map[int32]int{}, Collected{Measure: m}
	var w work
	for i, image := range images {
		w.image(m, image)
		c.Add(i, w.judged)
		m.Count(image.Wanted, wanted)
	}
	return c.Mean(wanted, nil)
}

// inside tells whether an object of an area counts.
func (m Measure) inside(area float64) bool {
	return area >= m.From && area <= m.To && !math.IsNaN(area)
}
