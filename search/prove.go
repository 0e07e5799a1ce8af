package search

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"example.org/demote/search/proof"
)

// A prover refutes the mixes that save more than the result, level by level, those that save most first: each gets a
// score of its own, which the evaluator may leave as soon as it cannot pass. It takes what holds as the new result.
type prover struct {
	*session
	space *proof.Space
	out   *Proof
	stand Mask          // of a family: its parent, all else low
	each  time.Duration // about the time of a mix; 0: not known

	arranged bool // the samples are in the order for what is to be refuted
}

// prove makes Result.Proof, after a strategy that has ended with err. It returns that error, the evaluator's or that of
// Options.Best; the end of a budget is no error here, since the search has its result.
func (s *session) prove(ctx context.Context, err error) error {
	p := &prover{session: s, space: proof.NewSpace(s.o.Cost), stand: NewMask(s.o.Holders)}
	p.out = &Proof{Most: p.space.Saved(nil), From: p.size(), Mask: s.res.Mask.Clone()}
	if !s.res.Found {
		p.out.From = -1
	}
	if !p.space.Uniform() {
		p.out.Least = -1
	}
	s.res.Proof = p.out
	if err != nil {
		if p.out.Stop = ProofHeld; errors.Is(err, errSpent) || ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
			p.out.Stop = ProofUnbegun
		}
		return err
	}
	if s.refusals > 0 {
		p.each = s.refusing / time.Duration(s.refusals)
	}
	outer, begun := s.ctx, time.Now()
	if s.o.Proof.Time > 0 {
		var cancel context.CancelFunc
		s.ctx, cancel = context.WithDeadline(outer, begun.Add(s.o.Proof.Time))
		defer cancel()
	}
	err = p.levels()
	s.ctx = outer
	p.finish()
	p.out.Mask = s.res.Mask.Clone()
	p.out.Time = time.Since(begun)
	if p.out.Minimal { // what a strategy would have needed to go on is beside the point
		s.res.Notes = slices.DeleteFunc(s.res.Notes, func(n Note) bool { return n.ID == "improve-ended" })
	}
	switch {
	case err == nil:
	case errors.Is(err, errSpent):
		p.out.Stop, err = ProofTrials, nil
	case ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded):
		p.out.Stop, err = ProofTime, nil
	default:
		p.out.Stop = ProofHeld
	}
	return err
}

// worth is what a mix must save to be better than the result: more than that. Without a result every mix is better.
func (p *prover) worth() float64 {
	if !p.res.Found {
		return math.Inf(-1)
	}
	return p.res.Saved
}

// size is the number of high units of the result; of mixes that are no better. Without a result that is one more than
// there are units.
func (p *prover) size() int {
	if !p.res.Found {
		return len(p.o.Units) + 1
	}
	return len(p.o.Units) - p.best
}

// levels refutes one level after another until none is left that saves more than the result.
func (p *prover) levels() error {
	if p.space.Saved(nil) > p.worth() {
		drawn := false
		for l := p.space.First(); l != nil; l = p.space.After(l, p.worth()) {
			if most := p.o.Proof.Units; most > 0 && l.Size > most && l.Mixes > drawnAfter {
				if err := p.draw(l.Size, drawnAfter); err != nil {
					return err
				}
				if p.size() > l.Size {
					p.out.Stop = ProofUnits
					return nil
				}
				break // a drawn mix has as few high units as are left
			}
			if err := p.arrange(l); err != nil {
				return err
			}
			if !drawn && p.space.Uniform() && !p.fits(l) {
				drawn = true
				if err := p.draw(l.Size, drawnInstead); err != nil {
					return err
				}
			}
			if !(l.Most > p.worth()) { // so is it here
				break
			}
			if err := p.refute(l); err != nil {
				return err
			}
			if p.out.Most = min(p.out.Most, l.Over); p.space.Uniform() {
				p.out.Least = l.Size + 1
			}
		}
	}
	p.out.Minimal, p.out.Stop, p.out.Most = true, ProofDone, p.worth()
	if p.space.Uniform() {
		p.out.Least = p.size()
	}
	return nil
}

// arrange puts the samples in the order in which the mix with nothing high fails early, once, where more than the level
// of one high unit is to be refuted. That takes a pass over the samples.
func (p *prover) arrange(l *proof.Level) error {
	ev, ok := p.ev.(ArrangingEvaluator)
	first := math.IsInf(l.Most, 1)
	if !ok || p.arranged || first || p.space.Uniform() && (p.size() <= 2 || p.o.Proof.Units == 1) {
		return nil
	}
	p.arranged = true
	return ev.ArrangeFor(p.ctx, p.all)
}

// fits tells whether the budget is about enough for a level.
func (p *prover) fits(l *proof.Level) bool {
	if float64(p.left()) < l.Mixes {
		return false
	}
	end, limited := p.ctx.Deadline()
	return !limited || float64(p.each)*l.Mixes <= float64(time.Until(end))
}

// level returns the place of a level in the proof.
func (p *prover) level(l *proof.Level) int {
	if l.Size >= 0 {
		if at := slices.IndexFunc(p.out.Levels, func(o ProofLevel) bool { return o.Size == l.Size }); at >= 0 {
			return at
		}
	}
	p.out.Levels = append(p.out.Levels, ProofLevel{Size: l.Size, Over: l.Over, Mixes: l.Mixes})
	return len(p.out.Levels) - 1
}

// finish leaves the levels below the result, in their order, with what their draws say.
func (p *prover) finish() {
	p.out.Levels = slices.DeleteFunc(p.out.Levels, func(l ProofLevel) bool { return l.Size >= p.size() })
	slices.SortStableFunc(p.out.Levels, func(a, b ProofLevel) int { return cmp.Compare(a.Size, b.Size) })
	for i := range p.out.Levels {
		if l := &p.out.Levels[i]; l.Drawn > 0 && float64(l.Refuted) < l.Mixes {
			l.AtMost = proof.AtMost(l.Drawn)
		}
	}
}

// tell reports the progress of the proof.
func (p *prover) tell(e ProofEvent) {
	if p.o.Progress == nil {
		return
	}
	if e.Each = p.each; p.space.Uniform() {
		e.Before = proof.Below(len(p.o.Units), p.size())
	}
	p.o.Progress(Event{Kind: EventProof, Evaluations: p.res.Evaluations, Low: p.low, Units: len(p.o.Units), BestLow: p.best, Proof: e})
}
