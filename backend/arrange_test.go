package backend_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"example.org/demote/backend"
	"example.org/demote/backend/devicetest"
	"example.org/demote/search"
)

// TestArrangeForDecidesAsNaive lays the samples out for another mask in the middle of a search, when some trials are
// finished and others are not: all that is asked after it is answered as by whole passes.
func TestArrangeForDecidesAsNaive(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, toySamples, 21, devicetest.Coarse())
	for name, kind := range kinds() {
		for _, by := range []string{"top1", "agreement", "mse", "f1"} {
			t.Run(fmt.Sprint(name, " ", by), func(t *testing.T) {
				naive := opened(t, toy, backend.Options{Metric: named(t, by), Naive: true, Workers: 1})
				e := opened(t, toy, backend.Options{Metric: named(t, by), Kind: kind, Workers: 2, Cache: 1 << 30, Cuts: []int{0, 2, 4}})
				if _, _, err := e.Arrange(t.Context()); err != nil {
					t.Fatal(err)
				}
				none, all := search.NewMask(e.Holders()), search.NewMask(e.Holders())
				var singles []search.Mask
				for h := range e.Holders() {
					all.Demote(h)
					m := none.Clone()
					m.Demote(h)
					singles = append(singles, m)
				}
				high, err := e.Score(t.Context(), none)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := e.Scan(t.Context(), none, singles, search.Bound{Above: high.Float(), Floor: math.Inf(1)}); err != nil {
					t.Fatal(err)
				}
				before, told := slices.Clone(e.Order()), 0
				e.Arranged = func(m search.Mask) error {
					told++
					if !m.Equal(all) {
						t.Errorf("arranged for %s", m)
					}
					return nil
				}
				if err := e.ArrangeFor(t.Context(), all); err != nil {
					t.Fatal(err)
				}
				counts := by != "mse"
				if moved := !slices.Equal(before, e.Order()); moved != counts || told != map[bool]int{true: 1}[counts] {
					t.Errorf("the order changed: %v, told %d times", moved, told)
				}
				sameDecisions(t, e, naive, toy.Want)
				failed := errors.New("the journal is full")
				e.Arranged = func(search.Mask) error { return failed }
				if err := e.ArrangeFor(t.Context(), none); counts && !errors.Is(err, failed) {
					t.Errorf("%v", err)
				}
			})
		}
	}
}

// TestArrangeStoresNothing holds that a pass before the samples are laid out anew stores no activations, and the next
// one does; and that a mask that is scored by itself stores the base's alone.
func TestArrangeStoresNothing(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, toySamples, 21, devicetest.Coarse())
	for name, kind := range kinds() {
		e := opened(t, toy, backend.Options{Metric: named(t, "top1"), Kind: kind, Workers: 2, Cache: 1 << 30, Cuts: []int{0, 2, 4}})
		if _, err := e.Plan(); err != nil {
			t.Fatal(err)
		}
		moved := func(run func() error) int64 {
			t.Helper()
			before := e.Stats().Moved
			if err := run(); err != nil {
				t.Fatal(err)
			}
			return e.Stats().Moved - before
		}
		none, last := search.NewMask(e.Holders()), search.NewMask(e.Holders())
		first := last.Clone()
		last.Demote(e.Holders() - 1)
		first.Demote(0)
		if n := moved(func() error { _, _, err := e.Arrange(t.Context()); return err }); n != 0 {
			t.Errorf("%s: %d bytes before the samples are laid out", name, n)
		}
		alone := moved(func() error { _, err := e.Again(t.Context(), first); return err })
		based := moved(func() error { _, err := e.Again(t.Context(), none); return err })
		if alone != 0 || based == 0 {
			t.Errorf("%s: %d bytes of a mask by itself that changes all behind it, %d of the base", name, alone, based)
		}
		if n := moved(func() error {
			_, err := e.Scan(t.Context(), none, []search.Mask{last}, search.Bound{Above: math.Inf(-1), Floor: math.Inf(1)})
			return err
		}); n == 0 {
			t.Errorf("%s: a candidate read nothing that was stored", name)
		}
	}
}
