package report

import (
	"math"
	"slices"
	"testing"

	"example.org/demote/result"
)

func TestPoints(t *testing.T) {
	step := func(group int, name string, low int, score float64) result.Step {
		s := result.Step{Step: group, Holder: name, Value: &score, TrueValue: &score}
		if low >= 0 {
			s.Int8 = &low
		}
		return s
	}
	back := func(s result.Step) result.Step { s.Promoted = true; return s }
	for _, c := range []struct {
		name   string
		metric string
		chain  []result.Step
		low    []int     // holders after each point
		lost   []float64 // NaN: not known
		chosen int       // -1: none
	}{
		{"no chain", "top1", nil, nil, nil, -1},
		{"one by one", "top1", []result.Step{step(0, "a", 1, 0.875), step(1, "b", 2, 1), step(2, "c", 3, 0.5)}, []int{1, 2, 3}, []float64{0.125, -0.125, 0.5}, 1},
		{"together", "top1", []result.Step{step(0, "a", 2, 1), step(0, "b", 2, 1), step(1, "c", 3, 0.5)}, []int{2, 3}, []float64{0, 0.5}, 0},
		{"an exchange", "top1", []result.Step{step(0, "a", 1, 1), back(step(1, "a", 2, 1)), step(1, "b", 2, 1), step(1, "c", 2, 1)}, []int{1, 2}, []float64{0, 0}, 1},
		{"an exchange without numbers", "top1", []result.Step{step(0, "a", -1, 1), step(1, "a", -1, 1), step(1, "b", -1, 1), step(1, "c", -1, 1)}, []int{1, 2}, []float64{0, 0}, 1},
		{"from a start mix", "top1", []result.Step{step(0, "c", 2, 1)}, []int{2}, []float64{0}, 0},
		{"lower is better", "mse", []result.Step{step(0, "a", 1, 1.5), step(1, "b", 2, 1)}, []int{1, 2}, []float64{0.5, -0.5}, 1},
		{"a score that is not known", "top1", []result.Step{{Step: 0, Holder: "a"}, step(1, "b", 2, 1)}, []int{1, 2}, []float64{math.NaN(), math.NaN()}, 1},
		{"an absurd count", "top1", []result.Step{step(0, "a", 1<<40, 1), {Step: 1, Holder: "b", Int8: ptr(-7)}}, []int{4, 0}, []float64{0, math.NaN()}, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &Run{Result: Result{Metric: c.metric, Chain: c.chain, Score: result.Scores{High: &result.Score{Value: ptr(1.0)}, Mixed: &result.Score{Value: ptr(1.0)}}}}
			for i, name := range []string{"a", "b", "c", "d"} {
				r.Holders = append(r.Holders, result.Holder{Name: name, Precision: []string{"int8", "int16"}[i/2], Low: result.Grid{Bits: 8}, High: result.Grid{Bits: 16}})
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

func TestMeasuresAndTheirOrder(t *testing.T) {
	v := &view{Run: &Run{Result: sample(16)}}
	v.points = v.Run.points()
	v.losses = v.Run.losses(v.points)
	list := v.measures()
	var ids []string
	for _, m := range list {
		ids = append(ids, m.ID)
		order := m.ranked()
		if len(m.Values) != 16 || len(order) != 16 || m.known() != 16 {
			t.Errorf("%s: %d values, %d ranked, %d known", m.ID, len(m.Values), len(order), m.known())
		}
		if !slices.IsSortedFunc(order, func(a, b int) int {
			switch {
			case *m.Values[a] > *m.Values[b] || *m.Values[a] == *m.Values[b] && a < b:
				return -1
			}
			return 1
		}) {
			t.Errorf("%s: not in order: %v", m.ID, order)
		}
	}
	if !slices.Equal(ids, []string{"alone", "distance", "chain"}) {
		t.Errorf("measures: %v", ids)
	}
	if lost, want := *list[0].Values[3], *v.Score.High.Value-*v.Holders[3].Alone.Value; lost != want {
		t.Errorf("holder 3 alone loses %v, not %v", lost, want)
	}
	v.Metric = "mse"
	if lost, want := *v.lostAlone()[3], *v.Holders[3].Alone.Value-*v.Score.High.Value; lost != want {
		t.Errorf("holder 3 alone loses %v by a metric that is better when lower, not %v", lost, want)
	}
	for i := range 9 { // most are not known any more
		v.Holders[i].Alone = nil
	}
	if m := v.measures(); len(m) != 2 || m[0].ID != "distance" {
		t.Errorf("with few scores alone: %d measures", len(m))
	}
}

func TestClipped(t *testing.T) {
	grid := result.Grid{Scale: 1, Min: -8, Max: 7}
	for _, c := range []struct {
		name string
		seen *result.Range
		want float64 // NaN: not known
	}{
		{"nothing seen", nil, math.NaN()}, {"inside", &result.Range{Min: -3, Max: 3}, 0}, {"to the ends", &result.Range{Min: -8, Max: 7}, 0}, {"half a step past", &result.Range{Min: -8.5, Max: 7}, 0},
		{"above", &result.Range{Min: 0, Max: 9}, 2}, {"both", &result.Range{Min: -10, Max: 10}, 5}, {"not a number", &result.Range{Min: math.NaN(), Max: 1}, math.NaN()},
	} {
		h := result.Holder{Seen: c.seen}
		got := beyond(&h, grid)
		if got == nil != math.IsNaN(c.want) || got != nil && *got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
