package report

import (
	"fmt"
	"html/template"
	"math"
)

// A figure is a picture with its caption. A table on the page has the same numbers.
type figure struct {
	ID      string
	Caption string
	Keys    []key
	Picture template.HTML
	Table   string // id of the table that holds the same
}

// A key is an entry of a picture's legend. Class is the CSS class of the symbol that it explains.
type key struct{ Class, Text string }

// Path is the outline of the symbol in a box of 24 by 12.
func (k key) Path() string {
	switch k.Class {
	case "chosen":
		return "M12 0l6 6l-6 6l-6 -6z"
	case "end":
		return "M7 1h10v10h-10z"
	case "point":
		return "M12 3a3 3 0 1 0 .01 0z"
	case "low", "high":
		return "M2 2h20v8h-20z"
	}
	return "M2 6h20"
}

// Sizes of pictures, in the units of their view boxes.
const (
	pictureWidth = 960.0
	halfWidth    = 620.0 // of two side by side
	left         = 72.0  // margin for the labels of the y axis
	right        = 24.0
	perPanel     = 100 // holders in one row of a picture along the network
)

// span collects the lowest and highest value of a picture.
type span struct{ low, high float64 }

func newSpan() span { return span{math.Inf(1), math.Inf(-1)} }

func (s *span) add(values ...*float64) {
	for _, v := range values {
		if v = finite(v); v != nil {
			s.low, s.high = math.Min(s.low, *v), math.Max(s.high, *v)
		}
	}
}

func (s *span) empty() bool { return s.low > s.high }

// plane is a picture with two axes.
type plane struct {
	*drawing
	x, y axis
}

// frame draws both axes with their ticks, labels and names.
func (p plane) frame(xs, ys []float64, xName, yName string) {
	for _, v := range ys {
		p.line("grid", p.x.start, p.y.at(v), p.x.end, p.y.at(v))
		p.label(brief(v), "end", "tick", p.x.start-8, p.y.at(v)+4)
	}
	for _, v := range xs {
		p.line("grid", p.x.at(v), p.y.start, p.x.at(v), p.y.start+5)
		p.label(compact(v), "middle", "tick", p.x.at(v), p.y.start+20)
	}
	p.line("axis", p.x.start, p.y.start, p.x.end, p.y.start)
	p.label(xName, "middle", "name", (p.x.start+p.x.end)/2, p.y.start+40)
	p.label(yName, "start", "name", 8, p.y.end-12)
}

// symbol draws one data point. The kind chooses a circle, a diamond or a square, so that points differ by more than
// their colour. tip is the text that a pointer shows on it.
func (p plane) symbol(kind, tip string, x, y float64) {
	switch kind {
	case "chosen":
		p.shape("path", kind, tip, attr{"d", fmt.Sprintf("M%s %sl8 8l-8 8l-8 -8z", coordinate(x), coordinate(y-8))})
	case "end":
		p.shape("rect", kind, tip, attr{"x", x - 5}, attr{"y", y - 5}, attr{"width", 10}, attr{"height", 10})
	default:
		p.shape("circle", kind, tip, attr{"cx", x}, attr{"cy", y}, attr{"r", 3})
	}
}

// panels cuts n holders into rows of a picture.
func panels(n int) (rows int, each int) {
	if n <= perPanel {
		return 1, n
	}
	return (n + perPanel - 1) / perPanel, perPanel
}
