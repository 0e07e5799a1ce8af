package report

import (
	"html/template"
	"math"
	"strconv"
	"strings"
)

// A drawing builds one SVG picture. Every text and attribute that enters it is escaped, colours come from the page's
// style sheet by class.
type drawing struct{ b strings.Builder }

// attr is one attribute of an element.
type attr struct {
	name  string
	value any // string, float64 or int
}

// newDrawing begins a picture with the name and description that a screen reader reads.
func newDrawing(id, title, desc string, width, height float64) *drawing {
	d := &drawing{}
	d.open("svg", attr{"viewBox", "0 0 " + coordinate(width) + " " + coordinate(height)}, attr{"role", "img"},
		attr{"aria-labelledby", id + "-t " + id + "-d"})
	d.words("title", title, attr{"id", id + "-t"})
	d.words("desc", desc, attr{"id", id + "-d"})
	return d
}

func (d *drawing) open(tag string, attrs ...attr) {
	d.b.WriteString("<" + tag)
	for _, a := range attrs {
		d.b.WriteString(" " + a.name + `="`)
		switch v := a.value.(type) {
		case string:
			template.HTMLEscape(&d.b, []byte(v))
		case float64:
			d.b.WriteString(coordinate(v))
		case int:
			d.b.WriteString(strconv.Itoa(v))
		}
		d.b.WriteString(`"`)
	}
	d.b.WriteString(">")
}

func (d *drawing) end(tag string) { d.b.WriteString("</" + tag + ">") }

// words writes an element that holds text.
func (d *drawing) words(tag, text string, attrs ...attr) {
	d.open(tag, attrs...)
	template.HTMLEscape(&d.b, []byte(text))
	d.end(tag)
}

// shape writes an element; a tip is what a pointer that rests on it shows.
func (d *drawing) shape(tag, class, tip string, attrs ...attr) {
	d.open(tag, append([]attr{{"class", class}}, attrs...)...)
	if tip != "" {
		d.words("title", tip)
	}
	d.end(tag)
}

func (d *drawing) line(class string, x1, y1, x2, y2 float64) {
	d.shape("line", class, "", attr{"x1", x1}, attr{"y1", y1}, attr{"x2", x2}, attr{"y2", y2})
}

func (d *drawing) rect(class, tip string, x, y, w, h float64) {
	d.shape("rect", class, tip, attr{"x", x}, attr{"y", y}, attr{"width", max(w, 0)}, attr{"height", max(h, 0)})
}

// label writes text at a place; anchor is start, middle or end.
func (d *drawing) label(text, anchor, class string, x, y float64) {
	d.words("text", text, attr{"class", class}, attr{"x", x}, attr{"y", y}, attr{"text-anchor", anchor})
}

// polyline joins points.
func (d *drawing) polyline(class string, xy [][2]float64) {
	var b strings.Builder
	for i, p := range xy {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(coordinate(p[0]) + "," + coordinate(p[1]))
	}
	d.shape("polyline", class, "", attr{"points", b.String()})
}

// html ends the picture. It is safe: open and words have escaped what came from outside.
func (d *drawing) html() template.HTML {
	d.end("svg")
	return template.HTML(d.b.String())
}

// coordinate writes a length with one decimal.
func coordinate(v float64) string {
	return strconv.FormatFloat(math.Round(v*10)/10+0, 'f', -1, 64)
}
