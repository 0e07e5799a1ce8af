package report

import (
	"fmt"

	"example.org/demote/result"
)

// frontBy is a run's front by a cost, with a score at every point; nil without any.
func (v *view) frontBy(cost string) []result.FrontPoint {
	for _, f := range v.Fronts {
		if f.Cost != cost {
			continue
		}
		var list []result.FrontPoint
		for _, p := range f.Points {
			if scoreValue(p.Score) != nil && finite(&p.Price) != nil {
				list = append(list, p)
			}
		}
		return list
	}
	return nil
}

// compareFronts draws the fronts of several runs over each other, a picture for every cost that two of them have.
func compareFronts(views []*view) (figures []*figure, tables []*table) {
	var costs []string
	runs := map[string]int{}
	for _, v := range views {
		if v.Metric != views[0].Metric {
			return nil, nil
		}
		for _, f := range v.Fronts {
			if len(v.frontBy(f.Cost)) < 2 {
				continue
			}
			if runs[f.Cost]++; runs[f.Cost] == 2 {
				costs = append(costs, f.Cost)
			}
		}
	}
	for i, cost := range costs {
		id := fmt.Sprintf("runs-front-%d", i)
		figures = append(figures, compareFront(id, cost, views))
		head := append(textColumns("run"), numberColumns("cost", "score", "correct", views[0].areLow())...)
		var rows [][]string
		for _, v := range views {
			for _, p := range v.frontBy(cost) {
				rows = append(rows, []string{v.Letter, brief(p.Price), valueText(p.Score), count(p.Score.Correct), fmt.Sprint(p.Int8)})
			}
		}
		tables = append(tables, newTable(id+"-table", "Pareto fronts by "+short(cost)+", run by run", head, rows))
	}
	return figures, tables
}

func compareFront(id, cost string, views []*view) *figure {
	xs, ys := newSpan(), newSpan()
	for _, v := range views {
		for _, p := range v.frontBy(cost) {
			xs.add(&p.Price)
			ys.add(scoreValue(p.Score))
		}
	}
	caption := "Pareto fronts: score against cost, by " + short(cost) + ", run by run"
	words := caption + "."
	const height, top, bottom = 320.0, 34.0, 52.0
	p := plane{newDrawing(id, caption, words, pictureWidth, height),
		newAxis(xs.low, xs.high, left, pictureWidth-right), newAxis(ys.low, ys.high, height-bottom, top)}
	p.frame(p.x.ticks(7), p.y.ticks(6), "cost, by "+short(cost), views[0].scoreName())
	f := &figure{ID: id, Caption: caption, Table: id + "-table"}
	for i, v := range views {
		points := v.frontBy(cost)
		if len(points) == 0 {
			continue
		}
		class := fmt.Sprintf("run run%d", i%runColours)
		p.stairs(class, points)
		f.Keys = append(f.Keys, key{class, v.Letter + ": " + v.Name})
	}
	f.Picture = p.html()
	return f
}

// stairs joins the points of a front: at a cost between two of them, the score is that of the cheaper.
func (p plane) stairs(class string, points []result.FrontPoint) {
	var xy [][2]float64
	for i, q := range points {
		x, y := p.x.at(q.Price), p.y.at(*scoreValue(q.Score))
		if i > 0 {
			xy = append(xy, [2]float64{x, xy[len(xy)-1][1]})
		}
		xy = append(xy, [2]float64{x, y})
	}
	p.polyline(class, append(xy, [2]float64{p.x.end, xy[len(xy)-1][1]}))
}
