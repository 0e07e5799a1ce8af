package report

import (
	"math"
	"slices"
	"testing"
)

func TestPoints(t *testing.T) {
	step := func(group int, name string, low int, score float64) Step {
		s := Step{Step: group, Holder: name, Value: &score, TrueValue: &score}
		if low >= 0 {
			s.Int8 = &low
		}
		return s
	}
	back := func(s Step) Step { s.Promoted = true; return s }
	for _, c := range []struct {
		name   string
		metric string
		chain  []Step
		low    []int     // holders after each point
		lost   []float64 // NaN: not known
		chosen int       // -1: none
	}{
		{"no chain", "top1", nil, nil, nil, -1},
		{"one by one", "top1", []Step{step(0, "a", 1, 0.875), step(1, "b", 2, 1), step(2, "c", 3, 0.5)}, []int{1, 2, 3}, []float64{0.125, -0.125, 0.5}, 1},
		{"together", "top1", []Step{step(0, "a", 2, 1), step(0, "b", 2, 1), step(1, "c", 3, 0.5)}, []int{2, 3}, []float64{0, 0.5}, 0},
		{"an exchange", "top1", []Step{step(0, "a", 1, 1), back(step(1, "a", 2, 1)), step(1, "b", 2, 1), step(1, "c", 2, 1)}, []int{1, 2}, []float64{0, 0}, 1},
		{"an exchange without numbers", "top1", []Step{step(0, "a", -1, 1), step(1, "a", -1, 1), step(1, "b", -1, 1), step(1, "c", -1, 1)}, []int{1, 2}, []float64{0, 0}, 1},
		{"from a start mix", "top1", []Step{step(0, "c", 2, 1)}, []int{2}, []float64{0}, 0},
		{"lower is better", "mse", []Step{step(0, "a", 1, 1.5), step(1, "b", 2, 1)}, []int{1, 2}, []float64{0.5, -0.5}, 1},
		{"a score that is not known", "top1", []Step{{Step: 0, Holder: "a"}, step(1, "b", 2, 1)}, []int{1, 2}, []float64{math.NaN(), math.NaN()}, 1},
		{"an absurd count", "top1", []Step{step(0, "a", 1<<40, 1), {Step: 1, Holder: "b", Int8: ptr(-7)}}, []int{4, 0}, []float64{0, math.NaN()}, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &Run{Result: Result{Metric: c.metric, Chain: c.chain, Score: Scores{High: &Score{Value: ptr(1.0)}, Mixed: &Score{Value: ptr(1.0)}}}}
			for i, name := range []string{"a", "b", "c", "d"} {
				r.Holders = append(r.Holders, Holder{Name: name, Precision: []string{"int8", "int16"}[i/2], Low: Grid{Bits: 8}, High: Grid{Bits: 16}})
			}
			chosen, points := -1, r.points()
			if len(points) != len(c.low) {
				t.Fatalf("%d points", len(points))
			}
			for i, p := range points {
				lost := math.NaN()
				if p.Lost != nil {
					lost = *p.Lost
				}
				if p.Low != c.low[i] || lost != c.lost[i] && !(math.IsNaN(lost) && math.IsNaN(c.lost[i])) {
					t.Errorf("point %d: %d holders, lost %v; want %d, %v", i, p.Low, lost, c.low[i], c.lost[i])
				}
				if p.Chosen {
					chosen = i
				}
			}
			if chosen != c.chosen {
				t.Errorf("point %d is the answer, not %d", chosen, c.chosen)
			}
		})
	}
}

func TestLossesAndTheirOrder(t *testing.T) {
	r := &Run{Result: sample(16)}
	losses := r.losses(r.points())
	list := ranked(losses)
	if len(losses) != 16 || len(list) != 16 {
		t.Fatalf("%d losses, %d ranked", len(losses), len(list))
	}
	if !slices.IsSortedFunc(list, func(a, b loss) int {
		switch {
		case *a.Lost > *b.Lost || *a.Lost == *b.Lost && a.Place < b.Place:
			return -1
		}
		return 1
	}) {
		t.Error("the ranking is not in order")
	}
	for _, l := range losses {
		if at := r.Chain[l.Place-1]; at.Holder != r.Holders[l.Holder].Name || at.Step != l.Step || l.With != 0 {
			t.Errorf("holder %d: step %d with %d more", l.Holder, l.Step, l.With)
		}
	}
}

func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Result)
		want   string
	}{
		{"a mix", func(*Result) {}, "7 of 8 holders run in int8 and 1 stay at int16; this mix scores 0.9150 (915 of 1000) by top1, and the target is above 0.91 (16bit-0.01)."},
		{"all low", func(r *Result) {
			for i := range r.Holders {
				r.Holders[i].Precision = "int8"
			}
		}, "All 8 holders run in int8; this mix scores 0.9150 (915 of 1000) by top1, and the target is above 0.91 (16bit-0.01)."},
		{"all high", func(r *Result) {
			for i := range r.Holders {
				r.Holders[i].Precision = "int16"
			}
		}, "None of the 8 holders can run in int8; this mix scores 0.9150 (915 of 1000) by top1, and the target is above 0.91 (16bit-0.01)."},
		{"so far", func(r *Result) { r.Finished = false }, "Best so far: 7 of 8 holders run in int8 and 1 stay at int16; this mix scores 0.9150 (915 of 1000) by top1, and the target is above 0.91 (16bit-0.01)."},
		{"out of reach", func(r *Result) {
			r.Met = false
			for i := range r.Holders {
				r.Holders[i].Precision = "int16"
			}
		}, "The target 16bit-0.01 cannot be met: the best is all 8 holders at int16, which score 0.9200 (920 of 1000)."},
		{"out of reach in a default session", func(r *Result) { r.Met = false }, "The target 16bit-0.01 is not met: the best is 7 of 8 holders in int8, which score 0.9150 (915 of 1000)."},
		{"nothing yet", func(r *Result) { r.Met, r.Finished = false, false }, "No mix that meets the target 16bit-0.01 has been found so far."},
		{"an infinite score", func(r *Result) {
			r.Metric, r.Score.Mixed, r.Target = "sqnr", &Score{}, Target{"40", 40}
		}, "7 of 8 holders run in int8 and 1 stay at int16; this mix scores infinite by sqnr, and the target is above 40."},
		{"other widths", func(r *Result) {
			for i := range r.Holders {
				r.Holders[i].Low.Bits = 4
				if r.Holders[i].Precision == "int8" {
					r.Holders[i].Precision = "int4"
				}
			}
			r.Metric, r.Score.Mixed = "mse", &Score{Value: ptr(0.125)}
		}, "7 of 8 holders run in int4 and 1 stay at int16; this mix scores 0.125 by mse, and the target is below 0.91 (16bit-0.01)."},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := sample(8)
			c.change(&r)
			read := Read(folder(t, map[string]any{resultFile: r}))
			if got := read.Answer(); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			html(t, read)
		})
	}
}

func TestAxes(t *testing.T) {
	for _, c := range []struct{ low, high float64 }{{0, 1}, {0.91, 0.92}, {5, 5}, {0, 0}, {-1e-9, 1e9}, {-1e300, 1e300}, {1e-300, 2e-300}} {
		a := newAxis(c.low, c.high, 100, 0)
		ticks := a.ticks(7)
		if len(ticks) == 0 || len(ticks) > 14 || !(a.at(c.low) >= a.at(c.high)) || a.at(c.low) > 100 || a.at(c.high) < 0 {
			t.Errorf("%v: ticks %v, from %v to %v", c, ticks, a.at(c.low), a.at(c.high))
		}
		for _, v := range ticks {
			if math.IsNaN(v) || v < a.from || v > a.to {
				t.Errorf("%v: a tick at %v", c, v)
			}
		}
	}
	a := newLogAxis(-1000, 255, 0.01, 100, 0)
	if p := a.powers(9); !slices.Contains(p, 0) || !slices.Contains(p, -1000) || len(p) > 14 {
		t.Errorf("powers %v", p)
	}
	for v := -1000.0; v < 255; v += 10 {
		if !(a.at(v) > a.at(v+10)) {
			t.Fatalf("%v lies below %v", v+10, v)
		}
	}
}
