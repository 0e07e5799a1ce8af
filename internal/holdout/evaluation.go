package holdout

import (
	"context"

	"example.org/demote/internal/memory"
	"example.org/demote/internal/record"
	"example.org/demote/internal/task"
	"example.org/demote/internal/trial"
	"example.org/demote/result"
	"example.org/demote/search"
)

// An Evaluation is the hold-out under evaluation: the same network and metric on the samples that no trial has
// seen.
type Evaluation struct {
	*trial.Runner
	set   *Set
	claim search.Claim
	Units [][]int
	// units of the search's mix in the order in which they go back to int16
	Way      []int
	Score    func(context.Context, search.Mask) (search.Score, error) // on the search's own samples
	Holds    func(search.Score) bool                                  // whether such a score is above the target
	Promised *Promised                                                // nil: the search's own mix stays
	done     func()                                                   // gives back what it computes on
	known    map[string][]uint64                                      // outcomes by mask
	high     []uint64                                                 // those of the 16-bit network; nil: not known yet
}

// A Promised mix is the last one on the way back of the search's that held on the hold-out.
type Promised struct {
	Mask  search.Mask
	Score search.Score // on the search's own samples
}

// Evaluate compiles the network of a search for the hold-out.
func Evaluate(ctx context.Context, s *trial.Runner, set *Set, claim search.Claim) (*Evaluation, error) {
	p := *s.Task
	p.Data, p.Held, p.Files = set.Set, nil, nil
	h := &trial.Runner{Task: &p, Config: s.Config, Metric: s.Metric, Set: "holdout", Result: s.Result, Device: s.Device, Among: s.Among}
	h.Config.Scan, h.Config.Data = "naive", set.path
	if set.path != s.Config.Data { // it is no part of the file that workers have
		h.Config.DataAt = ""
	}
	h.Config.Repaired = []string{} // the network is the search's, with what it has taken
	if s.Options.KeepOrder {       // the self-test fell back to one worker
		h.Config.Workers, h.Config.Members = 1, 0
	}
	a := &Evaluation{Runner: h, set: set, claim: claim, known: map[string][]uint64{}}
	if s.Config.Confidence == "" {
		a.claim.Confidence = intervalConfidence
	}
	err := p.SetBlock(p.Block) // no larger than the hold-out
	if err == nil {
		a.done, err = h.BesideSearch(ctx)
	}
	if err == nil && !h.Can().OwnMemory {
		err = h.FitSamples(memory.Left())
	}
	if err == nil {
		err = h.Compile(ctx)
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

// checkNaN refuses a hold-out for which the 16-bit network gives NaN; that the float network does, compile refuses.
func (a *Evaluation) checkNaN(ctx context.Context) error {
	_, nan, err := a.Ev.Arrange(ctx)
	if err == nil && nan >= 0 && !a.Config.AllowNaN {
		return a.RefuseNaN(a.Ev, "16-bit", nan)
	}
	return err
}

// Close gives the evaluator back; data and network are the search's own.
func (a *Evaluation) Close() {
	if a.Ev != nil {
		a.Ev.Close()
		a.Ev = nil
	}
	if a.done != nil {
		a.done()
		a.done = nil
	}
}

// Outcomes runs a mask over the hold-out once.
func (a *Evaluation) Outcomes(ctx context.Context, m search.Mask) ([]uint64, error) {
	if known, ok := a.known[m.Key()]; ok {
		return known, nil
	}
	out, err := a.Ev.Outcomes(ctx, m)
	if err == nil {
		a.known[m.Key()] = out
	}
	return out, err
}

// reference is the outcome of the network that the claim compares with; nil if it compares with none.
func (a *Evaluation) reference(ctx context.Context) ([]uint64, error) {
	switch a.claim.Reference {
	case search.HighReference:
		return a.highOutcomes(ctx)
	case search.FloatReference:
		e, err := a.OpenFile(ctx, a.FloatModel, nil)
		if err != nil {
			return nil, err
		}
		defer e.Close()
		return e.Outcomes(ctx, search.NewMask(0))
	}
	return nil, nil
}

// highOutcomes are those of the 16-bit network.
func (a *Evaluation) highOutcomes(ctx context.Context) (out []uint64, err error) {
	if a.high == nil {
		a.high, err = a.HighestOutcomes(ctx)
	}
	return a.high, err
}

// ScoreEnds scores float, 16-bit and 8-bit network.
func (a *Evaluation) ScoreEnds(ctx context.Context, r *result.Holdout) error {
	lower := a.Metric.Lower
	if a.FloatScore != nil {
		r.Score.Float = record.Score(*a.FloatScore, lower)
	}
	high, err := a.HighestScore(ctx)
	if err != nil {
		return err
	}
	low, err := a.ScoreLow(ctx)
	if err == nil && low == nil {
		low = new(search.Score)
		*low, err = a.Ev.Score(ctx, task.LowMask(a.Network.Holders))
	}
	if err != nil {
		return err
	}
	r.Score.High, r.Score.Low = record.Score(high, lower), record.Score(*low, lower)
	return nil
}

// ScoreMix scores a mix.
func (a *Evaluation) ScoreMix(ctx context.Context, m search.Mask, r *result.Holdout) error {
	score, err := a.Ev.Score(ctx, m)
	r.Score.Mixed = record.Score(score, a.Metric.Lower)
	return err
}
