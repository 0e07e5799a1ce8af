package task

import (
	"slices"

	"example.org/demote/config"
	"example.org/demote/internal/calibrate"
	"example.org/demote/quant"
	"example.org/demote/result"
)

// WithLow are the task's records with other low grids, by holder. The task's own stay.
func (p *Task) WithLow(low []quant.Grid) []quant.Record {
	return withLow(p.Records, low)
}

func withLow(of []quant.Record, low []quant.Grid) []quant.Record {
	records := slices.Clone(of)
	for i := range records {
		records[i].Low = low[i]
	}
	return records
}

// ChooseLow makes low grids the task's for good, and puts biases on their grids where that is asked for: they wait for
// it. Warnings are of biases that stay float.
func (p *Task) ChooseLow(low []quant.Grid, c config.Config) ([]result.Warning, error) {
	p.Records, p.Candidates, p.Others = p.WithLow(low), nil, p.Candidates
	return biasesOnGrids(p.Network, p.Records, c)
}

// LowBy are the low grids by a range method for each activation holder; false where one is no candidate. Those of
// weights stay.
func (p *Task) LowBy(methods []string) (low []quant.Grid, ok bool) {
	return lowBy(p.Candidates, methods, p.Records, len(p.Network.Activations()))
}

func lowBy(candidates []calibrate.Candidate, methods []string, records []quant.Record, activations int) (low []quant.Grid, ok bool) {
	if len(methods) != activations || candidates == nil {
		return nil, false
	}
	for i, m := range methods {
		at := slices.IndexFunc(candidates, func(c calibrate.Candidate) bool { return string(c.Method) == m })
		if at < 0 {
			return nil, false
		}
		low = append(low, candidates[at].Low[i])
	}
	for _, r := range records[len(methods):] {
		low = append(low, r.Low)
	}
	return low, true
}
