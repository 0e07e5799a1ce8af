package report

import (
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"

	"example.org/demote/internal/layered"
)

// graphSize is the size of the graph's parts, in units of its view box; at that size a label has 11 pixels.
var graphSize = layered.Size{Width: 84, Height: 22, Gap: 10, Lane: 12, Between: 16, Gutter: 40, Aspect: 1.35}

// A graph is the network as a picture to move about in: a node for every holder, and a line wherever the one is
// computed from the other.
type graph struct {
	*figure
	High []int // holders that stay high, in graph order
	Note string
}

// hasGraph reports whether the result says what the holders are computed from.
func (r *Run) hasGraph() bool {
	for _, h := range r.Holders {
		if len(h.From) > 0 || len(h.Ops) > 0 {
			return true
		}
	}
	return false
}

// graph draws the network; without holders it is nil, and of a result without edges a line in graph order.
func (v *view) graph() *graph {
	n := len(v.Holders)
	if n == 0 {
		return nil
	}
	from := make([][]int, n)
	known := v.hasGraph()
	for i, h := range v.Holders {
		switch from[i] = h.From; {
		case known || i == 0:
		default:
			from[i] = []int{i - 1}
		}
	}
	id := v.ID + "-graph"
	g := &graph{figure: &figure{ID: id, Caption: "The network", Table: v.ID + "-network-table",
		Keys: []key{{"low", v.lowWords()}, {"high", v.highWords() + " (bold, double frame)"}}}}
	if !known {
		g.Note = "This result does not say what the activations are computed from (it is of an older version): they stand in graph order."
	}
	for i, h := range v.Holders {
		if !v.isLow(h) {
			g.High = append(g.High, i)
		}
	}
	g.Picture = v.drawGraph(id, layered.Layout(from, graphSize), from)
	return g
}

// drawGraph is the picture. Nodes are links to the rows of the table; page.js makes the keys move from one to the next.
func (v *view) drawGraph(id string, l layered.Drawing, from [][]int) template.HTML {
	d := &drawing{}
	fit := fmt.Sprintf("0 0 %s %s", coordinate(l.Width), coordinate(l.Height))
	d.open("svg", attr{"class", "graph"}, attr{"viewBox", fit}, attr{"data-fit", fit}, attr{"role", "group"}, attr{"tabindex", 0},
		attr{"aria-labelledby", id + "-t " + id + "-d"}, attr{"id", id + "-svg"}, attr{"data-run", v.ID})
	d.words("title", "The network as a graph", attr{"id", id + "-t"})
	d.words("desc", v.stripWords()+" Arrow keys go from node to node, Enter to the row of the table, plus and minus zoom, 0 shows all.", attr{"id", id + "-d"})
	for _, far := range []bool{true, false} {
		var b strings.Builder
		for _, e := range l.Edges {
			if e.Far == far {
				follow(&b, e.Points)
			}
		}
		class := "flow"
		if far {
			class = "flow far"
		}
		if b.Len() > 0 {
			d.shape("path", class, "", attr{"d", b.String()})
		}
	}
	after := make([][]int, len(from))
	for i, list := range from {
		for _, j := range list {
			if j >= 0 && j < len(after) {
				after[j] = append(after[j], i)
			}
		}
	}
	w, h := graphSize.Width, graphSize.Height
	for i, p := range l.Nodes {
		class := "node high"
		if v.isLow(v.Holders[i]) {
			class = "node low"
		}
		d.open("a", attr{"class", class}, attr{"id", fmt.Sprintf("%s-n%d", v.ID, i)}, attr{"href", fmt.Sprintf("#%s-h%d", v.ID, i)}, attr{"tabindex", -1},
			attr{"data-to", joinInts(after[i])}, attr{"transform", "translate(" + coordinate(p.X) + " " + coordinate(p.Y) + ")"})
		d.words("title", v.nodeWords(i))
		d.open("rect", attr{"x", -w / 2}, attr{"y", -h / 2}, attr{"width", w}, attr{"height", h})
		d.end("rect")
		if class == "node high" { // not by its colour alone
			d.open("rect", attr{"class", "frame"}, attr{"x", -w/2 - 4}, attr{"y", -h/2 - 4}, attr{"width", w + 8}, attr{"height", h + 8})
			d.end("rect")
		}
		d.words("text", v.nodeLabel(i), attr{"y", 4})
		d.end("a")
	}
	return d.html()
}

// follow adds the way of an edge to a path.
func follow(b *strings.Builder, points []layered.Point) {
	for k, p := range points {
		command := "L"
		if k == 0 {
			command = "M"
		}
		b.WriteString(command + coordinate(p.X) + " " + coordinate(p.Y))
	}
}

// nodeLabel is the holder's number and what computes it, in few letters.
func (v *view) nodeLabel(i int) string {
	return clippedEnd(strconv.Itoa(i)+" "+v.mainOp(i), 12)
}

// mainOp is the operator that says most of how a tensor comes about: the first that multiplies with weights, else the
// last.
func (v *view) mainOp(i int) string {
	ops := v.Holders[i].Ops
	for _, op := range ops {
		if slices.Contains([]string{"Conv", "ConvTranspose", "MatMul", "Gemm", "LSTM", "GRU", "RNN", "Attention"}, op) {
			return op
		}
	}
	switch {
	case v.Holders[i].Weights:
		return "weights"
	case len(ops) > 0:
		return short(ops[len(ops)-1])
	case len(v.Holders[i].From) == 0 && v.hasGraph():
		return "input"
	}
	return ""
}

func (v *view) nodeWords(i int) string {
	h := v.Holders[i]
	text := fmt.Sprintf("%d %s: %s", i, short(h.Name), h.Precision)
	if h.Weights {
		text += ", weights"
	}
	if len(h.Ops) > 0 {
		text += ", by " + short(strings.Join(h.Ops, ", "))
	}
	return text
}

func joinInts(list []int) string {
	var b strings.Builder
	for k, i := range list {
		if k > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(strconv.Itoa(i))
	}
	return b.String()
}

// clippedEnd shortens a text and keeps its beginning.
func clippedEnd(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}
