package detect

import (
	"fmt"
	"strings"
)

// A Layout says how a network's outputs hold boxes.
type Layout string

const (
	// YOLOv5: one output [cells, 5 + classes]: box, whether there is an object, and how sure its class is. The score of
	// a class is the product. A box is its middle, width and height, in pixels of the input.
	YOLOv5 Layout = "yolov5"
	// YOLOv8: one output [4 + classes, cells]: box, and the score of each class.
	YOLOv8 Layout = "yolov8"
	// YOLOv5Heads: an output for each grid of cells, as its convolution gives it, [anchors * (5 + classes), height,
	// width].
	YOLOv5Heads Layout = "yolov5-heads"
	// YOLOv8Heads: an output for each grid of cells, [4 * bins + classes, height, width], or two, of boxes and of
	// classes.
	YOLOv8Heads Layout = "yolov8-heads"
	// SSD: [anchors, 4] with the offsets from anchors, and [anchors, 1 + classes] with the logits of the background and
	// the classes.
	SSD Layout = "ssd"
	// SSDScores is SSD with scores in place of logits: what a softmax or a sigmoid in the network gives.
	SSDScores Layout = "ssd-scores"
	// Boxes: what is left after a suppression in the network: [boxes, 6] with x1, y1, x2, y2, score and class; or three
	// outputs, [boxes, 4] with the corners, [boxes] with scores and [boxes] with classes.
	Boxes Layout = "boxes"
)

// Layouts are all of them.
var Layouts = []Layout{YOLOv5, YOLOv8, YOLOv5Heads, YOLOv8Heads, SSD, SSDScores, Boxes}

// A View is what a reader must know beside the outputs.
type View struct {
	Width, Height int // of the network's input, in pixels; 0: not known, which heads do not allow
	// by the layout: YOLOv5Heads: width and height of each anchor in pixels, those of the finest grid first, nil for
	// COCO's of YOLOv5; SSD: middle x, middle y, width and height of each in pixels.
	Anchors []float64
}

// A Reader reads boxes out of the outputs of one sample.
type Reader interface {
	// Classes is how many classes the outputs tell apart; 0: it is not known.
	Classes() int
	// Suppressed tells whether the network has suppressed boxes itself.
	Suppressed() bool
	// Read appends the boxes of a sample whose score is above a bound; a cell with several such classes is as many
	// boxes. row has the outputs one behind the other. A NaN is above nothing.
	Read(list []Found, row []float32, above float64) []Found
}

// TakesAnchors tells whether a layout reads View.Anchors.
func (l Layout) TakesAnchors() bool { return l == YOLOv5Heads || l.NeedsAnchors() }

// NeedsAnchors tells whether it cannot do without.
func (l Layout) NeedsAnchors() bool { return l == SSD || l == SSDScores }

// NewReader is the reader of outputs with these dimensions, of one sample. The error says what they must be.
func NewReader(l Layout, outputs [][]int64, v View) (Reader, error) {
	most := 2 // axes that an output has
	switch l {
	case YOLOv5Heads:
		most = 4
	case YOLOv8Heads:
		most = 3
	}
	dims := make([][]int64, len(outputs))
	for i, d := range outputs { // axes of size 1 in front say nothing
		for len(d) > most && d[0] == 1 {
			d = d[1:]
		}
		dims[i] = d
	}
	switch l {
	case Boxes:
		return newReady(dims)
	case YOLOv5Heads:
		return newAnchored(dims, v)
	case YOLOv8Heads:
		return newFree(dims, v)
	case SSD, SSDScores:
		return newSSD(dims, v, l == SSDScores)
	}
	return newCells(l, dims)
}

// needs is the error of outputs that have another shape.
func needs(format string, a ...any) error { return fmt.Errorf("needs "+format, a...) }

// listed is a list of dimensions as a message has it.
func listed(dims [][]int64) string {
	var list []string
	for _, d := range dims {
		list = append(list, strings.ReplaceAll(fmt.Sprint(d), " ", ","))
	}
	return strings.Join(list, " ")
}
