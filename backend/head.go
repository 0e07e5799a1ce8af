package backend

import (
	"cmp"
	"context"
	"math"
	"slices"

	"example.org/demote/search"
)

// The head is headPercent of the samples, where that are at least leastHead: on fewer, chance decides. The front goes
// frontPercent of the samples beyond those that the network without demotions gets wrong, where that is no more than
// mostFront percent of all.
const headPercent, leastHead, frontPercent, mostFront = 6, 24, 15, 60

// Head implements search.HeadEvaluator for metrics whose outcomes are kept, and whose samples are laid out for the
// network without demotions. The head is chosen by its margins, whatever the block: no count depends on what runs it.
func (e *Evaluator) Head(ctx context.Context, base, mask search.Mask) (count int, ok bool, err error) {
	base, ok, err = e.toCount(ctx, base, mask, e.head)
	if !ok || err != nil {
		return 0, false, err
	}
	wrong, ok, err := e.WrongFirst(ctx, base, mask, e.head, e.head)
	if !ok || err != nil {
		return 0, ok, err
	}
	return e.head - wrong, true, nil
}

// Front implements search.FrontEvaluator, for the same metrics and layouts as Head.
func (e *Evaluator) Front(ctx context.Context, base, mask search.Mask, most int) (wrong int, ok bool, err error) {
	base, ok, err = e.toCount(ctx, base, mask, e.front)
	if !ok || err != nil {
		return 0, false, err
	}
	return e.WrongFirst(ctx, base, mask, e.front, most)
}

// toCount makes ready for counts on the first so many samples, which go on from the base that it returns: naively a
// mask is scored on all of them first. ok is false where there are no such samples.
func (e *Evaluator) toCount(ctx context.Context, base, mask search.Mask, samples int) (from search.Mask, ok bool, err error) {
	if err := e.ready(base, mask); err != nil || samples == 0 {
		return base, false, err
	}
	if e.opts.Naive {
		_, err := e.Score(ctx, mask)
		return mask, err == nil, err
	}
	return base, true, nil
}

// layOutHead lays the samples out by the margins that they have without demotions, of which so many are wrong: the head
// first, the rest behind it by rising margin.
func (e *Evaluator) layOutHead(margins []float64, wrong int) error {
	e.head, e.front = 0, 0
	order := byMargin(margins)
	n := len(order) * headPercent / 100
	if n < leastHead || !e.KeepsOutcomes() {
		return e.layOut(order)
	}
	near := slices.Clone(order)
	slices.SortStableFunc(near, func(a, b int) int { return cmp.Compare(math.Abs(margins[a]), math.Abs(margins[b])) })
	inHead := make([]bool, len(order))
	for _, sample := range near[:n] {
		inHead[sample] = true
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case inHead[a] == inHead[b]:
			return 0
		case inHead[a]:
			return -1
		}
		return 1
	})
	if err := e.layOut(order); err != nil {
		return err
	}
	if slices.Equal(e.machine.Order()[:n], order[:n]) { // samples of several shapes lie shape by shape
		e.head = n
		e.machine.HasHead(n)
		if front := wrong + len(order)*frontPercent/100; front <= len(order)*mostFront/100 {
			e.front = front
		}
	}
	return nil
}
