package holdout

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"example.org/demote/internal/record"
	"example.org/demote/result"
	"example.org/demote/search"
)

// Test says how sure one can be of the mix and, with --confidence, walks the steps of the promise.
func (a *Evaluation) Test(ctx context.Context, mask search.Mask, r *result.Holdout) (unkept, err error) {
	var reference []uint64
	if a.Result.HasTarget() {
		r.Claim = a.Result.Ends().Text(a.claimText())
		if reference, err = a.reference(ctx); err != nil {
			return nil, err
		}
	}
	if a.Config.Confidence != "" {
		if mask, unkept, err = a.promise(ctx, mask, reference, r); err != nil {
			return nil, err
		}
	}
	mix, err := a.Outcomes(ctx, mask)
	if err != nil {
		return nil, err
	}
	high, err := a.highOutcomes(ctx)
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
	return unkept, a.ScoreMix(ctx, mask, r)
}

// itself tells whether a mix is the network that the claim compares with, and so loses nothing against it.
func (a *Evaluation) itself(m search.Mask) bool {
	return a.claim.Reference == search.HighReference && m.Count() == 0 && (!a.Config.Second() || len(a.Config.Held()) == len(a.Records))
}

// promise walks the steps and makes the last one that held the run's mix.
func (a *Evaluation) promise(ctx context.Context, mix search.Mask, reference []uint64, r *result.Holdout) (mask search.Mask, unkept, err error) {
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
		step := result.PromiseStep{Int8: t.Mask.Count(), Score: record.Score(scores[i], false), PValue: t.PValue, Held: t.Held,
			Holdout: record.Score(search.Score{Count: t.Correct, Total: r.Samples}, false)}
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
		a.Promised = &Promised{mask, scores[got.Held-1]}
	case len(steps) == 0: // the 16-bit network against itself
		mask = mix
	default:
		why := a.shortage(got.Tested[0], p.Needs)
		p.Statement = a.Result.Ends().Text("no mix is promised: " + why)
		return mix, fmt.Errorf("%w with confidence %s: %s", ErrUnpromised, a.Config.Confidence, why), nil
	}
	p.Held = true
	p.Statement = fmt.Sprintf("with confidence %s, the mix %s, on samples like those of the hold-out", a.Config.Confidence, r.Claim)
	return mask, nil, nil
}

// steps are the nested mixes that are tested, with their scores on the search's own samples: those that hold there.
// The 16-bit network itself comes first where it is one of them, and not what the claim compares with.
func (a *Evaluation) steps(ctx context.Context, mix search.Mask) ([]search.Mask, []search.Score, error) {
	base := mix.Clone()
	var order [][]int
	for _, u := range slices.Backward(a.Way) {
		order = append(order, a.Units[u])
		for _, h := range a.Units[u] {
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
		score, err := a.Score(ctx, m)
		if err != nil {
			return nil, nil, err
		}
		if a.Holds(score) {
			steps, scores = append(steps, m), append(scores, score)
		}
	}
	return steps, scores, nil
}

// ErrUnpromised says that no mix can be promised with the confidence asked for.
var ErrUnpromised = errors.New("no mix can be promised")
