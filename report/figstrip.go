package report

import (
	"fmt"
	"strings"
)

// strip draws the holders in graph order, coloured by width: a holder that stays high is tall and hatched, so that
// neither colour nor a print without it is all that tells them apart.
func (r *Run) strip(id string) *figure {
	n := len(r.Holders)
	if n == 0 {
		return nil
	}
	const rowHeight, top, bottom, tall, flat = 64.0, 8.0, 8.0, 40.0, 20.0
	rows, each := panels(n)
	caption := "The network: holders in graph order, by width"
	d := newDrawing(id, caption, r.stripWords(), pictureWidth, top+bottom+float64(rows)*rowHeight)
	d.hatch(id)
	w := (pictureWidth - left - right) / float64(each)
	gap := min(2, w*0.15)
	for i, h := range r.Holders {
		row, column := i/each, i%each
		x, base := left+float64(column)*w, top+float64(row)*rowHeight+tall
		tip := fmt.Sprintf("%d %s: %s", i, short(h.Name), h.Precision)
		switch {
		case r.isLow(h):
			d.rect("low", tip, x, base-flat, w-gap, flat)
		case h.Precision == "":
			d.rect("unknown", tip, x, base-flat/2, w-gap, flat/2)
		default:
			d.rect("high", tip, x, base-tall, w-gap, tall)
			d.shape("rect", "hatched", "", attr{"fill", "url(#" + id + "-hatch)"}, attr{"x", x}, attr{"y", base - tall}, attr{"width", w - gap}, attr{"height", tall})
		}
		if every := max(1, each/10); column%every == 0 {
			d.label(fmt.Sprint(i), "middle", "tick", x+w/2, base+16)
		}
	}
	return &figure{ID: id, Caption: caption, Picture: d.html(), Table: id + "-table",
		Keys: []key{{"low", r.lowWords()}, {"high", r.highWords() + " (tall, hatched)"}}}
}

// hatch defines the pattern of the tall bars.
func (d *drawing) hatch(id string) {
	d.open("defs")
	d.open("pattern", attr{"id", id + "-hatch"}, attr{"width", 6}, attr{"height", 6}, attr{"patternUnits", "userSpaceOnUse"}, attr{"patternTransform", "rotate(45)"})
	d.line("hatch", 0, 0, 0, 6)
	d.end("pattern")
	d.end("defs")
}

// stripWords lists the holders that stay high, the first of them by name.
func (r *Run) stripWords() string {
	const most = 12
	var high []string
	for _, h := range r.Holders {
		if !r.isLow(h) {
			high = append(high, fmt.Sprintf("%d %s", h.Index, short(h.Name)))
		}
	}
	text := fmt.Sprintf("%s, %d of them %s.", plural(len(r.Holders), "holder"), r.lowCount(), r.lowWords())
	switch {
	case len(high) > most:
		return text + " " + r.highWords() + ": " + strings.Join(high[:most], ", ") + fmt.Sprintf(" and %d more.", len(high)-most)
	case len(high) > 0:
		return text + " " + r.highWords() + ": " + strings.Join(high, ", ") + "."
	}
	return text
}

// compareStrips draws the strips of runs over each other, a run a line.
func compareStrips(id string, views []*view) *figure {
	n := 0
	for _, v := range views {
		n = max(n, len(v.Holders))
	}
	if n == 0 {
		return nil
	}
	const line, top, tall, flat = 30.0, 8.0, 22.0, 10.0
	rows, each := panels(n)
	panel := line*float64(len(views)) + 30
	caption := "The networks: holders in graph order, a line a run"
	var words []string
	for _, v := range views {
		words = append(words, v.Letter+": "+v.stripWords())
	}
	d := newDrawing(id, caption, strings.Join(words, " "), pictureWidth, top+float64(rows)*panel)
	w := (pictureWidth - left - right) / float64(each)
	gap := min(2, w*0.15)
	for row := range rows {
		y := top + float64(row)*panel
		for k, v := range views {
			base := y + float64(k)*line + tall
			d.label(v.Letter, "end", "letter", left-10, base)
			for i := row * each; i < min((row+1)*each, len(v.Holders)); i++ {
				h, x := v.Holders[i], left+float64(i%each)*w
				class, height := "high", tall
				if v.isLow(h) {
					class, height = "low", flat
				}
				d.rect(class, "", x, base-height, w-gap, height)
			}
		}
		for i := row * each; i < min((row+1)*each, n); i += max(1, each/10) {
			d.label(fmt.Sprint(i), "middle", "tick", left+(float64(i%each)+0.5)*w, y+panel-14)
		}
	}
	return &figure{ID: id, Caption: caption, Picture: d.html(), Table: "widths-table",
		Keys: []key{{"low", views[0].LowName()}, {"high", views[0].HighName() + " (tall)"}}}
}
