package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// A loss is what the chain says of one holder: by how much the score fell at the step that demoted it. It is no score of
// the holder alone: what was demoted before it counts as well, and holders of one step share the loss.
type loss struct {
	Holder int      // in graph order
	Step   int      // number of the step
	Place  int      // of the step in the chain, from 1; 0: the chain does not demote it
	With   int      // other holders of the same step
	Lost   *float64 // negative: the score rose; nil: not known
}

// losses gives a loss for every holder in graph order, of the last step that demoted it.
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

// ranked sorts the known losses, the largest first, equal ones by their place in the chain.
func ranked(all []loss) []loss {
	var list []loss
	for _, l := range all {
		if l.Lost != nil {
			list = append(list, l)
		}
	}
	slices.SortStableFunc(list, func(a, b loss) int {
		return cmp.Or(cmp.Compare(*b.Lost, *a.Lost), cmp.Compare(a.Place, b.Place), cmp.Compare(a.Holder, b.Holder))
	})
	return list
}

// bars is how many holders the ranking draws; the table has all.
const bars = 30

// ranking draws the holders whose demotion cost the most.
func (r *Run) ranking(id, table string, all []loss) *figure {
	list := ranked(all)
	if len(list) == 0 {
		return nil
	}
	cost := 0 // those that cost anything come first
	for cost < len(list) && *list[cost].Lost > 0 {
		cost++
	}
	drawn := list[:min(cost, bars)]
	if len(drawn) == 0 {
		return nil
	}
	caption := "Score lost at the step that demoted a holder, the largest first"
	if cost > bars {
		caption += fmt.Sprintf(" (%d of %d)", bars, cost)
	}
	var words string
	for _, l := range drawn[:min(5, len(drawn))] {
		words += fmt.Sprintf("%s: %s. ", short(r.Holders[l.Holder].Name), brief(*l.Lost))
	}
	const row, top, names = 20.0, 26.0, 330.0
	xs := newSpan()
	zero := 0.0
	xs.add(&zero)
	for _, l := range drawn {
		xs.add(l.Lost)
	}
	d := newDrawing(id, caption, words, pictureWidth, top+row*float64(len(drawn))+8)
	x := newAxis(xs.low, xs.high, names, pictureWidth-90)
	d.label("score lost", "start", "name", x.at(0), 14)
	for i, l := range drawn {
		y := top + row*float64(i)
		name := short(r.Holders[l.Holder].Name)
		d.label(clipped(name, 40), "end", "tick", names-12, y+13)
		from, to := x.at(min(*l.Lost, 0)), x.at(max(*l.Lost, 0))
		d.rect(lossClass(r, l), fmt.Sprintf("%s: %s at step %d", name, brief(*l.Lost), l.Step), from, y+2, max(to-from, 1), row-5)
		text := brief(*l.Lost)
		if l.With > 0 {
			text += fmt.Sprintf(" with %d more", l.With)
		}
		d.label(text, "start", "tick", to+6, y+13)
	}
	d.line("axis", x.at(0), top-4, x.at(0), top+row*float64(len(drawn)))
	return &figure{ID: id, Caption: caption, Picture: d.html(), Table: table, Keys: r.widthKeys()}
}

// lossClass colours a bar by the width that its holder ended with.
func lossClass(r *Run, l loss) string {
	if r.isLow(r.Holders[l.Holder]) {
		return "low"
	}
	return "high"
}

func (r *Run) widthKeys() []key {
	return []key{{"low", "ends at " + r.LowName()}, {"high", "ends at " + r.HighName()}}
}

// lossesAlong draws the losses in graph order.
func (r *Run) lossesAlong(id, table string, all []loss) *figure {
	ys, known := newSpan(), 0
	zero := 0.0
	ys.add(&zero)
	for _, l := range all {
		if ys.add(l.Lost); l.Lost != nil {
			known++
		}
	}
	if known == 0 {
		return nil
	}
	caption := "Score lost, along the network"
	words := fmt.Sprintf("Known for %d of %s; losses from %s to %s.", known, plural(len(all), "holder"), brief(ys.low), brief(ys.high))
	rows, each := panels(len(all))
	const panel, bottom, top = 170.0, 34.0, 26.0
	d := newDrawing(id, caption, words, pictureWidth, float64(rows)*panel)
	w := (pictureWidth - left - right) / float64(each)
	for row := range rows {
		y := newAxis(ys.low, ys.high, float64(row+1)*panel-bottom, float64(row)*panel+top)
		d.panel(row, each, len(all), w, y, y.ticks(5), "score lost")
		for _, l := range all[row*each : min((row+1)*each, len(all))] {
			x := left + float64(l.Holder%each)*w
			if l.Lost == nil {
				continue
			}
			a, b := y.at(max(*l.Lost, 0)), y.at(min(*l.Lost, 0))
			d.rect(lossClass(r, l), fmt.Sprintf("%d %s: %s", l.Holder, short(r.Holders[l.Holder].Name), brief(*l.Lost)), x, a, w*0.85, math.Max(b-a, 1))
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

// clipped keeps the end of a name, which tells more than its beginning.
func clipped(name string, most int) string {
	runes := []rune(name)
	if len(runes) <= most {
		return name
	}
	return "…" + string(runes[len(runes)-most+1:])
}
