package run

import (
	"example.org/demote/backend/bounds"
	"example.org/demote/internal/record"
	"example.org/demote/result"
	"example.org/demote/search"
)

// explain writes into the result why the holders of a mix stay high: the histograms of their values, and what the mix
// with one more unit at the low width scores, or could at most, as far as the evaluator knows it.
func (s *ledger) explain(m search.Mask) error {
	index := map[string]int{}
	for i := range s.Result.Holders {
		h := &s.Result.Holders[i]
		index[h.Name] = i
		h.Histogram, h.Demoted = nil, nil
	}
	s.histograms(index)
	tried := map[string][]int{}
	for _, unit := range s.Units() {
		if !m.Low(unit[0]) {
			more := m.Clone()
			more.DemoteAll(unit)
			tried[more.Key()] = unit
		}
	}
	return s.Ev.EachKnown(m.Len(), func(known search.Mask, v search.Score) error {
		for _, i := range tried[known.Key()] {
			s.Result.Holders[i].Demoted = &result.Demoted{Score: record.Score(v, s.Metric.Lower)}
		}
		return nil
	}, func(known search.Mask, p bounds.Progress) error {
		most, ok := s.Ev.AtMost(p)
		for _, i := range tried[known.Key()] {
			if h := &s.Result.Holders[i]; ok && h.Demoted == nil {
				h.Demoted = &result.Demoted{AtMost: record.Score(most, s.Metric.Lower)}
			}
		}
		return nil
	})
}

// histograms writes those of the first holders of the promotion list.
func (s *ledger) histograms(index map[string]int) {
	for _, name := range s.Result.Promotion[:min(len(s.Result.Promotion), result.MaxHistograms)] {
		i, ok := index[name]
		if !ok || i >= len(s.Counts) || s.Counts[i].Bins == nil {
			continue
		}
		c := s.Counts[i]
		s.Result.Holders[i].Histogram = &result.Histogram{Min: c.Low, Max: c.High, Counts: c.Bins}
	}
}
