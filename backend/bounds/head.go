package bounds

import (
	"context"

	"example.org/demote/search"
)

// CountFirst returns how many of the first samples of the layout count under a mask. It runs no more than the blocks
// that hold them, and nothing that is known; a scan of the mask goes on from there. base is as in Scan, and the masks
// are lent for the call. ok is false where outcomes are not kept: nothing was run. The error is the machine's, the
// context's, or that of Learnt or Stopped.
func (e *Evaluator) CountFirst(ctx context.Context, base, mask search.Mask, samples int) (count int, ok bool, err error) {
	if !e.rule.Outcomes || samples > e.rule.total() {
		return 0, false, nil
	}
	if h := e.KnownHits(mask); h != nil {
		return h.first(samples), true, nil
	}
	blocks := 0
	for e.rule.total()-e.rule.left[blocks] < samples {
		blocks++
	}
	e.setBase(base)
	p, touched := e.unfinished(mask)
	_, known := e.memo.Get(mask)
	switch {
	case p.Blocks >= blocks && p.Hits != nil:
		return p.Hits.first(samples), true, nil
	case known || p.Blocks > 0 && p.Hits == nil: // an earlier program has not kept its outcomes
		p, err = e.run(ctx, &Job{Base: base, Mask: mask, To: blocks}, e.begun(Progress{}))
		if err != nil {
			return 0, false, err
		}
		return p.Hits.first(samples), true, nil
	case touched:
		e.stats.Resumed++
	default:
		e.stats.Trials++
	}
	p, err = e.run(ctx, &Job{Base: base, Mask: mask, From: p.Blocks, To: blocks}, e.begun(p))
	if err != nil {
		return 0, false, err
	}
	if e.rule.done(p) {
		_, err = e.learn(mask, p, e.rule.score(p))
		return p.Hits.first(samples), true, err
	}
	e.stop(mask, p)
	if e.Stopped != nil {
		err = e.Stopped(mask, p)
	}
	return p.Hits.first(samples), true, err
}

// KeepsOutcomes tells whether the outcomes of trials are kept.
func (e *Evaluator) KeepsOutcomes() bool { return e.rule.Outcomes }

// first counts the first samples that count.
func (h *Hits) first(samples int) (count int) {
	for position := range samples {
		if h.At(position) {
			count++
		}
	}
	return count
}
