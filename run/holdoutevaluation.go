package run

import (
	"context"

	"example.org/demote/backend"
	"example.org/demote/internal/memory"
	"example.org/demote/result"
	"example.org/demote/search"
)

// An holdoutEvaluation is the hold-out under evaluation: the same network and metric on the samples that no trial has
// seen.
type holdoutEvaluation struct {
	*compiled
	set      *holdoutSet
	claim    search.Claim
	units    [][]int
	way      []int                                                    // units of the search's mix in the order in which they go back to int16
	score    func(context.Context, search.Mask) (search.Score, error) // on the search's own samples
	holds    func(search.Score) bool                                  // whether such a score is above the target
	promised *promised                                                // nil: the search's own mix stays
	known    map[string][]uint64                                      // outcomes by mask
}

// A promised mix is the last one on the way back of the search's that held on the hold-out.
type promised struct {
	mask  search.Mask
	score search.Score // on the search's own samples
}

// openHoldoutEvaluation compiles the network of a search for the hold-out.
func openHoldoutEvaluation(ctx context.Context, s *compiled, set *holdoutSet, claim search.Claim) (*holdoutEvaluation, error) {
	p := *s.prepared
	p.data, p.held, p.files = set.set, nil, nil
	h := &compiled{prepared: &p, config: s.config, metric: s.metric, result: s.result, device: s.device}
	h.config.Scan, h.config.Data = "naive", set.path
	if s.options.KeepOrder { // the self-test fell back to one worker
		h.config.Workers = 1
	}
	a := &holdoutEvaluation{compiled: h, set: set, claim: claim, known: map[string][]uint64{}}
	if s.config.Confidence == "" {
		a.claim.Confidence = intervalConfidence
	}
	err := p.setBlock(p.block) // no larger than the hold-out
	if err == nil {
		err = h.besideSearch(ctx)
	}
	if err == nil && !h.can().OwnMemory {
		err = h.fitSamples(memory.Left())
	}
	if err == nil {
		err = h.compile(ctx)
	}
	if err == nil {
		err = a.checkNaN(ctx)
	}
	if err != nil {
		a.Close()
		return nil, err
	}
	return a, nil
}

// besideSearch chooses the CPU for a hold-out that a GPU has no room for, beside what the search keeps there.
func (s *compiled) besideSearch(ctx context.Context) error {
	if !s.can().OwnMemory {
		return nil
	}
	free, err := backend.FreeMemory(s.device.Name)
	if err != nil {
		return err
	}
	want, err := s.need(ctx)
	if err == nil && want.sum() > free {
		s.device = backend.DeviceInfo{}
	}
	return err
}

// checkNaN refuses a hold-out for which the 16-bit network gives NaN; that the float network does, compile refuses.
func (a *holdoutEvaluation) checkNaN(ctx context.Context) error {
	_, nan, err := a.ev.Arrange(ctx)
	if err == nil && nan >= 0 && !a.config.AllowNaN {
		return a.refuseNaN(a.ev, "16-bit", nan)
	}
	return err
}

// Close gives the evaluator back; data and network are the search's own.
func (a *holdoutEvaluation) Close() {
	if a.ev != nil {
		a.ev.Close()
		a.ev = nil
	}
}

// Outcomes runs a mask over the hold-out once.
func (a *holdoutEvaluation) Outcomes(ctx context.Context, m search.Mask) ([]uint64, error) {
	if known, ok := a.known[m.Key()]; ok {
		return known, nil
	}
	out, err := a.ev.Outcomes(ctx, m)
	if err == nil {
		a.known[m.Key()] = out
	}
	return out, err
}

// reference is the outcome of the network that the claim compares with; nil if it compares with none.
func (a *holdoutEvaluation) reference(ctx context.Context) ([]uint64, error) {
	switch a.claim.Reference {
	case search.HighReference:
		return a.Outcomes(ctx, search.NewMask(len(a.records)))
	case search.FloatReference:
		e, err := a.openFile(ctx, a.floatModel, nil)
		if err != nil {
			return nil, err
		}
		defer e.Close()
		return e.Outcomes(ctx, search.NewMask(0))
	}
	return nil, nil
}

// scoreEnds scores float, 16-bit and 8-bit network.
func (a *holdoutEvaluation) scoreEnds(ctx context.Context, r *result.Holdout) error {
	lower := a.metric.Lower
	if a.floatScore != nil {
		r.Score.Float = scoreResult(*a.floatScore, lower)
	}
	high, err := a.ev.Score(ctx, search.NewMask(len(a.records)))
	if err != nil {
		return err
	}
	low, err := a.scoreLow(ctx)
	if err == nil && low == nil {
		low = new(search.Score)
		*low, err = a.ev.Score(ctx, lowMask(a.network.Holders))
	}
	if err != nil {
		return err
	}
	r.Score.High, r.Score.Low = scoreResult(high, lower), scoreResult(*low, lower)
	return nil
}

func (a *holdoutEvaluation) scoreMix(ctx context.Context, m search.Mask, r *result.Holdout) error {
	score, err := a.ev.Score(ctx, m)
	r.Score.Mixed = scoreResult(score, a.metric.Lower)
	return err
}
