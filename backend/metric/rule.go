package metric

import (
	"slices"

	"example.org/demote/backend/bounds"
)

// RuleOf says how blocks add up to a score: sizes are their numbers of samples, without the padding, and width is how
// many of them are run between two looks. Samples of several shapes have a scorer each, all of one metric. The error
// says if nothing counts.
func RuleOf(judges []*Scorer, sizes []int, width int) (*bounds.Rule, error) {
	first := judges[0]
	m, scale := first.metric, 0.0
	for _, j := range judges {
		scale += m.scale(j, j.samples)
	}
	if m.scaled != nil && !(scale > 0) {
		return nil, nothingCounts(m)
	}
	for i := range sizes {
		sizes[i] *= first.Judged()
	}
	r := m.rule(sizes, scale, width)
	if m.folds != nil {
		var err error
		if r.Fold, err = m.folds(judges); err != nil {
			return nil, err
		}
		r.Kind = bounds.Folded
		r.Rarely = m.Detects() // all boxes are put in order each time
	}
	r.Outcomes = r.Outcomes && first.Judged() == 1
	return r, nil
}

// rule says how blocks of the given sizes add up to a score.
func (m *Metric) rule(sizes []int, scale float64, width int) *bounds.Rule {
	r := &bounds.Rule{Kind: bounds.Mean, Sizes: sizes, Best: m.Best, Width: width}
	switch {
	case m.IsWhole(): // the score itself is the sum, see Evaluator.runWhole
		r.Kind, r.Finish = bounds.Whole, func(sum float64) float64 { return sum }
	case m.Countable:
		r.Kind = bounds.Counted
		r.Outcomes = len(sizes) == 0 || slices.Max(sizes) <= bounds.OutcomeSamples
	case m.finish != nil:
		r.Finish = func(sum float64) float64 { return m.finish(sum, scale) }
	}
	return r
}

// scale is what the metric's finish goes by.
func (m *Metric) scale(j *Scorer, samples int) float64 {
	if m.scaled != nil {
		return m.scaled(j, samples)
	}
	return energy(j.truth.Reference)
}
