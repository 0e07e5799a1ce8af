package bounds

// horizon is how many candidates per worker are considered for running ahead.
const horizon = 4

// guess returns the candidate whose next block the scan will most probably ask for after its current work, and false if
// none is likely enough.
func (a *ahead) guess() (candidate int, ok bool) {
	if a.e.scan.resolving {
		return a.guessBest()
	}
	return a.guessPass()
}

// guessPass is guess while the scan looks for the first candidate that passes. It asks for a block if all earlier
// candidates are rejected, and the block's own candidate is not rejected before that block.
func (a *ahead) guessPass() (candidate int, ok bool) {
	s := a.e.scan
	best, chance := worth, 1.0 // that the scan comes to the candidate
	for c := s.at; c < min(len(a.trials), s.at+1+horizon*len(a.flights)) && chance > best; c++ {
		t := a.look(c)
		if t.known {
			if t.passes {
				break
			}
			continue
		}
		wanted := s.last && c == len(a.trials)-1
		if t.next < a.e.rule.Blocks() {
			p := chance
			if !wanted {
				p *= a.odds.lasts(t.seen, t.next)
			}
			if p > best {
				candidate, ok, best = c, true, p
			}
		}
		chance *= 1 - a.odds.lasts(t.seen, a.e.rule.Blocks())
	}
	return candidate, ok
}

// guessBest is guess while the scan looks for the best candidate. It asks for a block if its candidate can still be the
// best at that block. The candidates at the front of the heap are compared with the best expected score.
func (a *ahead) guessBest() (candidate int, ok bool) {
	s, blocks := a.e.scan, a.e.rule.Blocks()
	leaders := s.heap[:min(len(s.heap), 1+horizon*len(a.flights))]
	best := a.odds.floor
	for _, l := range leaders {
		if t := a.look(int(l.candidate)); !t.known {
			best = max(best, a.odds.reach(t.seen)-a.odds.loss(t.seen, blocks))
		}
	}
	for _, l := range leaders {
		t := a.look(int(l.candidate))
		if t.known || t.next == blocks {
			continue
		}
		if reach := a.odds.reach(t.seen) - a.odds.loss(t.seen, t.next); reach >= best {
			candidate, ok, best = int(l.candidate), true, reach
		}
	}
	return candidate, ok
}
