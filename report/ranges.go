package report

import (
	"fmt"
	"math"

	"example.org/demote/result"
)

// ranges draws the ranges of the two grids of every holder; a value outside is clipped to the end.
func (r *Run) ranges(id, table string) *figure {
	ends, smallest := newSpan(), math.Inf(1)
	seen := false
	for _, h := range r.Holders {
		if h.Seen != nil {
			ends.add(&h.Seen.Min, &h.Seen.Max)
			seen = true
		}
		for _, g := range []result.Grid{h.Low, h.High} {
			ends.add(&g.Min, &g.Max)
			if reach := math.Max(math.Abs(g.Min), math.Abs(g.Max)); reach > 0 && reach <= drawable {
				smallest = math.Min(smallest, reach)
			}
		}
	}
	if ends.empty() || math.IsInf(smallest, 1) {
		return nil
	}
	caption := "Ranges of the two grids, in graph order (logarithmic in both directions)"
	words := fmt.Sprintf("The grids reach from %s to %s.", brief(ends.low), brief(ends.high))
	rows, each := panels(len(r.Holders))
	const panel, bottom, top = 240.0, 34.0, 30.0
	d := newDrawing(id, caption, words, pictureWidth, float64(rows)*panel)
	w := (pictureWidth - left - right) / float64(each)
	linear := math.Pow(10, math.Floor(math.Log10(smallest))-0.5)
	for row := range rows {
		y := newLogAxis(ends.low, ends.high, linear, float64(row+1)*panel-bottom, float64(row)*panel+top)
		d.panel(row, each, len(r.Holders), w, y, y.powers(9), "value")
		for i := row * each; i < min((row+1)*each, len(r.Holders)); i++ {
			h, x := r.Holders[i], left+float64(i%each)*w
			tip := fmt.Sprintf("%d: %s %s to %s, %s %s to %s", i, width(h.Low), brief(h.Low.Min), brief(h.Low.Max),
				width(h.High), brief(h.High.Min), brief(h.High.Max))
			if h.Seen != nil {
				tip += fmt.Sprintf(", seen %s to %s", brief(h.Seen.Min), brief(h.Seen.Max))
			}
			d.open("g")
			d.words("title", tip)
			d.rect("low", "", x+w*0.1, y.at(h.Low.Max), w*0.5, math.Max(y.at(h.Low.Min)-y.at(h.Low.Max), 1))
			d.rect("high", "", x+w*0.65, y.at(h.High.Max), math.Max(w*0.2, 1), math.Max(y.at(h.High.Min)-y.at(h.High.Max), 1))
			if h.Seen != nil {
				d.line("seen", x+w*0.35, y.at(h.Seen.Max), x+w*0.35, y.at(h.Seen.Min))
			}
			d.end("g")
		}
	}
	f := &figure{ID: id, Caption: caption, Picture: d.html(), Table: table,
		Keys: []key{{"low", r.lowWords() + " grid (wide bar)"}, {"high", r.highWords() + " grid (thin bar)"}}}
	if seen {
		f.Keys = append(f.Keys, key{"seen", "values that the calibration saw (line)"})
	}
	return f
}

// resolution draws the steps of the two grids of every holder.
func (r *Run) resolution(id, table string) *figure {
	steps := newSpan()
	for _, h := range r.Holders {
		for _, g := range []result.Grid{h.Low, h.High} {
			if s := exponent(step(g)); s != nil {
				steps.add(s)
			}
		}
	}
	if steps.empty() {
		return nil
	}
	caption := "Steps of the two grids, in graph order (as powers of 2)"
	words := fmt.Sprintf("Steps from 2 to the power of %s to 2 to the power of %s; a rounded value is off by half a step at most.", brief(steps.low), brief(steps.high))
	rows, each := panels(len(r.Holders))
	const panel, bottom, top = 190.0, 34.0, 30.0
	d := newDrawing(id, caption, words, pictureWidth, float64(rows)*panel)
	w := (pictureWidth - left - right) / float64(each)
	for row := range rows {
		y := newAxis(steps.low, steps.high, float64(row+1)*panel-bottom, float64(row)*panel+top)
		d.panel(row, each, len(r.Holders), w, y, y.ticks(6), "log2 of the step")
		for i := row * each; i < min((row+1)*each, len(r.Holders)); i++ {
			h, x := r.Holders[i], left+float64(i%each)*w
			d.open("g")
			d.words("title", fmt.Sprintf("%d: %s step %s, %s step %s", i, width(h.Low), brief(step(h.Low)), width(h.High), brief(step(h.High))))
			if s := exponent(step(h.Low)); s != nil {
				d.rect("low", "", x, y.at(*s)-2, w*0.8, 4)
			}
			if s := exponent(step(h.High)); s != nil {
				d.rect("high", "", x, y.at(*s)-2, w*0.8, 4)
			}
			d.end("g")
		}
	}
	return &figure{ID: id, Caption: caption, Picture: d.html(), Table: table,
		Keys: []key{{"low", r.lowWords() + " (above)"}, {"high", r.highWords() + " (below)"}}}
}

// exponent is log2 of a step that is positive.
func exponent(step float64) *float64 {
	if !(step > 0) || math.IsInf(step, 1) {
		return nil
	}
	e := math.Log2(step)
	return &e
}
