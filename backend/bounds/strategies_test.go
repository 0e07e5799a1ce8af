package bounds

import (
	"context"
	"math/rand/v2"
	"reflect"
	"testing"

	"example.org/demote/search"
	"example.org/demote/search/searchtest"
)

// measured is a bounded evaluator that also tells a table's distances.
type measured struct {
	*Evaluator
	*searchtest.Table
}

func (m measured) Score(ctx context.Context, mask search.Mask) (search.Score, error) {
	return m.Evaluator.Score(ctx, mask)
}

// TestStrategiesAreNaive compares every strategy on random problems by the bounded scan with the naive one: every
// field of the result.
func TestStrategiesAreNaive(t *testing.T) {
	for seed := range uint64(600) {
		rng := rand.New(rand.NewPCG(seed, 31))
		p := searchtest.NewProblem(rng)
		if seed%3 == 0 {
			p.Options.Proof = &search.ProofLimit{Units: int(seed % 2)}
			if p.Options.Cost != nil {
				p.Options.Proof.Units = 0
			}
		}
		untimed := func(r search.Result) search.Result {
			if r.Proof != nil {
				r.Proof.Time = 0
			}
			return r
		}
		for _, s := range search.Strategies() {
			want, err := search.Run(context.Background(), s.Name, p.Table.Model(), p.Options)
			if err != nil {
				t.Fatal(err)
			}
			rule := &Rule{Sizes: split(rng, p.Table.Samples, 9), Width: 1 + rng.IntN(3)}
			ev := measured{NewEvaluator(newTableMachine(p.Table, rule), rule), p.Table}
			got, err := search.Run(context.Background(), s.Name, ev, p.Options)
			if err != nil || !reflect.DeepEqual(untimed(got), untimed(want)) {
				t.Fatalf("seed %d: %s: %v\n%+v, want\n%+v", seed, s.Name, err, got, want)
			}
		}
		p.Options.Proof = nil
		want, wantErr := search.WithinShare(context.Background(), p.Table.Model(), p.Options, 0.4)
		rule := &Rule{Sizes: split(rng, p.Table.Samples, 9)}
		ev := measured{NewEvaluator(newTableMachine(p.Table, rule), rule), p.Table}
		got, err := search.WithinShare(context.Background(), ev, p.Options, 0.4)
		if (err == nil) != (wantErr == nil) || !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d: share: %v, want %v\n%+v, want\n%+v", seed, err, wantErr, got, want)
		}
	}
}
