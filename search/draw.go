package search

import (
	"math/rand/v2"

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
