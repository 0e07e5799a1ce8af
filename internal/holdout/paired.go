package holdout

import (
	"example.org/demote/result"
	"example.org/demote/search"
)

// intervalConfidence is that of the interval beside a mix's loss.
const intervalConfidence = 0.95

func pairedResult(p search.Paired) *result.Paired {
	low, high := p.Interval(intervalConfidence)
	return &result.Paired{OnlyHigh: p.B, OnlyMix: p.C, Loss: p.Loss(), Interval: [2]float64{low, high}, Covers: intervalConfidence}
}

func needResults(needs []search.Need) []result.Need {
	var list []result.Need
	for _, n := range needs {
		list = append(list, result.Need(n))
	}
	return list
}
