package report

import (
	"fmt"
	"math"
	"strings"

	"example.org/demote/result"
)

// circles is how many points of a curve are drawn one by one; more would be a thicker line.
const circles = 300

// curve draws the score along the chain, with the target and the result.
func (r *Run) curve(id string, points []point) *figure {
	n := max(len(r.Holders), maxLow(points))
	ys := newSpan()
	ys.add(scoreValue(r.Score.High), scoreValue(r.Score.Low), scoreValue(r.Score.Mixed), scoreValue(r.Score.Float), r.targetValue())
	for _, p := range points {
		ys.add(p.True, p.Recorded)
	}
	if ys.empty() || n == 0 {
		return nil
	}
	caption := "Score against the number of " + r.lowHolders()
	p := newPlane(id, caption, r.curveWords(points), n, ys)
	p.frame(wholeNumbers(n, 12), p.y.ticks(7), r.lowHolders(), r.scoreName())
	keys := []key{}
	add := func(class, text string) { keys = append(keys, key{class, text}) }
	if v := scoreValue(r.Score.Float); v != nil {
		p.line("float", p.x.start, p.y.at(*v), p.x.end, p.y.at(*v))
		add("float", "float network "+r.Text(r.Score.Float))
	}
	if v := r.targetValue(); v != nil {
		p.line("target", p.x.start, p.y.at(*v), p.x.end, p.y.at(*v))
		add("target", "target: "+r.TargetText())
	}
	recorded, known := curveLines(p, scoreValue(r.Score.High), points)
	if known {
		add("true", "score after each step")
	}
	if recorded {
		add("recorded", "score that the chain recorded, where it is another")
	}
	if len(points) <= circles {
		for _, q := range points {
			if q.True != nil {
				p.symbol("point", fmt.Sprintf("step %d: %d %s, %s", q.Step, q.Low, r.areLow(), number(*q.True)), p.x.at(float64(q.Low)), p.y.at(*q.True))
			}
		}
	}
	for _, e := range []struct {
		name string
		s    *result.Score
		low  int
	}{{r.allHigh(), r.Score.High, 0}, {r.allLow(), r.Score.Low, n}} {
		if v := scoreValue(e.s); v != nil {
			p.symbol("end", e.name+": "+r.Text(e.s), p.x.at(float64(e.low)), p.y.at(*v))
		}
	}
	add("end", r.allHigh()+" (left), "+r.allLow()+" (right)")
	if v := scoreValue(r.Score.Mixed); v != nil && len(r.Holders) > 0 {
		text := fmt.Sprintf("%d %s: %s", r.lowCount(), r.areLow(), r.Text(r.Score.Mixed))
		p.symbol("chosen", "the answer, "+text, p.x.at(float64(r.lowCount())), p.y.at(*v))
		add("chosen", "the answer, "+text)
	}
	return &figure{ID: id, Caption: caption, Keys: keys, Picture: p.html(), Table: id + "-table"}
}

func newPlane(id, caption, words string, n int, ys span) plane {
	const height, top, bottom = 380.0, 34.0, 52.0
	return plane{newDrawing(id, caption, words, pictureWidth, height),
		axis{from: 0, to: float64(n), start: left, end: pictureWidth - right},
		newAxis(ys.low, ys.high, height-bottom, top)}
}

// curveLines draws the chain: the true scores, and the recorded ones if they differ. The line has a gap if a score is
// unknown.
func curveLines(p plane, first *float64, points []point) (recorded, known bool) {
	p.path("true", points, first, func(q point) *float64 { return q.True })
	for _, q := range points {
		known = known || q.True != nil
		recorded = recorded || q.Recorded != nil && (q.True == nil || *q.True != *q.Recorded)
	}
	if recorded {
		p.path("recorded", points, nil, func(q point) *float64 { return q.Recorded })
	}
	return recorded, known
}

func (p plane) path(class string, points []point, first *float64, of func(point) *float64) {
	var xy [][2]float64
	flush := func() {
		if len(xy) > 1 {
			p.polyline(class, xy)
		}
		xy = nil
	}
	if first != nil {
		xy = append(xy, [2]float64{p.x.at(0), p.y.at(*first)})
		if len(points) > 0 && points[0].Low-len(points[0].Moves) > 0 { // the chain began at another mix
			xy = nil
		}
	}
	for _, q := range points {
		v := of(q)
		if v == nil {
			flush()
			continue
		}
		xy = append(xy, [2]float64{p.x.at(float64(q.Low)), p.y.at(*v)})
	}
	flush()
}

func maxLow(points []point) int {
	n := 0
	for _, p := range points {
		n = max(n, p.Low)
	}
	return n
}

func (r *Run) targetValue() *float64 {
	if !r.Has("target") || !r.HasTarget() || r.Target.Value == 0 && r.Score.Low == nil {
		return nil
	}
	return finite(&r.Target.Value)
}

// scoreName is the metric's name, with higher or lower is better.
func (r *Run) scoreName() string {
	better := "higher is better"
	if r.Lower() {
		better = "lower is better"
	}
	if r.Metric == "" {
		return "score"
	}
	return short(r.Metric) + ", " + better
}

// curveWords describes the curve in words.
func (r *Run) curveWords(points []point) string {
	parts := []string{}
	for _, s := range []struct {
		name string
		s    *result.Score
	}{{r.allHigh(), r.Score.High}, {r.allLow(), r.Score.Low}, {"the answer", r.Score.Mixed}} {
		if s.s != nil {
			parts = append(parts, s.name+" "+r.Text(s.s))
		}
	}
	text := fmt.Sprintf("%s in the chain. ", plural(len(points), "step")) + strings.Join(parts, "; ") + "."
	worst, at := math.Inf(-1), -1
	for i, p := range points {
		if p.Lost != nil && *p.Lost > worst {
			worst, at = *p.Lost, i
		}
	}
	if at >= 0 && worst > 0 {
		text += fmt.Sprintf(" The largest loss of one step is %s, at step %d.", brief(worst), points[at].Step)
	}
	return text
}

// compareCurves draws the curves of several runs over each other. It draws none if their scores are not of one metric.
func compareCurves(id string, views []*view) *figure {
	ys, n := newSpan(), 0
	for _, v := range views {
		if v.Metric != views[0].Metric && v.Metric != "" && views[0].Metric != "" {
			return nil
		}
		ys.add(scoreValue(v.Score.Mixed), scoreValue(v.Score.High), v.targetValue())
		n = max(n, len(v.Holders), maxLow(v.points))
		for _, q := range v.points {
			ys.add(q.True)
		}
	}
	if ys.empty() || n == 0 {
		return nil
	}
	caption := "Score against the number of " + views[0].lowHolders() + ", run by run"
	words := []string{}
	for _, v := range views {
		words = append(words, v.Letter+": "+v.Answer())
	}
	p := newPlane(id, caption, strings.Join(words, " "), n, ys)
	p.frame(wholeNumbers(n, 12), p.y.ticks(7), views[0].lowHolders(), views[0].scoreName())
	f := &figure{ID: id, Caption: caption, Table: id + "-table"}
	for i, v := range views {
		class := fmt.Sprintf("run run%d", i%runColours)
		p.path(class, v.points, scoreValue(v.Score.High), func(q point) *float64 { return q.True })
		f.Keys = append(f.Keys, key{class, v.Letter + ": " + v.Title() + " in " + v.Name})
		if t := v.targetValue(); t != nil {
			p.line("target", p.x.start, p.y.at(*t), p.x.end, p.y.at(*t))
		}
	}
	for _, v := range views { // above all lines
		if s := scoreValue(v.Score.Mixed); s != nil && len(v.Holders) > 0 {
			x, y := p.x.at(float64(v.lowCount())), p.y.at(*s)
			p.symbol("chosen", v.Letter+": "+v.Text(v.Score.Mixed), x, y)
			p.label(v.Letter, "middle", "letter", x, y-14)
		}
	}
	f.Keys = append(f.Keys, key{"chosen", "the answer of each run"}, key{"target", "targets"})
	f.Picture = p.html()
	return f
}

// runColours is the number of runs with a line style of their own.
const runColours = 6
