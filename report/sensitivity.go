package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// A loss is the fall of the score at the step of the chain (the list of demotions) that demoted a holder to int8. It is
// not the loss of the holder alone: all earlier demotions count too, and holders of one step share the loss.
type loss struct {
	Holder int      // in graph order
	Step   int      // number of the step
	Place  int      // of the step in the chain, from 1; 0: the chain does not demote it
	With   int      // other holders of the same step
	Lost   *float64 // negative: the score rose; nil: not known
}

// losses returns a loss for every holder in graph order, of the last step that demoted it.
func (r *Run) losses(points []point) []loss {
	index := make(map[string]int, len(r.Holders))
	list := make([]loss, len(r.Holders))
	for i, h := range r.Holders {
		index[h.Name], list[i].Holder = i, i
	}
	for at, p := range points {
		for _, m := range p.Moves {
			if i, ok := index[m.Name]; ok && !m.Promoted {
				list[i] = loss{Holder: i, Step: p.Step, Place: at + 1, With: len(p.Moves) - 1, Lost: p.Lost}
			}
		}
	}
	return list
}

// ranked lists the holders with a value, the largest first, equal ones in graph order.
func (m *measure) ranked() []int {
	var list []int
	for i, v := range m.Values {
		if finite(v) != nil {
			list = append(list, i)
		}
	}
	slices.SortStableFunc(list, func(a, b int) int { return cmp.Compare(*m.Values[b], *m.Values[a]) })
	return list
}

// bars is the number of holders that the ranking draws; the table has all.
const bars = 30

// ranking draws the holders with the largest values, those above 0.
func (r *Run) ranking(id, table string, m *measure) *figure {
	list := m.ranked()
	cost := 0 // those that cost anything come first
	for cost < len(list) && *m.Values[list[cost]] > 0 {
		cost++
	}
	drawn := list[:min(cost, bars)]
	if len(drawn) == 0 {
		return nil
	}
	caption := m.Title + ", the largest first"
	if cost > bars {
		caption += fmt.Sprintf(" (%d of %d)", bars, cost)
	}
	var words string
	for _, i := range drawn[:min(5, len(drawn))] {
		words += fmt.Sprintf("%s: %s. ", short(r.Holders[i].Name), brief(*m.Values[i]))
	}
	const row, top, names = 20.0, 26.0, 330.0
	xs := newSpan()
	zero := 0.0
	xs.add(&zero)
	for _, i := range drawn {
		xs.add(m.Values[i])
	}
	d := newDrawing(id, caption, words, pictureWidth, top+row*float64(len(drawn))+8)
	x := newAxis(xs.low, xs.high, names, pictureWidth-90)
	d.label(m.Name, "start", "name", x.at(0), 14)
	for k, i := range drawn {
		y := top + row*float64(k)
		name, value := short(r.Holders[i].Name), *m.Values[i]
		d.label(clipped(name, 40), "end", "tick", names-12, y+13)
		d.rect(r.widthClass(i), fmt.Sprintf("%s: %s", name, brief(value)), x.at(0), y+2, max(x.at(value)-x.at(0), 1), row-5)
		text := brief(value)
		if m.With != nil && m.With[i] > 0 {
			text += fmt.Sprintf(" with %d more", m.With[i])
		}
		d.label(text, "start", "tick", x.at(value)+6, y+13)
	}
	d.line("axis", x.at(0), top-4, x.at(0), top+row*float64(len(drawn)))
	return &figure{ID: id, Caption: caption, Picture: d.html(), Table: table, Keys: r.widthKeys()}
}

// widthClass colours a bar by the width that its holder ended with.
func (r *Run) widthClass(holder int) string {
	if r.isLow(r.Holders[holder]) {
		return "low"
	}
	return "high"
}

func (r *Run) widthKeys() []key {
	return []key{{"low", "ends at " + r.lowWords()}, {"high", "ends at " + r.highWords()}}
}

// along draws a measure in graph order.
func (r *Run) along(id, table string, m *measure) *figure {
	ys, known := newSpan(), m.known()
	zero := 0.0
	ys.add(&zero)
	ys.add(m.Values...)
	if known == 0 {
		return nil
	}
	caption := m.Title + ", along the network"
	words := fmt.Sprintf("Known for %d of %s; values from %s to %s.", known, plural(len(m.Values), "holder"), brief(ys.low), brief(ys.high))
	rows, each := panels(len(m.Values))
	const panel, bottom, top = 170.0, 34.0, 26.0
	d := newDrawing(id, caption, words, pictureWidth, float64(rows)*panel)
	w := (pictureWidth - left - right) / float64(each)
	for row := range rows {
		y := newAxis(ys.low, ys.high, float64(row+1)*panel-bottom, float64(row)*panel+top)
		d.panel(row, each, len(m.Values), w, y, y.ticks(5), m.Name)
		for i := row * each; i < min((row+1)*each, len(m.Values)); i++ {
			value := finite(m.Values[i])
			if value == nil {
				continue
			}
			x := left + float64(i%each)*w
			a, b := y.at(max(*value, 0)), y.at(min(*value, 0))
			d.rect(r.widthClass(i), fmt.Sprintf("%d: %s", i, brief(*value)), x, a, w*0.85, math.Max(b-a, 1))
		}
		d.line("axis", left, y.at(0), pictureWidth-right, y.at(0))
	}
	return &figure{ID: id, Caption: caption, Picture: d.html(), Table: table, Keys: r.widthKeys()}
}

// panel draws the grid and the numbers of one row of a picture along the network.
func (d *drawing) panel(row, each, n int, w float64, y axis, ticks []float64, name string) {
	for _, v := range ticks {
		d.line("grid", left, y.at(v), pictureWidth-right, y.at(v))
		d.label(brief(v), "end", "tick", left-8, y.at(v)+4)
	}
	for i := row * each; i < min((row+1)*each, n); i += max(1, each/10) {
		d.label(fmt.Sprint(i), "middle", "tick", left+(float64(i%each)+0.5)*w, y.start+18)
	}
	if row == 0 {
		d.label(name, "start", "name", 8, y.end-10)
	}
}

// clipped shortens a name and keeps its end, which says more than its beginning.
func clipped(name string, most int) string {
	runes := []rune(name)
	if len(runes) <= most {
		return name
	}
	return "…" + string(runes[len(runes)-most+1:])
}
