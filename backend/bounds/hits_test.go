package bounds

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"

	"example.org/demote/search"
)

// TestHits holds the outcomes that a journal is told against the model: those of the samples that the trial has run on,
// and of no other, in scans that fail and go on, by workers that run ahead, and in an evaluator that goes on with what
// another one has left.
func TestHits(t *testing.T) {
	broken := errors.New("broken")
	whole, partly := 0, 0
	for seed := range uint64(1500) {
		rng := rand.New(rand.NewPCG(seed, 87))
		p := newProblem(rng, Counted)
		p.rule.Outcomes = true
		p.machine.fail = func() error {
			if rng.IntN(8) == 0 {
				return broken
			}
			return nil
		}
		left := map[string]Progress{}
		ended := map[string]*Hits{}
		for range 3 {
			var machine Machine = p.machine
			if seed%2 == 0 {
				machine = &workersMachine{tableMachine: p.machine, rng: rng, workers: 2 + rng.IntN(4)}
			}
			e := NewEvaluator(machine, p.rule)
			if seed%4 == 0 {
				atRandom(e, rng)
			}
			check := func(m search.Mask, h *Hits, samples int) {
				if h == nil {
					t.Fatalf("seed %d: no outcomes", seed)
				}
				for s := range p.rule.total() {
					if want := s < samples && p.machine.table.Correct(m, s); h.At(s) != want {
						t.Fatalf("seed %d: mask %s, sample %d of %d: %t", seed, m, s, samples, h.At(s))
					}
				}
			}
			e.Learnt = func(m search.Mask, _ search.Score) error {
				whole++
				check(m, e.KnownHits(m), p.rule.total())
				ended[m.Key()] = e.KnownHits(m)
				return nil
			}
			e.Stopped = func(m search.Mask, q Progress) error {
				partly++
				samples := p.rule.total() - p.rule.left[q.Blocks]
				check(m, q.Hits, samples)
				own := e.NewHits() // as it comes back from a journal
				for s := range samples {
					if q.Hits.At(s) {
						own.Set(s)
					}
				}
				q.Hits = own
				left[m.Key()] = q
				return nil
			}
			n := p.base.Len()
			for key, q := range left {
				if ended[key] == nil {
					e.RestoreProgress(search.MaskOfKey(n, key), q)
				}
			}
			for range 2 {
				_, _ = e.Scan(context.Background(), p.base, p.candidates, p.bound)
				if n := len(p.candidates); n > 0 {
					_, _ = e.Score(context.Background(), p.candidates[rng.IntN(n)])
				}
			}
		}
	}
	if whole < 1000 || partly < 1000 {
		t.Errorf("%d full scores, %d unfinished trials: the test has too little", whole, partly)
	}
}
