package search

import (
	"errors"
	"math"
	"slices"
	"time"

	"example.org/demote/search/proof"
)

// errBetter ends the walk through a level whose other mixes save no more than the one that was found.
var errBetter = errors.New("a better mix")

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
