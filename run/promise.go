package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"example.org/demote/result"
	"example.org/demote/search"
)

// askAside scores the networks on the hold-out, once and at the end, and tests the promise. With --confidence the mix
// that is promised becomes the run's; unkept is ErrUnpromised if there is none, and the search's own mix stays. It is
// the context's error if this was interrupted.
func (s *searching) askAside(ctx context.Context, f *search.Result, done bool) (unkept, err error) {
	if s.holdout == nil || !f.Holds || !done {
		return nil, nil
	}
	unkept, err = s.ask(ctx, f)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		s.result.Holdout = nil
		s.warn("holdout-unasked", "interrupted before the hold-out was evaluated", "the same command resumes it")
		return ctx.Err(), nil
	}
	return unkept, err
}

func (s *searching) ask(ctx context.Context, f *search.Result) (unkept, err error) {
	r := &result.Holdout{Text: s.config.Holdout, Samples: s.holdout.set.Len(), LeftOut: s.holdout.left, SHA256: s.holdout.id}
	if r.UsedBefore, err = s.usedBefore(); err != nil {
		return nil, err
	}
	if err := s.journal.Asked(s.holdout.id); err != nil {
		return nil, err
	}
	if len(r.UsedBefore) > 0 {
		s.warn("holdout-used-before", "the hold-out was evaluated before, by "+strings.Join(r.UsedBefore, "; ")+": a mix that was chosen among several by it has less confidence than stated", "give --holdout samples that nobody has looked at")
	}
	s.config.Say(fmt.Sprintf("scoring on %d samples that the search has not seen", r.Samples))
	a, err := openHoldoutEvaluation(ctx, s.compiled, s.holdout, s.target.Claim(s.goal, s.config.confidence()))
	if err != nil {
		return nil, err
	}
	defer a.Close()
	a.units, a.way, a.score, a.holds = s.units(), slices.Concat(wayBack(f, s.units())...), s.ev.Score, s.holds
	if s.metric.Countable {
		unkept, err = a.test(ctx, f.Mask, r)
		if p := a.promised; p != nil && err == nil {
			s.adopt(f, p.mask, p.score, a.way)
		}
	} else {
		err = a.scoreMix(ctx, f.Mask, r)
	}
	if err != nil {
		return nil, err
	}
	s.result.Holdout = r
	return unkept, a.scoreEnds(ctx, r)
}

// test says how sure one can be of the mix and, with --confidence, walks the steps of the promise.
func (a *holdoutEvaluation) test(ctx context.Context, mask search.Mask, r *result.Holdout) (unkept, err error) {
	var reference []uint64
	if a.config.Int16Share == "" {
		r.Claim = a.claimText()
		if reference, err = a.reference(ctx); err != nil {
			return nil, err
		}
	}
	if a.config.Confidence != "" {
		if mask, unkept, err = a.promise(ctx, mask, reference, r); err != nil {
			return nil, err
		}
	}
	mix, err := a.Outcomes(ctx, mask)
	if err != nil {
		return nil, err
	}
	high, err := a.Outcomes(ctx, search.NewMask(len(a.records)))
	if err != nil {
		return nil, err
	}
	r.Against = pairedResult(search.Compare(high, mix, r.Samples))
	if r.Claim != "" {
		p := 0.0
		if !a.itself(mask) {
			p = a.claim.PValue(reference, mix, r.Samples)
		}
		sure := 1 - p
		r.PValue, r.Sure = &p, &sure
	}
	return unkept, a.scoreMix(ctx, mask, r)
}

// itself tells whether a mix is the network that the claim compares with, and so loses nothing against it.
func (a *holdoutEvaluation) itself(m search.Mask) bool {
	return a.claim.Reference == search.HighReference && m.Count() == 0
}

// promise walks the steps and makes the last one that held the run's mix.
func (a *holdoutEvaluation) promise(ctx context.Context, mix search.Mask, reference []uint64, r *result.Holdout) (mask search.Mask, unkept, err error) {
	steps, scores, err := a.steps(ctx, mix)
	if err != nil {
		return mask, nil, err
	}
	p := &result.Promise{Confidence: a.claim.Confidence, SearchInt8: mix.Count()}
	got, err := search.Prove(ctx, a, reference, r.Samples, steps, a.claim, func(t search.Tested) { a.tell(t, r.Samples) })
	if err != nil {
		return mask, nil, err
	}
	for i, t := range got.Tested {
		step := result.PromiseStep{Int8: t.Mask.Count(), Score: scoreResult(scores[i], false), PValue: t.PValue, Held: t.Held,
			Holdout: scoreResult(search.Score{Count: t.Correct, Total: r.Samples}, false)}
		if reference != nil {
			step.OnlyOther, step.OnlyMix = &t.Paired.B, &t.Paired.C
		}
		p.Steps = append(p.Steps, step)
	}
	if last := len(got.Tested) - 1; last >= 0 && !got.Tested[last].Held {
		failed, err := a.Outcomes(ctx, got.Tested[last].Mask)
		if err != nil {
			return mask, nil, err
		}
		p.Needs = needResults(a.claim.Needs(reference, failed, r.Samples, scores[last].Float()))
	}
	r.Promise = p
	switch {
	case got.Held > 0:
		mask = got.Tested[got.Held-1].Mask
		a.promised = &promised{mask, scores[got.Held-1]}
	case len(steps) == 0: // the 16-bit network against itself
		mask = mix
	default:
		why := a.shortage(got.Tested[0], p.Needs)
		p.Statement = "no mix is promised: " + why
		return mix, fmt.Errorf("%w with confidence %s: %s", ErrUnpromised, a.config.Confidence, why), nil
	}
	p.Held = true
	p.Statement = fmt.Sprintf("with confidence %s, the mix %s, on samples like those of the hold-out", a.config.Confidence, r.Claim)
	return mask, nil, nil
}

// steps are the nested mixes that are tested, with their scores on the search's own samples: those that hold there.
// The 16-bit network itself comes first where it is one of them, and not what the claim compares with.
func (a *holdoutEvaluation) steps(ctx context.Context, mix search.Mask) ([]search.Mask, []search.Score, error) {
	base := mix.Clone()
	var order [][]int
	for _, u := range slices.Backward(a.way) {
		order = append(order, a.units[u])
		for _, h := range a.units[u] {
			base.Promote(h)
		}
	}
	list := search.NestedSteps(base, order)
	if !a.itself(base) {
		list = slices.Insert(list, 0, base)
	}
	var steps []search.Mask
	var scores []search.Score
	for _, m := range list {
		score, err := a.score(ctx, m)
		if err != nil {
			return nil, nil, err
		}
		if a.holds(score) {
			steps, scores = append(steps, m), append(scores, score)
		}
	}
	return steps, scores, nil
}

// adopt makes a mix on the way back of the search's the one that the run gives.
func (s *searching) adopt(f *search.Result, m search.Mask, score search.Score, way []int) {
	units := s.units()
	back := 0
	for _, u := range way {
		if m.Low(units[u][0]) {
			break
		}
		f.Promotion = append(f.Promotion[:len(f.Promotion):len(f.Promotion)], u)
		back += len(units[u])
	}
	f.Mask, f.Score = m, score
	s.setMask(m)
	s.result.Promotion, s.result.Score.Mixed = s.promoted(*f), scoreResult(score, s.metric.Lower)
	s.result.Savings = s.costs.savings(m)
	if back > 0 {
		s.warn("promise-walked-back", fmt.Sprintf("%d activations went back to int16, so that the mix can be promised", back), "")
	}
}
