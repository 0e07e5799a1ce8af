package machine

import (
	"context"
	"sync"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/metric"
	"example.org/demote/search"
)

// distanceRuns is the number of runs of samples, spread over the layout, that Distance looks at, and distanceSamples
// the length of each. They do not follow the block, so that no order depends on it. Where the samples are few they
// are fewer, and then shorter: the distances of all holders are to take no more than distancePasses over the samples.
const (
	distanceRuns    = 4
	distanceSamples = DefaultBlock
	distanceLeast   = 4 // samples, for one holder
	distancePasses  = 2.5
)

// distance is what Distance compares with: the outputs without demotions of a few runs of samples.
type distance struct {
	from   []int // positions in the layout
	length int   // of each run; the last of all may be cut by the end of the samples
	rows   [][]float32
}

// newDistance chooses the runs for so many holders and samples, of look samples at most; 0: there is no such limit.
func newDistance(holders, samples, look int) *distance {
	most := min(samples, max(distanceLeast, int(distancePasses*float64(samples)/float64(max(1, holders)))))
	if look > 0 {
		most = min(most, look)
	}
	d := &distance{length: min(distanceSamples, most)}
	all := (samples + d.length - 1) / d.length
	n := min(distanceRuns, all, most/d.length)
	for i := range n {
		d.from = append(d.from, i*all/n*d.length)
	}
	return d
}

// laid are samples in blocks, whose output rows can be had.
type laid struct {
	samples, size, row int
	rows               func(ctx context.Context, mask search.Mask, blocks []int) (map[int][]float32, error)
}

// Apart is the squared error that Distance is the mean of, and the number of values.
func (e *Single) Apart(ctx context.Context, mask search.Mask) (sum float64, count int, err error) {
	return e.laid().apart(ctx, mask, &e.far, e.head, e.opts.Look)
}

func (e *Single) laid() laid {
	return laid{samples: e.samples, size: e.opts.Block, row: e.judge.Length(), rows: e.rowsOfBlocks}
}

// apart is Apart, against what far knows of the network without demotions, as soon as it does.
func (l laid) apart(ctx context.Context, mask search.Mask, far **distance, head, look int) (sum float64, count int, err error) {
	if *far == nil {
		d := newDistance(mask.Len(), l.samples, look)
		d.from[0] = min(head, l.samples-d.length) // behind the head lie those that all int16 gets wrong
		if d.rows, err = l.runsOfRows(ctx, search.NewMask(mask.Len()), d); err != nil {
			return 0, 0, err
		}
		*far = d
	}
	runs, err := l.runsOfRows(ctx, mask, *far)
	if err != nil {
		return 0, 0, err
	}
	for i, rows := range runs {
		sum += metric.SquaredError(rows, (*far).rows[i])
		count += len(rows)
	}
	return sum, count, nil
}

// runsOfRows runs the blocks of a mask that hold the runs of samples, and copies the outputs of each run.
func (l laid) runsOfRows(ctx context.Context, mask search.Mask, d *distance) ([][]float32, error) {
	size, row := l.size, l.row
	var blocks []int
	for _, from := range d.from {
		for b := from / size; b*size < d.end(from, l.samples); b++ {
			if len(blocks) == 0 || blocks[len(blocks)-1] < b {
				blocks = append(blocks, b)
			}
		}
	}
	rows, err := l.rows(ctx, mask, blocks)
	if err != nil {
		return nil, err
	}
	runs := make([][]float32, len(d.from))
	for i, from := range d.from {
		to := d.end(from, l.samples)
		for b := from / size; b*size < to; b++ {
			runs[i] = append(runs[i], rows[b][(max(from, b*size)-b*size)*row:(min(to, (b+1)*size)-b*size)*row]...)
		}
	}
	return runs, nil
}

// end is the position behind a run.
func (d *distance) end(from, samples int) int { return min(from+d.length, samples) }

// rowsOfBlocks runs some blocks of a mask and copies their outputs by block, without the padding.
func (e *Single) rowsOfBlocks(ctx context.Context, mask search.Mask, blocks []int) (map[int][]float32, error) {
	at := make(map[int]int, len(blocks)) // by its first sample: the block
	for _, b := range blocks {
		at[e.data.SamplesOf(b)[0]] = b
	}
	var lock sync.Mutex
	rows := make(map[int][]float32, len(blocks))
	e.watch = func(samples []int, all []float32) {
		lock.Lock()
		defer lock.Unlock()
		rows[at[samples[0]]] = append([]float32(nil), all[:len(samples)*e.judge.Length()]...)
	}
	e.alone = true // of a set of one block, too, only the outputs are wanted
	defer func() { e.watch, e.alone = nil, false }()
	gains := make([]bounds.Gain, len(blocks))
	if e.pool != nil {
		return rows, e.pool.run(ctx, e.jobOn(bounds.Job{Base: mask, Mask: mask}), 0, len(blocks), blocks, gains, e.booked)
	}
	for i, b := range blocks {
		if err := e.Run(ctx, bounds.Job{Base: mask, Mask: mask, From: b, To: b + 1}, gains[i:i+1]); err != nil {
			return nil, err
		}
	}
	return rows, nil
}
