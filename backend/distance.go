package backend

import (
	"context"

	"demote/backend/bounds"
	"demote/search"
)

// distanceRuns is the number of runs of samples, spread over the layout, that Distance looks at, and
// distanceSamples the length of each. They do not follow the block, so that no order depends on it.
const (
	distanceRuns    = 4
	distanceSamples = DefaultBlock
)

// distance is what Distance compares with: the outputs without demotions of a few runs of samples.
type distance struct {
	from []int // positions in the layout
	rows [][]float32
}

var _ search.DistanceEvaluator = (*Evaluator)(nil)

// Distance is the mean squared error of the outputs against the network without demotions, on a few
// samples: cheap, and only good for an order.
func (e *Evaluator) Distance(ctx context.Context, mask search.Mask) (float64, error) {
	if e.far == nil {
		d := &distance{}
		all := (e.samples + distanceSamples - 1) / distanceSamples
		n := min(distanceRuns, all)
		for i := range n {
			d.from = append(d.from, i*all/n*distanceSamples)
		}
		for _, from := range d.from {
			rows, err := e.runOfRows(ctx, search.NewMask(mask.Len()), from)
			if err != nil {
				return 0, err
			}
			d.rows = append(d.rows, rows)
		}
		e.far = d
	}
	sum, count := 0.0, 0
	for i, from := range e.far.from {
		rows, err := e.runOfRows(ctx, mask, from)
		if err != nil {
			return 0, err
		}
		sum -= noise(rows, Sample{Reference: e.far.rows[i]})
		count += len(rows)
	}
	return sum / float64(count), nil
}

// runOfRows runs the blocks of a mask that hold a run of samples and copies their outputs.
func (e *Evaluator) runOfRows(ctx context.Context, mask search.Mask, from int) ([]float32, error) {
	to, size, row := min(from+distanceSamples, e.samples), e.opts.Block, e.judge.row
	var run []float32
	for b := from / size; b*size < to; b++ {
		rows, err := e.blockRows(ctx, mask, b)
		if err != nil {
			return nil, err
		}
		run = append(run, rows[(max(from, b*size)-b*size)*row:(min(to, (b+1)*size)-b*size)*row]...)
	}
	return run, nil
}

// blockRows runs one block of a mask and copies its outputs, without the padding.
func (e *Evaluator) blockRows(ctx context.Context, mask search.Mask, block int) (rows []float32, err error) {
	e.watch = func(samples []int, all []float32) {
		rows = append(rows, all[:len(samples)*e.judge.row]...)
	}
	e.alone = true // of a set of one block, too, only the outputs are wanted
	defer func() { e.watch, e.alone = nil, false }()
	var gain [1]bounds.Gain
	err = e.Run(ctx, bounds.Job{Base: mask, Mask: mask, From: block, To: block + 1}, gain[:])
	return rows, err
}
