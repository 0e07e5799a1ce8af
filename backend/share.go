package backend

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"example.org/demote/search"
)

// A Share compares networks before the first trial: by the scores of a mask on some of the samples, spread evenly over
// the order of the data.
type Share struct {
	Samples int // about: whole blocks
	// in the order in which the first network decides them, the wrong ones in front; nil: none was scored yet
	order []int
}

// Better returns the score of a mask on the share, and whether it is above the best so far; nil: there is none, and the
// first network is scored. A score that is not better may be left as soon as that is certain, and is not told then.
func (h *Share) Better(ctx context.Context, e *Evaluator, mask search.Mask, best *search.Score) (score search.Score, better bool, err error) {
	if best == nil {
		h.order, score, err = e.shareByMargin(ctx, mask, h.Samples)
		return score, true, err
	}
	if score, better, known, err := e.beatsShare(ctx, mask, h.order, *best); known || err != nil {
		return score, better, err
	}
	score, err = e.ScoreShare(ctx, mask, h.Samples)
	return score, score.Float() > best.Float(), err
}

// ScoreShare returns the score of a mask on about so many samples, spread evenly over the order of the data, by whole
// blocks; of metrics that need all outputs at once, and of no more samples than these, that of all.
// It is for a comparison of networks before the first trial.
func (e *Evaluator) ScoreShare(ctx context.Context, mask search.Mask, samples int) (score search.Score, err error) {
	if err := e.ready(mask); err != nil {
		return search.Score{}, err
	}
	if samples >= e.samples {
		return e.Score(ctx, mask)
	}
	err = e.laidOut(spread(e.samples, samples), func() (err error) {
		score, err = e.ScoreFirst(ctx, mask, e.blocksOf(samples))
		return err
	})
	return score, err
}

// laidOut does something with the samples in another order.
func (e *Evaluator) laidOut(order []int, do func() error) error {
	before := slices.Clone(e.Order()) // sums of all samples depend on it
	if err := e.layOut(order); err != nil {
		return err
	}
	err := do()
	return errors.Join(err, e.layOut(before))
}

// blocksOf is how many blocks hold so many samples.
func (e *Evaluator) blocksOf(samples int) int {
	blocks := 1
	for e.Before(blocks) < samples {
		blocks++
	}
	return blocks
}

// shareByMargin is ScoreShare that also returns the samples of the share by rising margin; nil where the number of
// those that are right does not tell a score.
func (e *Evaluator) shareByMargin(ctx context.Context, mask search.Mask, samples int) (order []int, score search.Score, err error) {
	if err := e.ready(mask); err != nil {
		return nil, search.Score{}, err
	}
	if samples >= e.samples || !e.arranges() || !e.KeepsOutcomes() || e.opts.Naive {
		score, err = e.ScoreShare(ctx, mask, samples)
		return nil, score, err
	}
	margins := make([]float64, e.samples)
	unwatch, err := e.machine.Watch(ctx, func(sample int, row []float32) {
		margins[sample] = e.machine.Margin(row, sample, e.machine.Verdict(row, sample))
	})
	if err != nil {
		return nil, score, err
	}
	defer unwatch()
	order = spread(e.samples, samples)[:samples]
	score, err = e.ScoreShare(ctx, mask, samples)
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(margins[a], margins[b]) })
	return order, score, err
}

// beatsShare is the score of a mask on a share whose samples have an order, if it is above the best. It leaves the mask
// once more samples are wrong than the best has. known is false where that does not decide: nothing was run.
func (e *Evaluator) beatsShare(ctx context.Context, mask search.Mask, order []int, best search.Score) (score search.Score, better, known bool, err error) {
	if err := e.ready(mask); err != nil || order == nil || len(order) >= e.samples || !e.KeepsOutcomes() || e.opts.Naive {
		return score, false, false, err
	}
	all := append(slices.Clone(order), spread(e.samples, len(order))[len(order):]...)
	stopped := e.Stopped
	e.Stopped = nil // the blocks are no trial's
	defer func() { e.Stopped = stopped }()
	err = e.laidOut(all, func() error {
		samples := e.Before(e.blocksOf(len(order)))
		if best.Total != samples || !slices.Equal(e.Order()[:samples], all[:samples]) { // several shapes
			return nil
		}
		known = true
		e.ForgetUnfinished()
		wrong, _, err := e.WrongFirst(ctx, mask, mask, samples, samples-best.Count-1)
		e.ForgetUnfinished()
		score, better = search.Score{Count: samples - wrong, Total: samples}, samples-wrong > best.Count
		return err
	})
	return score, better, known, err
}

// spread lists all samples, with first so many of them in front, as evenly as can be.
func spread(samples, first int) []int {
	var front, rest []int
	for i := range samples {
		if (i+1)*first/samples > i*first/samples {
			front = append(front, i)
		} else {
			rest = append(rest, i)
		}
	}
	return append(front, rest...)
}
