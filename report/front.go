package report

import (
	"fmt"

	"example.org/demote/result"
)

// fronts shows the score that was found for each cost, in all costs of the result.
func (v *view) fronts() *section {
	s := v.section("fronts", "Score against cost")
	s.Pair = true
	for i, f := range v.Fronts {
		if len(f.Points) < 2 {
			continue
		}
		id := fmt.Sprintf("%s-%d", s.ID, i)
		if fig := v.frontFigure(id, f); fig != nil {
			s.Figures = append(s.Figures, fig)
			s.Tables = append(s.Tables, frontTable(id+"-table", f, v.areLow()))
		}
	}
	if s.Tables == nil {
		return nil
	}
	s.Paragraphs = []string{"Pareto fronts, the target as a dashed line: the mixes that no other one with a full score betters, in cost and score at once. Better ones may exist that nobody has looked at. " +
		"result.json has the mask of each."}
	return s
}

// frontFigure draws a front as points; nil if it has no score to draw.
func (v *view) frontFigure(id string, f result.Front) *figure {
	xs, ys := newSpan(), newSpan()
	for _, p := range f.Points {
		if y := scoreValue(p.Score); y != nil && finite(&p.Price) != nil {
			xs.add(&p.Price)
			ys.add(y)
		}
	}
	if xs.empty() || ys.empty() {
		return nil
	}
	caption := "Score against cost, by " + short(f.Cost)
	words := fmt.Sprintf("%s of %d mixes, from a cost of %s to %s.", caption, len(f.Points), brief(f.Points[0].Price), brief(f.Points[len(f.Points)-1].Price))
	const height, top, bottom = 300.0, 34.0, 52.0
	p := plane{newDrawing(id, caption, words, halfWidth, height),
		newAxis(xs.low, xs.high, left, halfWidth-right), newAxis(ys.low, ys.high, height-bottom, top)}
	p.frame(p.x.ticks(7), p.y.ticks(6), "cost, by "+short(f.Cost), v.scoreName())
	keys := []key{{"point", "a mix"}}
	if t := v.targetValue(); t != nil && *t >= p.y.from && *t <= p.y.to {
		p.line("target", p.x.start, p.y.at(*t), p.x.end, p.y.at(*t))
		keys = append(keys, key{"target", "target"})
	}
	p.stairs("front", v.frontBy(f.Cost))
	for _, q := range f.Points[:min(len(f.Points), circles)] {
		if y := scoreValue(q.Score); y != nil && finite(&q.Price) != nil {
			p.symbol("point", fmt.Sprintf("%d %s for %s: %s", q.Int8, v.areLow(), brief(q.Price), v.Text(q.Score)), p.x.at(q.Price), p.y.at(*y))
		}
	}
	if price := v.mixPrice(f.Cost); price != nil && scoreValue(v.Score.Mixed) != nil && *price >= p.x.from && *price <= p.x.to {
		p.symbol("chosen", "the answer: "+v.Text(v.Score.Mixed), p.x.at(*price), p.y.at(*scoreValue(v.Score.Mixed)))
		keys = append(keys, key{"chosen", "the answer"})
	}
	return &figure{ID: id, Caption: caption, Keys: keys, Picture: p.html(), Table: id + "-table"}
}

// mixPrice is what the answer costs by a cost; nil if it is not known.
func (v *view) mixPrice(cost string) *float64 {
	for _, c := range v.Savings {
		if c.Cost == cost && finite(c.Total) != nil {
			left := *c.Total - c.Saved
			return &left
		}
	}
	if cost == orCount(v.Cost) {
		return finite(v.MixCost)
	}
	return nil
}

func frontTable(id string, f result.Front, low string) *table {
	var rows [][]string
	for _, p := range f.Points {
		if p.Score != nil {
			rows = append(rows, []string{brief(p.Price), valueText(p.Score), count(p.Score.Correct), fmt.Sprint(p.Int8)})
		}
	}
	return newTable(id, "Score against cost, by "+short(f.Cost), numberColumns("cost", "score", "correct", "in "+low), rows)
}
