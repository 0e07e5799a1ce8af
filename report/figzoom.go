package report

import (
	"fmt"
	"math"
)

// zoomed draws the part of the curve that the answer hangs on: the scores around the target, and the mixes from there
// on. It is nil if there is no curve.
func (v *view) zoomed() *figure {
	n, ys := max(len(v.Holders), maxLow(v.points)), v.zoomSpan()
	if n == 0 || ys.empty() {
		return nil
	}
	from, to := v.zoomSteps(n)
	const width, height, top, bottom = halfWidth, 400.0, 34.0, 48.0
	caption := "Score against the number of " + v.lowHolders() + ", near the target"
	id, table := v.ID+"-zoom", v.ID+"-curve-table"
	if len(v.points) == 0 {
		table = v.ID + "-scores-table"
	}
	p := plane{newDrawing(id, caption, v.curveWords(v.points), width, height),
		axis{from: float64(from), to: float64(to), start: left - 8, end: width - 16}, newAxis(ys.low, ys.high, height-bottom, top)}
	p.frame(wholeBetween(from, to, 8), p.y.ticks(6), v.lowHolders(), v.scoreName())
	keys := []key{}
	across := func(class, text string, value *float64) {
		if value != nil && *value >= p.y.from && *value <= p.y.to {
			p.line(class, p.x.start, p.y.at(*value), p.x.end, p.y.at(*value))
			keys = append(keys, key{class, text})
		}
	}
	across("float", "float network", scoreValue(v.Score.Float))
	across("target", "target", v.targetValue())
	var xy [][2]float64
	var drawn [][][2]float64
	flush := func() {
		for _, piece := range inside(xy, float64(from), float64(to), p.y.from, p.y.to) {
			for i := range piece {
				piece[i] = [2]float64{p.x.at(piece[i][0]), p.y.at(piece[i][1])}
			}
			p.polyline("true", piece)
			drawn = append(drawn, piece)
		}
		xy = nil
	}
	if high := scoreValue(v.Score.High); high != nil && (len(v.points) == 0 || v.points[0].Low-len(v.points[0].Moves) <= 0) {
		xy = append(xy, [2]float64{0, *high})
	}
	known := false
	for _, q := range v.points {
		if q.True == nil {
			flush()
			continue
		}
		known = true
		xy = append(xy, [2]float64{float64(q.Low), *q.True})
	}
	flush()
	if known {
		keys = append(keys, key{"true", "score after each step"})
	}
	shows := func(low int, s *float64) bool {
		return s != nil && low >= from && low <= to && *s >= p.y.from && *s <= p.y.to
	}
	for _, q := range v.points {
		if shows(q.Low, q.True) && len(v.points) <= circles {
			p.symbol("point", fmt.Sprintf("step %d: %d %s, %s", q.Step, q.Low, v.areLow(), number(*q.True)), p.x.at(float64(q.Low)), p.y.at(*q.True))
		}
	}
	ends := false
	for _, e := range []struct {
		low int
		s   *float64
	}{{0, scoreValue(v.Score.High)}, {n, scoreValue(v.Score.Low)}} {
		if shows(e.low, e.s) {
			p.symbol("end", number(*e.s), p.x.at(float64(e.low)), p.y.at(*e.s))
			ends = true
		}
	}
	if ends {
		keys = append(keys, key{"end", v.allHigh() + ", " + v.allLow()})
	}
	if s := scoreValue(v.Score.Mixed); len(v.Holders) > 0 && shows(v.lowCount(), s) {
		x, y := p.x.at(float64(v.lowCount())), p.y.at(*s)
		p.symbol("chosen", "the answer: "+v.Text(v.Score.Mixed), x, y)
		p.labelClear(fmt.Sprintf("%d %s: %s", v.lowCount(), v.areLow(), gaugeNumber(v.Score.Mixed)), x, y, drawn, v.targetValue())
		keys = append(keys, key{"chosen", "the answer"})
	}
	return &figure{ID: id, Caption: caption, Keys: keys, Picture: p.html(), Table: table}
}

// zoomSpan is the span of scores from somewhat below the target to the best there are, three times as far below the
// target as the baseline lies above it at most.
func (v *view) zoomSpan() span {
	near := newSpan()
	near.add(scoreValue(v.Score.Mixed), scoreValue(v.Score.High), v.targetValue())
	all := newSpan()
	all.add(&near.low, &near.high, scoreValue(v.Score.Low), scoreValue(v.Score.Float))
	for _, q := range v.points {
		all.add(q.True)
	}
	if near.empty() || near.low == near.high {
		return all
	}
	reach := 2.5 * (near.high - near.low)
	return span{math.Max(all.low, near.low-reach), math.Min(all.high, near.high+reach)}
}

// zoomSteps are the numbers of low holders to show: all, but for those at the beginning that lie far before the answer.
func (v *view) zoomSteps(n int) (from, to int) {
	if n <= 40 {
		return 0, n
	}
	low := v.lowCount()
	reach := max(20, 3*(n-low))
	return max(0, min(low, n)-reach), n
}

// wholeBetween are round whole numbers of a stretch.
func wholeBetween(from, to, count int) (list []float64) {
	all := wholeNumbers(to-from, count)
	step := 1
	if len(all) > 1 {
		step = int(all[1])
	}
	for v := (from + step - 1) / step * step; v <= to; v += step {
		list = append(list, float64(v))
	}
	return list
}
