package backend

import (
	"context"
	"fmt"

	"example.org/demote/search"
)

var _ search.OutcomesEvaluator = (*Evaluator)(nil)

// Outcomes runs a mask over all samples and returns a bit for each, in the order of the data: 1 if the metric counts the
// sample, with all its steps. The metric must be countable.
func (e *Evaluator) Outcomes(ctx context.Context, mask search.Mask) ([]uint64, error) {
	if !e.opts.Metric.Countable {
		return nil, fmt.Errorf("backend: metric %s does not count samples", e.opts.Metric.Name)
	}
	right := make([]bool, e.samples) // by sample: the workers write to different ones
	_, err := e.Outputs(ctx, mask, func(sample int, row []float32) {
		right[sample] = e.gainOf(row, sample) == float64(e.judge.Judged())
	})
	if err != nil {
		return nil, err
	}
	outcome := make([]uint64, (e.samples+63)/64)
	for i, ok := range right {
		if ok {
			outcome[i/64] |= 1 << (i % 64)
		}
	}
	return outcome, nil
}
