package backend

import (
	"context"

	"demote/backend/bounds"
	"demote/search"
)

// distanceBlocks is the number of blocks, spread over the layout, that Distance looks at.
const distanceBlocks = 4

// distance is what Distance compares with: the outputs without demotions of a few blocks.
type distance struct {
	blocks []int
	rows   [][]float32
}

var _ search.DistanceEvaluator = (*Evaluator)(nil)

// Distance is the mean squared error of the outputs against the network without demotions, on a
// few blocks: cheap, and only good for an order.
func (e *Evaluator) Distance(ctx context.Context, mask search.Mask) (float64, error) {
	if e.far == nil {
		d := &distance{}
		n := min(distanceBlocks, e.data.len())
		for i := range n {
			d.blocks = append(d.blocks, i*e.data.len()/n)
		}
		for _, b := range d.blocks {
			rows, err := e.blockRows(ctx, search.NewMask(mask.Len()), b)
			if err != nil {
				return 0, err
			}
			d.rows = append(d.rows, rows)
		}
		e.far = d
	}
	sum, count := 0.0, 0
	for i, b := range e.far.blocks {
		rows, err := e.blockRows(ctx, mask, b)
		if err != nil {
			return 0, err
		}
		sum -= noise(rows, Sample{Reference: e.far.rows[i]})
		count += len(rows)
	}
	return sum / float64(count), nil
}

// blockRows runs one block of a mask and copies its outputs, without the padding.
func (e *Evaluator) blockRows(ctx context.Context, mask search.Mask, block int) (rows []float32, err error) {
	e.watch = func(samples []int, all []float32) {
		rows = append(rows, all[:len(samples)*e.judge.row]...)
	}
	defer func() { e.watch = nil }()
	var gain [1]bounds.Gain
	err = e.Run(ctx, bounds.Job{Base: mask, Mask: mask, From: block, To: block + 1}, gain[:])
	return rows, err
}
