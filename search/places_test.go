package search_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"example.org/demote/search"
)

// TestPlaces holds that a search knows the order of the network by the places of the holders, and not by their numbers:
// with the numbers mixed it asks for the same mixes in the same order.
func TestPlaces(t *testing.T) {
	swapped := 0
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 51))
		const n = 16
		drop, places, takes := make([]float64, n), rng.Perm(n), rng.Perm(4096)
		for i := range drop {
			drop[i] = 0.5 + float64(takes[i])/1024 // sums are exact, and no two are equal
		}
		pairs := map[[2]int]float64{}
		for range n {
			pairs[[2]int{rng.IntN(n), rng.IntN(n)}] = float64(rng.IntN(4096))/1024 - 2
		}
		target := 88 + 5*rng.Float64()
		o := search.NewOptions(n, target)
		r := points(drop, pairs)
		want, err := search.Run(context.Background(), "auto", distant{r}, o)
		if err != nil {
			t.Fatal(err)
		}
		mixed, mixedPairs := make([]float64, n), map[[2]int]float64{}
		holder := make([]int, n) // by place
		for h, place := range places {
			mixed[h], holder[place] = drop[place], h
		}
		for p, d := range pairs {
			mixedPairs[[2]int{holder[p[0]], holder[p[1]]}] = d
		}
		o.Places = places
		m := points(mixed, mixedPairs)
		got, err := search.Run(context.Background(), "auto", distant{m}, o)
		if err != nil {
			t.Fatal(err)
		}
		asked := m.scores()
		for i, text := range asked {
			inOrder := make([]byte, n)
			for h, place := range places {
				inOrder[place] = text[h]
			}
			asked[i] = string(inOrder)
		}
		if !slices.Equal(asked, r.scores()) || got.Score != want.Score {
			t.Fatalf("seed %d: asked for\n%v, in order\n%v", seed, asked, r.scores())
		}
		if slices.ContainsFunc(want.Chain, func(s search.Step) bool { return s.Promoted }) {
			swapped++
		}
	}
	if swapped < 3 {
		t.Errorf("%d searches had a swap that held", swapped)
	}
	for _, places := range [][]int{{0}, {0, -1}} {
		o := search.NewOptions(2, 1)
		o.Places = places
		if _, err := search.Run(context.Background(), "auto", points([]float64{1, 1}, nil), o); err == nil {
			t.Errorf("places %v are taken", places)
		}
	}
}
