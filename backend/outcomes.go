package backend

import (
	"context"
	"fmt"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/metric"
	"example.org/demote/search"
)

// Outcomes returns a bit for each sample under a mask, in the order of the data, sample i in bit i%64 of word i/64: 1
// if the metric counts the sample, with all its steps. A mask whose outcomes are known runs nothing, any other one runs
// over all samples. The slice is new. It is an error if the metric is not countable.
func (e *Evaluator) Outcomes(ctx context.Context, mask search.Mask) ([]uint64, error) {
	if !e.opts.Metric.Countable {
		return nil, fmt.Errorf("backend: metric %s does not count samples", e.opts.Metric.Name)
	}
	if err := e.ready(mask); err != nil {
		return nil, err
	}
	outcome := make([]uint64, (e.samples+63)/64)
	if h := e.KnownHits(mask); h != nil {
		for position, sample := range e.machine.Order() {
			if h.At(position) {
				outcome[sample/64] |= 1 << (sample % 64)
			}
		}
		return outcome, nil
	}
	right := make([]bool, e.samples) // by sample: the workers write to different ones
	_, err := e.Look(ctx, mask, Look{Margins: true, Mark: func(sample int, m Mark) { right[sample] = m.Right }})
	if err != nil {
		return nil, err
	}
	for i, ok := range right {
		if ok {
			outcome[i/64] |= 1 << (i % 64)
		}
	}
	return outcome, nil
}

// Right says whether the metric counts a sample with these outputs, with all its steps. The metric must be countable.
func (e *Evaluator) Right(sample int, row []float32) bool {
	return e.right(e.machine.Verdict(row, sample))
}

// right says the same of a verdict.
func (e *Evaluator) right(v metric.Verdict) bool { return v.Gain == float64(e.machine.Steps()) }

// PackHits returns outcomes as a journal keeps them: a bit a sample in the order of the data, sample i in bit i%8 of
// byte i/8, and 0 for samples that have not run; nil for outcomes that are not kept.
func (e *Evaluator) PackHits(h *bounds.Hits) []byte {
	if h == nil {
		return nil
	}
	packed := make([]byte, (e.samples+7)/8)
	for position, sample := range e.machine.Order() {
		if h.At(position) {
			packed[sample/8] |= 1 << (sample % 8)
		}
	}
	return packed
}

// UnpackHits returns the outcomes that PackHits has packed; nil where this evaluator keeps none, or for another number
// of samples.
func (e *Evaluator) UnpackHits(packed []byte) *bounds.Hits {
	h := e.NewHits()
	if h == nil || len(packed) != (e.samples+7)/8 {
		return nil
	}
	for position, sample := range e.machine.Order() {
		if packed[sample/8]>>(sample%8)&1 == 1 {
			h.Set(position)
		}
	}
	return h
}

// PackKnown returns the outcomes of a mask that was scored in full as a journal keeps them: those of PackHits, or what
// the outcomes of a metric that does not count have come to; nil: they are not kept.
func (e *Evaluator) PackKnown(mask search.Mask) []byte {
	if e.Folds() {
		return e.KnownState(mask)
	}
	return e.PackHits(e.KnownHits(mask))
}

// RestorePacked enters what PackKnown has said of a mask whose full score Restore has entered.
func (e *Evaluator) RestorePacked(mask search.Mask, packed []byte) {
	if e.Folds() {
		if packed != nil {
			e.RestoreState(mask, packed)
		}
		return
	}
	if h := e.UnpackHits(packed); h != nil {
		e.RestoreHits(mask, h)
	}
}

// PackProgress returns the outcomes of an unfinished trial as a journal keeps them. ok is false for a progress that is
// worth nothing without those that are not kept.
func (e *Evaluator) PackProgress(p bounds.Progress) (packed []byte, ok bool) {
	if e.Folds() {
		packed = e.PackState(p)
		return packed, packed != nil
	}
	return e.PackHits(p.Hits), true
}

// RestoreProgress enters the progress of a trial of an earlier run of the program, with what PackProgress has said of
// it.
func (e *Evaluator) RestoreProgress(mask search.Mask, p bounds.Progress, packed []byte) {
	if !e.Folds() {
		p.Hits = e.UnpackHits(packed)
	} else if p2, ok := e.UnpackState(p, packed); ok {
		p = p2
	} else {
		return
	}
	e.Evaluator.RestoreProgress(mask, p)
}

// FromPacked returns the score of a mask by this evaluator's metric, from what PackKnown has said of it under another
// metric over the same samples: without running anything, and the same bits as if it ran. ok is false if the score does
// not follow. It follows for weighted classes from the same metric without weights; of metrics that do not count, from
// any weights.
func (e *Evaluator) FromPacked(packed []byte) (score search.Score, ok bool) {
	if e.Folds() {
		return e.FromState(packed)
	}
	if len(packed) != (e.samples+7)/8 {
		return score, false
	}
	order := e.machine.Order()
	return e.FromGains(func(position int) (float64, bool) {
		sample := order[position]
		return e.machine.GainOfHit(packed[sample/8]>>(sample%8)&1 == 1, sample)
	})
}
