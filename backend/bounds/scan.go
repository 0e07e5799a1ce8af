package bounds

import (
	"fmt"

	"example.org/demote/search"
)

// work is what a scan needs next: blocks From..To-1 of one candidate. All of them are needed to decide, up to the
// rounding to Rule.Width.
type work struct {
	Candidate int // index among the candidates of the scan
	From, To  int // numbers of blocks, From < To
}

// scan decides a scan from partial scores of its candidates. It runs nothing itself: Next returns the work that is
// missing, and Learn and Know take results, of any candidate and in any order. Results that come early or in vain
// change no answer.
//
// Candidates are decided strictly in their order. The first one that passes is the answer, once it is finished and
// all before it are rejected. Only if all are rejected, the scan looks for the best, the highest bound first. Begin
// makes a scan ready for the next scan; it allocates only for a scan that is longer than all before.
type scan struct {
	rule        *Rule
	trials      []trial // by candidate
	need, floor key     // the least that passes, and the least that is wanted as the best
	last        bool    // the full score of the last candidate is wanted too
	at          int     // candidates before it are rejected
	heap        queue   // once all are rejected
	resolving   bool    // the heap is in use
	decided     bool
	found       search.Found
}

// trial is the state of one candidate.
type trial struct {
	progress Progress
	upper    key // highest key still possible; the score's own once it is finished
	full     search.Score
	done     bool
}

// newScan returns a scan for a rule. It panics if the rule has a block without samples or a Mean without a best
// value.
func newScan(rule *Rule) *scan {
	rule.prepare()
	return &scan{rule: rule, decided: true, found: search.Found{Index: -1}}
}

// Begin starts a scan of n candidates, of which nothing is known. A bound that is NaN no score passes or reaches.
func (s *scan) Begin(n int, b search.Bound) {
	if cap(s.trials) < n {
		s.trials = make([]trial, n)
		s.heap = make(queue, 0, n)
	}
	s.trials = s.trials[:n]
	fresh := trial{upper: s.rule.upper(Progress{})}
	if s.rule.Blocks() == 0 {
		fresh = trial{upper: s.rule.upper(Progress{}), full: s.rule.score(Progress{}), done: true}
	}
	for i := range s.trials {
		s.trials[i] = fresh
	}
	s.heap = s.heap[:0]
	s.need, s.floor, s.last = s.rule.passing(b.Above), s.rule.reaching(b.Floor), b.Last
	s.at, s.resolving, s.decided = 0, false, false
	s.found = search.Found{Index: -1}
}

// Learn takes over the progress of a candidate, if it is further than what is known. It must be that of the first
// blocks in their order. It panics if there is no such candidate, as Know and Progress do.
func (s *scan) Learn(candidate int, p Progress) {
	t := &s.trials[candidate]
	if t.done || p.Blocks <= t.progress.Blocks {
		return
	}
	t.progress = p
	if s.rule.done(p) {
		t.full, t.done = s.rule.score(p), true
		t.upper, t.progress.State = s.rule.keyOf(t.full), nil
		return
	}
	t.upper = min(t.upper, s.rule.upper(p)) // of one that was restarted a lower bound may be known
}

// Know takes the full score of a candidate, which is then finished.
func (s *scan) Know(candidate int, score search.Score) {
	t := &s.trials[candidate]
	if !t.done {
		t.full, t.upper, t.done = score, s.rule.keyOf(score), true
	}
}

// Progress returns the progress of a candidate, and its full score if it is finished. The progress of a candidate
// whose score came from Know may lag behind.
func (s *scan) Progress(candidate int) (p Progress, full search.Score, done bool) {
	t := &s.trials[candidate]
	return t.progress, t.full, t.done
}

// Next returns the work that the decision waits for; false once Found has the answer. It depends on what was learnt
// alone: asked again before anything is, it returns the same work. It allocates nothing.
func (s *scan) Next() (work, bool) {
	if s.decided {
		return work{}, false
	}
	for ; s.at < len(s.trials); s.at++ {
		t := &s.trials[s.at]
		wanted := s.last && s.at == len(s.trials)-1
		switch {
		case t.done && t.upper >= s.need:
			return s.pass(s.at)
		case t.done:
		case t.upper < s.need && !wanted:
		default:
			return s.untilDecided(s.at), true
		}
	}
	return s.resolve()
}

// Found returns the answer. It panics before Next has returned false.
func (s *scan) Found() search.Found {
	if !s.decided {
		panic("bounds: answer of a scan that is not decided")
	}
	return s.found
}

// pass ends the scan with its first candidate above the threshold.
func (s *scan) pass(candidate int) (work, bool) {
	s.found = search.Found{Index: candidate, Passed: true, Score: s.trials[candidate].full}
	if s.last {
		s.found.Last = s.found.Score
	}
	s.decided = true
	return work{}, false
}

// untilDecided returns the work that a candidate needs before it can be rejected, or all of it if it will pass.
func (s *scan) untilDecided(candidate int) work {
	t := &s.trials[candidate]
	from := t.progress.Blocks
	if s.rule.Kind != Counted {
		return s.work(candidate, s.stride(from))
	}
	if t.upper < s.need || key(t.progress.Count) >= s.need {
		return s.work(candidate, s.rule.Blocks())
	}
	return s.work(candidate, s.covering(from, int(t.upper-s.need)+1))
}

// resolve finds the best of the rejected candidates. The leader, the candidate with the highest bound, runs on until
// a finished candidate leads. Of equal bounds the later candidate leads, since it wins a tie of scores.
func (s *scan) resolve() (work, bool) {
	if !s.resolving {
		s.resolving = true
		for i := range s.trials {
			if s.trials[i].upper >= s.floor {
				s.heap = append(s.heap, leader{s.trials[i].upper, int32(i)})
			}
		}
		s.heap.build()
	}
	for len(s.heap) > 0 {
		top := s.heap[0]
		t := &s.trials[top.candidate]
		if t.upper < top.upper { // its bound has fallen since
			if t.upper < s.floor {
				s.heap.pop()
			} else {
				s.heap.lower(t.upper)
			}
			continue
		}
		if t.done {
			s.found.Index, s.found.Score = int(top.candidate), t.full
			break
		}
		return s.lower(top), true
	}
	if s.last && len(s.trials) > 0 {
		s.found.Last = s.trials[len(s.trials)-1].full
	}
	s.decided = true
	return work{}, false
}

// lower returns the work that the leader needs before it can fall behind the second or below the floor.
func (s *scan) lower(top leader) work {
	from := s.trials[top.candidate].progress.Blocks
	if s.rule.Kind != Counted {
		return s.work(int(top.candidate), s.stride(from))
	}
	drop := top.upper - s.floor + 1
	if second, ok := s.heap.second(); ok {
		behind := top.upper - second.upper
		if top.candidate > second.candidate {
			behind++
		}
		drop = min(drop, behind)
	}
	return s.work(int(top.candidate), s.covering(from, int(drop)))
}

// limit is the key below which the bound of the candidate that Next has named must fall for the scan to turn away from
// it; 0 or less: it must end. It is of counts.
func (s *scan) limit(candidate int) key {
	switch {
	case s.rule.Kind != Counted:
		return 0
	case !s.resolving && s.last && candidate == len(s.trials)-1:
		return 0
	case !s.resolving:
		return s.need
	}
	limit := s.floor
	if second, ok := s.heap.second(); ok {
		limit = max(limit, second.upper)
		if limit == second.upper && candidate < int(second.candidate) {
			limit++ // of equal bounds the later candidate leads
		}
	}
	return limit
}

// mostLooks is how many parts of all blocks a trial runs at least between two looks that take long: bounds of such
// scores say most near the end.
const mostLooks = 64

// stride is the block up to which a trial of float scores runs before its bound is computed again.
func (s *scan) stride(from int) int {
	if s.rule.Kind == Whole {
		return s.rule.Blocks()
	}
	if s.rule.Rarely {
		left := s.rule.Blocks() - from
		return from + min(left, max(1, left/2, s.rule.Blocks()/mostLooks))
	}
	return from + 1
}

// covering returns the block before which the blocks from `from` on hold at least that many samples, or the end: so
// many a trial must lose, one a sample at most, before it can be rejected.
func (s *scan) covering(from, samples int) int {
	to := from + 1
	for to < s.rule.Blocks() && s.rule.left[from]-s.rule.left[to] < samples {
		to++
	}
	return to
}

// work rounds a piece of work up to the width of the machine.
func (s *scan) work(candidate, to int) work {
	from := s.trials[candidate].progress.Blocks
	if from >= s.rule.Blocks() {
		panic(fmt.Sprintf("bounds: candidate %d has no block left", candidate))
	}
	if w := s.rule.Width; w > 1 { // for the usual width of 1 this saves a division
		to = from + (to-from+w-1)/w*w
	}
	return work{Candidate: candidate, From: from, To: min(to, s.rule.Blocks())}
}
