package report

import (
	"fmt"
	"html/template"
	"math"
	"strings"

	"example.org/demote/result"
)

// A gauge is one of the four figures that a reader looks for first. Its words say all that its bar shows; the section
// that it leads to has the table.
type gauge struct {
	Title, Value string
	Mark         string // good, bad or empty: neither
	Notes        []string
	Bar          template.HTML
	To           string // id of a section
}

// gauges are those of a run with holders; nil for any other.
func (v *view) gauges() []*gauge {
	if len(v.Holders) == 0 {
		return nil
	}
	list := []*gauge{v.shareGauge(), v.scoreGauge(), v.savedGauge(), v.sessionGauge()}
	for _, g := range list {
		g.To = v.ID + "-" + g.To
	}
	return list
}

// shareGauge is how many activations the mix has at the low width.
func (v *view) shareGauge() *gauge {
	t := v.tally()
	n, low := t.activations, t.low
	share := float64(low) / float64(max(n, 1))
	g := &gauge{Title: "Activations in " + v.LowName(), Value: percent(share), To: "network",
		Notes: []string{fmt.Sprintf("%d of %s; %d at %s", low, plural(n, "holder"), n-low, v.HighName())}}
	d := newBar()
	d.rect("back", "", 0, 6, barWidth, 12)
	d.rect("low", "", 0, 6, barWidth*share, 12)
	d.rect("high", "", barWidth*share, 2, barWidth*(1-share), 16)
	g.Bar = d.html()
	if lowName, highName, ok := v.WeightWidths(); ok {
		g.Notes = append(g.Notes, fmt.Sprintf("the weights of %d of %s in %s; %d at %s", t.lowWeights, plural(t.weights, "layer"), lowName, t.weights-t.lowWeights, highName))
	}
	if held := v.pinned(); held > 0 {
		g.Notes = append(g.Notes, fmt.Sprintf("%d are fixed by constraints", held))
	}
	return g
}

func (r *Run) pinned() (n int) {
	for _, h := range r.Holders {
		if h.Pinned {
			n++
		}
	}
	return n
}

// scoreGauge is the mix's score between both ends, with the target.
func (v *view) scoreGauge() *gauge {
	g := &gauge{Title: "Score, by " + short(v.Metric), Value: "not known", To: "scores"}
	mixed, target := scoreValue(v.Score.Mixed), v.targetValue()
	if v.Score.Mixed != nil {
		g.Value = gaugeNumber(v.Score.Mixed)
	}
	if mixed != nil && target != nil {
		words := "equals the target " + number(*target)
		if gap := math.Abs(*mixed - *target); gap > 0 {
			side := "above"
			if *mixed < *target {
				side = "below"
			}
			words = fmt.Sprintf("%s %s the target %s", brief(gap), side, number(*target))
		}
		g.Notes, g.Mark = append(g.Notes, words), mark(v.against(mixed) != "worse" && v.Met)
	} else {
		g.Notes = append(g.Notes, "wanted: "+v.TargetText())
	}
	var ends []string
	for _, n := range []struct {
		name string
		s    *result.Score
	}{{v.allLow(), v.Score.Low}, {v.allHigh(), v.Score.High}, {"float", v.Score.Float}} {
		if n.s != nil {
			ends = append(ends, n.name+" "+gaugeNumber(n.s))
		}
	}
	g.Notes = append(g.Notes, strings.Join(ends, " · "))
	g.Bar = v.scoreBar()
	return g
}

// scoreBar has the target as a line, the two ends as squares and the mix as a diamond.
func (v *view) scoreBar() template.HTML {
	xs := newSpan()
	xs.add(scoreValue(v.Score.Low), scoreValue(v.Score.High), scoreValue(v.Score.Mixed), scoreValue(v.Score.Float), v.targetValue())
	if xs.empty() {
		return ""
	}
	x := newAxis(xs.low, xs.high, 8, barWidth-8)
	d := newBar()
	d.rect("back", "", 0, 10, barWidth, 4)
	if t := v.targetValue(); t != nil {
		from, to := x.at(*t), barWidth
		if v.Lower() {
			from, to = 0, x.at(*t)
		}
		d.rect("wanted", "", from, 10, to-from, 4)
		d.line("target", x.at(*t), 0, x.at(*t), 24)
	}
	p := plane{d, x, axis{}}
	for _, s := range []*result.Score{v.Score.Low, v.Score.High} {
		if s := scoreValue(s); s != nil {
			p.symbol("end", "", x.at(*s), 12)
		}
	}
	if s := scoreValue(v.Score.Mixed); s != nil {
		p.symbol("chosen", "", x.at(*s), 12)
	}
	return d.html()
}

// savedGauge is what the mix saves of the multiply-accumulates' bits, or by the first cost there is.
func (v *view) savedGauge() *gauge {
	g := &gauge{Title: "Work saved against " + v.allHigh(), Value: "not known", To: "savings"}
	d := newBar()
	d.rect("back", "", 0, 6, barWidth, 12)
	first := true
	for _, name := range []string{"bops", "bytes", v.Cost} {
		for _, c := range v.Savings {
			if c.Cost != name || finite(c.Total) == nil || !(*c.Total > 0) || finite(&c.Saved) == nil {
				continue
			}
			saved, all := c.Saved / *c.Total, c.All / *c.Total
			text := fmt.Sprintf("%s of %s", percent(saved), v.costName(c.Cost))
			if all > 0 && all <= 1 {
				text += fmt.Sprintf("; %s would save %s", v.allLow(), percent(all))
			}
			if g.Notes = append(g.Notes, text); first {
				g.Value, first = percent(saved), false
				d.rect("possible", "", 0, 6, barWidth*min(all, 1), 12)
				d.rect("low", "", 0, 6, barWidth*min(saved, 1), 12)
			}
		}
		if len(g.Notes) == 2 {
			break
		}
	}
	if first {
		g.To = "network"
		g.Notes = []string{"the result has no costs"}
	}
	g.Bar = d.html()
	return g
}

func (v *view) costName(cost string) string {
	switch cost {
	case "bops":
		return "bit operations (BOPs)"
	case "bytes":
		if _, weights := v.WeightsLow(); weights > 0 {
			return "bytes of activations and weights"
		}
		return "activation bytes"
	}
	return short(cost)
}

// sessionGauge is the written file in ONNX Runtime's default session, and what held-out samples promise.
func (v *view) sessionGauge() *gauge {
	g := &gauge{Title: "As deployed: default session", Value: "not checked", To: "verification"}
	f := v.Verified
	switch {
	case f == nil:
		g.Notes = append(g.Notes, "the file is checked when the search ends")
	case f.DefaultValue == nil && f.DefaultCorrect == nil:
		g.Value, g.Mark = "cannot run", "bad"
	default:
		g.Value = "not finite"
		if value := finite(f.DefaultValue); value != nil {
			g.Value = gaugeNumber(&result.Score{Value: value, Correct: f.DefaultCorrect})
		}
		if v.inDefault() != "" {
			g.Mark, g.Notes = "bad", append(g.Notes, v.inDefault())
		} else if v.Met && v.HasTarget() {
			g.Mark, g.Notes = "good", append(g.Notes, "meets the target there too")
		}
	}
	if f != nil {
		same := "exact session: equal to the search, bit for bit"
		if !f.Identical {
			same, g.Mark = "exact session: DIFFERS from the search", "bad"
		}
		g.Notes = append(g.Notes, same)
	}
	g.Notes = append(g.Notes, v.promiseWords())
	return g
}

// promiseWords says in a line what is promised of samples that the search never saw.
func (v *view) promiseWords() string {
	h := v.Holdout
	switch {
	case h == nil:
		return "no promise: there is no hold-out"
	case h.Promise != nil && h.Promise.Held:
		return fmt.Sprintf("promised with %s %% confidence on unseen samples", brief(100*h.Promise.Confidence))
	case h.Promise != nil:
		return "the promise could not be held on the hold-out"
	case h.Sure != nil:
		return fmt.Sprintf("%s %% sure on unseen samples (an estimate)", brief(100**h.Sure))
	}
	return "scored on a hold-out, without a promise"
}

// The bar of a gauge, in units of its view box.
const barWidth, barHeight = 240.0, 24.0

// newBar begins the bar of a gauge, of which the words beside it say all.
func newBar() *drawing {
	d := &drawing{}
	d.open("svg", attr{"class", "bar"}, attr{"viewBox", "0 0 " + coordinate(barWidth) + " " + coordinate(barHeight)}, attr{"aria-hidden", "true"})
	return d
}

func gaugeNumber(s *result.Score) string {
	if v := scoreValue(s); v != nil && s.Correct != nil {
		return fmt.Sprintf("%.4f", *v)
	} else if v != nil {
		return brief(*v)
	} else if s != nil && s.Value != nil {
		return number(*s.Value)
	}
	return "infinite"
}

func mark(good bool) string {
	if good {
		return "good"
	}
	return "bad"
}

// percent writes a share; what is not all is never rounded to all.
func percent(share float64) string {
	switch p := 100 * share; {
	case p > 99.9 && p < 100:
		return "99.9 %"
	case p == math.Trunc(p) || p >= 10:
		return fmt.Sprintf("%.*f %%", map[bool]int{true: 0, false: 1}[p == math.Trunc(p)], p)
	default:
		return brief(p) + " %"
	}
}
