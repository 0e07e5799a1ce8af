package search

import (
	"cmp"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"example.org/demote/search/proof"
	"example.org/demote/search/trial"
)

// Draws from levels that are not refuted one by one. A limit of units is followed by drawnAfter mixes of each level up
// to the result; time or evaluations too short for the next level go to drawnInstead of each, and then to that level.
const (
	drawnAfter   = 100 // none of 100 holds: at most 3 % of the level do
	drawnInstead = 300 // 1 %
	drawnAtOnce  = 50  // mixes of a level in a round, of which each level has one in turn
)

// errBetter ends the walk through a level whose other mixes save no more than the one that was found.
var errBetter = errors.New("a better mix")

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

// refute scores the mixes of a level, family by family, until each is refuted or known to save no more than the result.
func (p *prover) refute(l *proof.Level) error {
	at := p.level(l)
	begun, first := time.Now(), p.out.Refuted
	p.tell(ProofEvent{Size: l.Size, Mixes: l.Mixes})
	err := p.families(l, func(parent, children []int) error {
		for len(children) > 0 {
			f, err := p.family(parent, children)
			if err != nil {
				return err
			}
			looked := len(children)
			if f.Passed {
				looked = f.Index
			}
			p.out.Levels[at].Refuted += looked
			p.out.Refuted += looked
			p.tell(ProofEvent{Size: l.Size, Done: p.out.Levels[at].Refuted, Mixes: l.Mixes})
			if !f.Passed {
				return nil
			}
			if err := p.adopt(p.arena[f.Index], f.Score); err != nil {
				return err
			}
			if p.space.Uniform() { // the others of the level save as much
				return errBetter
			}
			l.Over = p.worth()
			children = slices.DeleteFunc(children[f.Index+1:], func(u int) bool {
				return !(p.space.Saved(append(slices.Clone(parent), u)) > l.Over)
			})
		}
		return nil
	})
	if n := p.out.Refuted - first; n > 0 {
		p.each = max(p.each/2, time.Since(begun)/time.Duration(n))
	}
	if errors.Is(err, errBetter) {
		return nil
	}
	return err
}

// families walks through a level. The first one is a family of the mix that has nothing high.
func (p *prover) families(l *proof.Level, visit func(parent, children []int) error) error {
	if math.IsInf(l.Most, 1) {
		return visit(nil, []int{-1})
	}
	return p.space.Walk(l, visit)
}

// family scans the mixes with the parent's units and one of the children high. The child -1 is none.
func (p *prover) family(parent, children []int) (Found, error) {
	p.stand.CopyFrom(p.all)
	p.promote(p.stand, parent)
	masks := p.candidates(len(children))
	for i, u := range children {
		masks[i].CopyFrom(p.stand)
		if u >= 0 {
			masks[i].PromoteAll(p.o.Units[u])
		}
	}
	return p.scanOn(p.stand, masks, p.hold())
}

// promote makes units high.
func (p *prover) promote(m Mask, units []int) {
	for _, u := range units {
		m.PromoteAll(p.o.Units[u])
	}
}

// draw scores mixes at random, of each size from the first one to the last one below the result's, most of each. A mix
// that holds becomes the result.
func (p *prover) draw(first, most int) error {
	n := len(p.o.Units)
	rngs := map[int]*rand.Rand{}
	masks := trial.NewMasks(p.o.Holders, drawnAtOnce)
	done, all := 0, 0.0
	for size := first; size < p.size(); size++ {
		if proof.Choose(n, size) > float64(most) {
			all += float64(most)
		}
	}
	p.tell(ProofEvent{Size: first, Drawing: true, Mixes: all})
	for range most / drawnAtOnce {
		for size := p.size() - 1; size >= first; size-- {
			if proof.Choose(n, size) <= float64(most) {
				continue // so few are better refuted one by one
			}
			if rngs[size] == nil {
				rngs[size] = rand.New(rand.NewPCG(uint64(p.o.Seed), uint64(size)))
			}
			for i, high := range proof.Draw(rngs[size], n, size, drawnAtOnce) {
				masks[i].CopyFrom(p.all)
				p.promote(masks[i], high)
			}
			f, err := p.scanOn(p.all, masks, p.hold())
			if err != nil {
				return err
			}
			if f.Passed {
				if err := p.adopt(masks[f.Index], f.Score); err != nil {
					return err
				}
				continue
			}
			done += len(masks)
			p.out.Levels[p.level(p.space.Of(size))].Drawn += len(masks)
			p.tell(ProofEvent{Size: first, Drawing: true, Done: done, Mixes: all})
		}
	}
	return nil
}

// adopt makes a better mix that holds the result, as a step of the chain.
func (p *prover) adopt(m Mask, sc Score) error {
	var up, down []int
	for u, holders := range p.o.Units {
		switch now, then := p.base.Low(holders[0]), m.Low(holders[0]); {
		case now && !then:
			up = append(up, u)
		case !now && then:
			down = append(down, u)
		}
	}
	p.res.Found = true
	p.out.Better++
	return p.exchange(up, down, sc)
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
