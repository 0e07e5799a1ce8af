package report

import (
	"fmt"
	"html/template"
	"math"

	"example.org/demote/result"
)

// A fit says how well a grid suits a histogram.
type fit struct {
	steps   float64 // of the grid, over which the middle 95 % of the values spread
	clipped float64 // share of the values that lie beyond the grid
}

// newFit measures a grid on a histogram; nil without one, or of one that is damaged, or of a grid without steps. Within
// a bin, values are taken to be spread evenly.
func newFit(h *result.Histogram, g result.Grid) *fit {
	if h == nil || !(h.Max > h.Min) || finite(&h.Min) == nil || finite(&h.Max) == nil || len(h.Counts) == 0 || g.Type != "" || !(step(g) > 0) {
		return nil
	}
	total := 0.0
	for _, c := range h.Counts {
		total += float64(c)
	}
	if total == 0 {
		return nil
	}
	w := (h.Max - h.Min) / float64(len(h.Counts))
	quantile := func(part float64) float64 {
		have := 0.0
		for i, c := range h.Counts {
			if next := have + float64(c); c > 0 && next >= part*total {
				return h.Min + w*(float64(i)+(part*total-have)/float64(c))
			} else {
				have = next
			}
		}
		return h.Max
	}
	f := &fit{steps: (quantile(0.975) - quantile(0.025)) / step(g)}
	low, high := g.Min-step(g)/2, g.Max+step(g)/2
	for i, c := range h.Counts {
		from, to := h.Min+w*float64(i), h.Min+w*float64(i+1)
		out := math.Max(0, math.Min(to, low)-from) + math.Max(0, to-math.Max(from, high))
		f.clipped += float64(c) / total * math.Min(out/w, 1)
	}
	if f.clipped < 1e-9 {
		f.clipped = 0
	}
	return f
}

// histogram draws the values of a holder, and its two grids below them.
func (v *view) histogram(id string, i int) template.HTML {
	h := v.Holders[i]
	g := h.Histogram
	xs := span{g.Min, g.Max}
	for _, grid := range []result.Grid{h.Low, h.High} {
		if grid.Type == "" {
			xs.add(&grid.Min, &grid.Max)
		}
	}
	const width, height, base, top = 340.0, 150.0, 92.0, 8.0
	f := newFit(g, h.Low)
	words := fmt.Sprintf("Values from %s to %s. The middle 95 %% have %s steps of %s.", brief(g.Min), brief(g.Max), brief2(f.steps), v.LowName())
	d := newDrawing(id, fmt.Sprintf("Values of holder %d on both grids", i), words, width, height)
	x := axis{from: xs.low, to: xs.high, start: 44, end: width - 10}
	most := 1.0
	for _, c := range g.Counts {
		most = math.Max(most, math.Sqrt(float64(c)))
	}
	w := (g.Max - g.Min) / float64(len(g.Counts))
	for k, c := range g.Counts {
		if c == 0 {
			continue
		}
		from, to := x.at(g.Min+w*float64(k)), x.at(g.Min+w*float64(k+1))
		tall := math.Max((base-top)*math.Sqrt(float64(c))/most, 0.7)
		d.rect("values", "", from, base-tall, math.Max(to-from-0.4, 0.5), tall)
	}
	d.line("axis", x.start, base, x.end, base)
	for k, one := range []struct {
		grid        result.Grid
		class, name string
	}{{h.Low, "low", v.LowName()}, {h.High, "high", v.HighName()}} {
		y := base + 8 + 16*float64(k)
		d.label(one.name, "end", "tick", x.start-6, y+9)
		if one.grid.Type != "" {
			continue
		}
		d.rect(one.class, "", x.at(one.grid.Min), y, x.at(one.grid.Max)-x.at(one.grid.Min), 10)
		apart := (x.end - x.start) * step(one.grid) / (xs.high - xs.low)
		for q := one.grid.Min; apart >= 3 && q <= one.grid.Max; q += step(one.grid) {
			d.line("hatch", x.at(q), y, x.at(q), y+10)
		}
	}
	d.label(brief(xs.low), "start", "tick", x.start, height-4)
	d.label(brief(xs.high), "end", "tick", x.end, height-4)
	if xs.low < 0 && xs.high > 0 && x.at(0) > x.start+60 && x.at(0) < x.end-60 {
		d.label("0", "middle", "tick", x.at(0), height-4)
	}
	return d.html()
}
