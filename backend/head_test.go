package backend_test

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"example.org/demote/backend"
	"example.org/demote/backend/devicetest"
	"example.org/demote/search"
)

// TestHead holds what an evaluator says of its head to the outcomes of the samples that all int16 decides by the
// smallest margins, and of its front to those that it gets wrong, the head, and the next ones: on every kind of device,
// by whole passes, and whatever has run before. They are no whole blocks.
func TestHead(t *testing.T) {
	const samples, head = 430, 25
	toy := devicetest.NewToy(toyBlock, samples, 33, devicetest.Coarse())
	labels := toy.Labels()
	near := make([]int, samples)
	margin := func(sample int) float64 {
		row := toy.Want(sample, search.NewMask(toy.Holders()).Low)
		best := math.Inf(-1)
		for i, v := range row {
			if int64(i) != labels[sample] {
				best = max(best, float64(v))
			}
		}
		return float64(row[labels[sample]]) - best
	}
	for i := range near {
		near[i] = i
	}
	// as samples are laid out
	slices.SortStableFunc(near, func(a, b int) int { return cmp.Compare(margin(a), margin(b)) })
	front := slices.Clone(near)
	slices.SortStableFunc(near, func(a, b int) int { return cmp.Compare(math.Abs(margin(a)), math.Abs(margin(b))) })
	isWrong := 0
	for sample := range samples {
		if !(margin(sample) > 0) {
			isWrong++
		}
	}
	front = slices.DeleteFunc(front, func(sample int) bool { return slices.Contains(near[:head], sample) })
	front = append(slices.Clone(near[:head]), front...)[:isWrong+samples*15/100]
	for name, kind := range kinds() {
		for _, naive := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " naive ", naive), func(t *testing.T) {
				e := opened(t, toy, backend.Options{Metric: named(t, "top1"), Kind: kind, Naive: naive, Workers: 2, Cache: 1 << 30, Cuts: []int{0, 2, 4}})
				none, all := search.NewMask(e.Holders()), search.NewMask(e.Holders())
				for h := range e.Holders() {
					all.Demote(h)
				}
				if _, ok, err := e.Head(t.Context(), none, all); ok || err != nil {
					t.Fatalf("before the samples are laid out: %v %v", ok, err)
				}
				if _, _, err := e.Arrange(t.Context()); err != nil {
					t.Fatal(err)
				}
				rng := rand.New(rand.NewPCG(1, 2))
				early := 0
				askFront := func(m search.Mask) {
					t.Helper()
					most := isWrong + rng.IntN(40) - 10
					got, ok, err := e.Front(t.Context(), none, m, most)
					if err != nil || !ok {
						t.Fatal(ok, err)
					}
					all, err := e.Outcomes(t.Context(), m)
					if err != nil {
						t.Fatal(err)
					}
					want := len(front)
					for _, sample := range front {
						want -= int(all[sample/64] >> (sample % 64) & 1)
					}
					if want > most {
						want, early = most+1, early+1
					}
					if got != want {
						t.Errorf("mask %s: %d of the front wrong, want %d, at most %d", m, got, want, most)
					}
				}
				ask := func(m search.Mask) {
					t.Helper()
					outcomes := 0
					got, ok, err := e.Head(t.Context(), none, m)
					if err != nil || !ok {
						t.Fatal(ok, err)
					}
					all, err := e.Outcomes(t.Context(), m)
					if err != nil {
						t.Fatal(err)
					}
					for _, sample := range near[:head] {
						outcomes += int(all[sample/64] >> (sample % 64) & 1)
					}
					if got != outcomes {
						t.Errorf("mask %s: %d of the head count, want %d", m, got, outcomes)
					}
				}
				for range 20 {
					m := none.Clone()
					for h := range e.Holders() {
						if rng.IntN(2) == 0 {
							m.Demote(h)
						}
					}
					if rng.IntN(2) == 0 {
						if _, err := e.Scan(t.Context(), none, []search.Mask{m}, search.Bound{Above: 0.9, Floor: math.Inf(1)}); err != nil {
							t.Fatal(err)
						}
					}
					if rng.IntN(2) == 0 {
						ask(m)
					}
					askFront(m)
				}
				if early == 0 || early == 20 {
					t.Errorf("%d of 20 masks have too many wrong", early)
				}
				if naive {
					return
				}
				if err := e.ArrangeFor(t.Context(), all); err != nil {
					t.Fatal(err)
				}
				if _, ok, err := e.Head(t.Context(), none, all); ok || err != nil {
					t.Errorf("laid out for another mask: %v %v", ok, err)
				}
				if _, ok, err := e.Front(t.Context(), none, all, samples); ok || err != nil {
					t.Errorf("a front, laid out for another mask: %v %v", ok, err)
				}
				if err := e.ArrangeFor(t.Context(), none); err != nil {
					t.Fatal(err)
				}
				ask(all)
			})
		}
	}
	for _, by := range []string{"mse", "f1"} {
		e := opened(t, toy, backend.Options{Metric: named(t, by), Workers: 2})
		if _, _, err := e.Arrange(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, ok, err := e.Head(t.Context(), search.NewMask(e.Holders()), search.NewMask(e.Holders())); ok || err != nil {
			t.Errorf("%s does not count: %v %v", by, ok, err)
		}
		if _, ok, err := e.Front(t.Context(), search.NewMask(e.Holders()), search.NewMask(e.Holders()), samples); ok || err != nil {
			t.Errorf("%s does not count: %v %v", by, ok, err)
		}
	}
}
