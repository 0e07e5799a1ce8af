package bounds

import (
	"cmp"
	"context"

	"example.org/demote/search"
)

// WrongFirst returns how many of the first samples of the layout do not count under a mask, or most+1 if more than most
// do not: then it leaves the mask as soon as that is certain. It runs no more than the blocks that hold them, and
// nothing that is known; a scan of the mask goes on from there. base is as in Scan, and the masks are lent for the
// call. ok is false where outcomes are not kept: nothing was run. The error is the machine's, the context's, or that of
// Learnt or Stopped.
func (e *Evaluator) WrongFirst(ctx context.Context, base, mask search.Mask, samples, most int) (wrong int, ok bool, err error) {
	if !e.rule.Outcomes || samples > e.rule.total() {
		return 0, false, nil
	}
	if h := e.KnownHits(mask); h != nil {
		return min(samples-h.first(samples), most+1), true, nil
	}
	blocks := 0 // that hold them
	for e.rule.total()-e.rule.left[blocks] < samples {
		blocks++
	}
	e.setBase(base)
	p, touched := e.unfinished(mask)
	_, known := e.memo.Get(mask)
	// an earlier program has not kept its outcomes
	again := known || p.Blocks > 0 && p.Hits == nil
	if again {
		p = Progress{}
	}
	from := p.Blocks
	for {
		ran := min(samples, e.rule.total()-e.rule.left[p.Blocks])
		if ran > 0 {
			wrong = ran - p.Hits.first(ran)
		}
		if wrong > most || ran == samples {
			break
		}
		to := blocks // of members, whose answers take long to come, all at once
		if e.leased == nil {
			to = min(blocks, max(e.scan.covering(p.Blocks, most-wrong+1), p.Blocks+e.side()))
		}
		if p, err = e.run(ctx, &Job{Base: base, Mask: mask, From: p.Blocks, To: to}, e.begun(p)); err != nil {
			break
		}
	}
	wrong = min(wrong, most+1)
	switch {
	case again || p.Blocks == from:
		return wrong, true, err
	case touched:
		e.stats.Resumed++
	default:
		e.stats.Trials++
	}
	if e.rule.done(p) {
		_, lerr := e.learn(mask, p, e.rule.score(p))
		return wrong, true, cmp.Or(err, lerr)
	}
	e.stop(mask, p)
	if e.Stopped != nil && err == nil {
		err = e.Stopped(mask, p)
	}
	return wrong, true, err
}

// side is how many blocks run side by side.
func (e *Evaluator) side() int {
	if e.ahead == nil {
		return 1
	}
	return e.ahead.lanes
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
