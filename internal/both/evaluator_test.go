package both_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"example.org/demote/internal/both"
	"example.org/demote/search"
)

// exact is an evaluator that counts its scores.
type exact struct{ search.Naive }

func (exact) Distance(context.Context, search.Mask) (float64, error) { return 7, nil }

func (exact) ArrangeFor(context.Context, search.Mask) error { return errors.New("arranged") }

func table(r *rand.Rand, holders int) []search.Score {
	list := make([]search.Score, 1<<holders)
	for i := range list {
		list[i].Value = float64(r.IntN(9))
		if r.IntN(40) == 0 {
			list[i].Value = math.NaN()
		}
	}
	return list
}

func index(m search.Mask) (at int) {
	for h := range m.Len() {
		if m.Low(h) {
			at |= 1 << h
		}
	}
	return at
}

// TestScansAreNaive holds scans with every kind of bound against NaiveScan over the lower of two random tables, and
// that the second is not asked about what the first rules out.
func TestScansAreNaive(t *testing.T) {
	const holders = 4
	r := rand.New(rand.NewPCG(5, 1))
	saved := 0
	for range 4000 {
		first, second := table(r, holders), table(r, holders)
		asked := map[int]bool{}
		base := search.NewMask(holders)
		e := &both.Evaluator{
			First: exact{func(_ context.Context, m search.Mask) (search.Score, error) { return first[index(m)], nil }},
			Second: func(_ context.Context, m search.Mask) (search.Score, error) {
				asked[index(m)] = true
				return second[index(m)], nil
			},
			Exempt: base,
		}
		lower := func(_ context.Context, m search.Mask) (search.Score, error) {
			a, b := first[index(m)], second[index(m)]
			if index(m) != 0 && (math.IsNaN(b.Value) || b.Value < a.Value) {
				return b, nil
			}
			return a, nil
		}
		var candidates []search.Mask
		for range r.IntN(7) {
			m := search.NewMask(holders)
			for h := range holders {
				if r.IntN(2) == 0 {
					m.Demote(h)
				}
			}
			candidates = append(candidates, m)
		}
		bound := search.Bound{Above: float64(r.IntN(10)) - 0.5*float64(r.IntN(2)), Floor: []float64{math.Inf(1), math.Inf(-1), float64(r.IntN(9))}[r.IntN(3)], Last: r.IntN(3) == 0}
		if r.IntN(8) == 0 {
			bound.Above = math.Inf(1)
		}
		want, _ := search.NaiveScan(context.Background(), lower, candidates, bound)
		got, err := e.Scan(context.Background(), base, candidates, bound)
		if err != nil || !same(got, want) {
			t.Fatalf("%+v of %v: %+v, %v, want %+v", bound, candidates, got, err, want)
		}
		for _, m := range candidates {
			if !asked[index(m)] {
				saved++
			}
		}
		m := candidates[:min(1, len(candidates))]
		for _, m := range m {
			got, _ := e.Score(context.Background(), m)
			if want, _ := lower(context.Background(), m); math.Float64bits(got.Value) != math.Float64bits(want.Value) {
				t.Fatalf("score %v, want %v", got, want)
			}
		}
	}
	if saved < 2000 {
		t.Errorf("the second score was left out %d times: the first decides too little", saved)
	}
}

func same(a, b search.Found) bool {
	bits := func(s search.Score) uint64 { return math.Float64bits(s.Value) }
	return a.Index == b.Index && a.Passed == b.Passed && bits(a.Score) == bits(b.Score) && bits(a.Last) == bits(b.Last)
}

// TestErrorsEnd holds that an error of either score ends a scan.
func TestErrorsEnd(t *testing.T) {
	broken := errors.New("broken")
	good := func(context.Context, search.Mask) (search.Score, error) { return search.Score{Value: 1}, nil }
	bad := func(context.Context, search.Mask) (search.Score, error) { return search.Score{}, broken }
	m := search.NewMask(2)
	m.Demote(0)
	for _, e := range []*both.Evaluator{{First: exact{bad}, Second: good}, {First: exact{good}, Second: bad}} {
		if _, err := e.Scan(context.Background(), m, []search.Mask{m}, search.Bound{Above: 0, Floor: math.Inf(1)}); !errors.Is(err, broken) {
			t.Errorf("%v", err)
		}
		if _, err := e.Score(context.Background(), m); !errors.Is(err, broken) {
			t.Errorf("%v", err)
		}
	}
}

// TestTheFirstArranges holds that what only the first evaluator knows is asked of it.
func TestTheFirstArranges(t *testing.T) {
	e, m := &both.Evaluator{First: exact{}}, search.NewMask(2)
	if d, err := e.Distance(context.Background(), m); d != 7 || err != nil {
		t.Errorf("%v, %v", d, err)
	}
	if err := e.ArrangeFor(context.Background(), m); err == nil {
		t.Error("the first evaluator was not asked")
	}
}
