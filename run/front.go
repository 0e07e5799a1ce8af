package run

import (
	"cmp"
	"math"
	"slices"

	"example.org/demote/backend"
	"example.org/demote/backend/bounds"
	"example.org/demote/internal/cost"
	"example.org/demote/internal/record"
	"example.org/demote/result"
	"example.org/demote/search"
)

// A scored mix is one whose full score is known.
type scored struct {
	mask  search.Mask
	text  string
	score search.Score
}

// fronts are the Pareto fronts of all mixes that were scored in full, by the search and behind it: of score against
// each cost.
func (s *ledger) fronts() ([]result.Front, error) {
	var all []scored
	for _, e := range []*backend.Evaluator{s.searched, s.Ev} {
		if e == nil {
			continue
		}
		err := e.EachKnown(len(s.Records), func(m search.Mask, v search.Score) error {
			if f := v.Float(); !math.IsNaN(f) && !math.IsInf(f, -1) {
				all = append(all, scored{m, m.String(), v})
			}
			return nil
		}, func(search.Mask, bounds.Progress) error { return nil })
		if err != nil {
			return nil, err
		}
	}
	var list []result.Front
	for _, model := range s.costs.Models() {
		f := result.Front{Cost: model.Name()}
		for _, x := range frontOf(all, model, s.costs.Beside(model)) {
			f.Points = append(f.Points, result.FrontPoint{Price: model.Of(x.mask), Score: record.Score(x.score, s.Metric.Lower), Int8: x.mask.Count(), Mask: x.text})
		}
		list = append(list, f)
	}
	return list, nil
}

// frontOf lists the mixes that score more than every cheaper one, the cheapest first. Of equals it takes the one
// that costs less by the other measure, as searches do, and then the first by the text of the mask, so that the list
// does not depend on the order in which they were found.
func frontOf(all []scored, model cost.Model, other func(search.Mask) float64) (front []scored) {
	sorted := slices.Clone(all)
	price, beside := map[string]float64{}, map[string]float64{}
	for _, x := range sorted {
		price[x.text], beside[x.text] = model.Of(x.mask), other(x.mask)
	}
	slices.SortFunc(sorted, func(a, b scored) int {
		return cmp.Or(cmp.Compare(price[a.text], price[b.text]), cmp.Compare(b.score.Float(), a.score.Float()), cmp.Compare(beside[a.text], beside[b.text]), cmp.Compare(a.text, b.text))
	})
	for _, x := range sorted {
		if len(front) == 0 || x.score.Float() > front[len(front)-1].score.Float() {
			front = append(front, x)
		}
	}
	return front
}
