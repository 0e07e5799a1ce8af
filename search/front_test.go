package search_test

import (
	"context"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"example.org/demote/search"
)

// losing is a network of which each demoted unit loses the same samples in every mix, so that no mix scores better than
// one with less demoted. Unit 0 harms least. The first samples are its front.
type losing struct {
	search.Naive
	lost    [][]int // by unit
	samples int
	front   int
	asked   *[]string // masks: ~ of which the distance, < of which the front, and else the score was asked for
}

func newLosing(lost [][]int, samples, front int) losing {
	l := losing{lost: lost, samples: samples, front: front, asked: new([]string)}
	l.Naive = func(_ context.Context, m search.Mask) (search.Score, error) {
		*l.asked = append(*l.asked, m.String())
		return search.Score{Count: samples - l.wrong(m, samples), Total: samples}, nil
	}
	return l
}

// wrong counts the first samples that are lost.
func (l losing) wrong(m search.Mask, first int) (n int) {
	gone := map[int]bool{}
	for u, list := range l.lost {
		for _, s := range list {
			if m.Low(u) && s < first && !gone[s] {
				gone[s] = true
				n++
			}
		}
	}
	return n
}

func (l losing) Score(ctx context.Context, m search.Mask) (search.Score, error) {
	return l.Naive.Score(ctx, m)
}

func (l losing) Scan(ctx context.Context, base search.Mask, list []search.Mask, b search.Bound) (search.Found, error) {
	return l.Naive.Scan(ctx, base, list, b)
}

func (l losing) Front(_ context.Context, _, m search.Mask, most int) (int, bool, error) {
	*l.asked = append(*l.asked, "<"+m.String())
	return min(l.wrong(m, l.front), most+1), true, nil
}

func (l losing) Distance(_ context.Context, m search.Mask) (float64, error) {
	for u := range l.lost {
		if m.Low(u) {
			return float64(1 + u), nil
		}
	}
	return 0, nil
}

// withoutFront hides the front.
type withoutFront struct {
	search.Evaluator
	search.DistanceEvaluator
}

// TestFrontKeepsAndGoesBack holds what gallop asks for, mask by mask. 16 units; of 100 samples 10 may be wrong, 20 are
// the front.
func TestFrontKeepsAndGoesBack(t *testing.T) {
	const n = 16
	for _, c := range []struct {
		name  string
		lost  map[int][]int
		want  []string // behind the endpoints and the base's own front
		mask  string
		steps int // of the chain
	}{
		// The first half is kept on its front, and all is known to fail. What has unit 11 is refused on the front,
		// until it is alone. All others are kept, and the last mix alone is scored.
		{
			"all that is kept holds", map[int][]int{11: rangeOf(0, 12)},
			[]string{
				"<1111111100000000", "<1111111111110000", "<1111111111000000", "<1111111111111100", "<1111111111110000", "<1111111111100000", "<1111111111111000",
				"<1111111111110000", "<1111111111101000", "<1111111111101110", "<1111111111101111", "1111111111101111",
			},
			"1111111111101111", 1,
		},
		// Unit 9 loses behind the front more than the target allows. It is kept with its group, and so is what is
		// behind it; the last mix fails, the second of the four fails, the first holds. The second group is halved
		// as if it had been refused, and from there on all is scored in full: unit 9 and, at last, unit 15 are skipped.
		{
			"the rest of the samples refuses", map[int][]int{9: rangeOf(50, 62), 15: rangeOf(0, 12)},
			[]string{
				"<1111111100000000", "<1111111111110000", "<1111111111111100", "<1111111111111110", "1111111111111110", "1111111111110000", "1111111100000000",
				"1111111111000000", "1111111110000000", "1111111111100000", "1111111111000000", "1111111110100000", "1111111110111000", "1111111110111111",
				"1111111110111100", "1111111110111111", "1111111110111110", "1111111110111111",
			},
			"1111111110111110", 6,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			lost := make([][]int, n)
			for u, list := range c.lost {
				lost[u] = list
			}
			l := newLosing(lost, 100, 20)
			o := search.NewOptions(n, 0.895)
			r, err := search.Run(context.Background(), "gallop", l, o)
			if err != nil {
				t.Fatal(err)
			}
			if steps := r.Chain[len(r.Chain)-1].Group + 1; r.Mask.String() != c.mask || steps != c.steps {
				t.Errorf("mask %s after %d steps, want %s after %d", r.Mask, steps, c.mask, c.steps)
			}
			if got := (*l.asked)[4:]; !slices.Equal(got, c.want) {
				t.Errorf("asked for\n%q, want\n%q", got, c.want)
			}
		})
	}
}

// rangeOf lists from..to-1.
func rangeOf(from, to int) (list []int) {
	for i := from; i < to; i++ {
		list = append(list, i)
	}
	return list
}

// TestFrontFindsTheSame holds that on networks where more demotions never score better, gallop and auto end with the
// same mix with a front and without one, whatever the front: what it keeps wrongly is taken back. What was kept was
// scored in full, and the front saves scores.
func TestFrontFindsTheSame(t *testing.T) {
	saved, back := 0, 0
	for seed := range uint64(2000) {
		rng := rand.New(rand.NewPCG(seed, 9))
		n, samples := 2+rng.IntN(30), 100+rng.IntN(200)
		lost := make([][]int, n)
		for u := range lost {
			for range rng.IntN(2 + rng.IntN(4)*u/n*4) {
				lost[u] = append(lost[u], rng.IntN(1+rng.IntN(samples)))
			}
		}
		o := search.NewOptions(n, 1-0.2*rng.Float64())
		front := 1 + rng.IntN(samples)
		o.NoSwaps = true    // with swaps the moves, which differ, say what is tried next
		var galloped [2]int // what gallop has asked for, with a front and without
		for _, name := range []string{"gallop", "auto"} {
			l, plain := newLosing(lost, samples, front), newLosing(lost, samples, 0)
			got, err := search.Run(context.Background(), name, l, o)
			if err != nil {
				t.Fatal(err)
			}
			want, err := search.Run(context.Background(), name, withoutFront{plain, plain}, o)
			if err != nil {
				t.Fatal(err)
			}
			if !got.Mask.Equal(want.Mask) || got.Score != want.Score || !slices.Equal(got.Promotion, want.Promotion) || !reflect.DeepEqual(got.Order, want.Order) {
				t.Fatalf("seed %d: %s: %s %v, want %s %v", seed, name, got.Mask, got.Score, want.Mask, want.Score)
			}
			mask := search.NewMask(n)
			for i, step := range got.Chain {
				mask.Demote(step.Unit)
				if i+1 == len(got.Chain) || got.Chain[i+1].Group != step.Group {
					if count := samples - l.wrong(mask, samples); step.True.Count != count || !(step.True.Float() > o.Target) || !slices.Contains(*l.asked, mask.String()) {
						t.Fatalf("seed %d: %s: a step to %s tells %v, it scores %d", seed, name, mask, step.True, count)
					}
				}
			}
			if name == "gallop" {
				galloped = [2]int{len(*l.asked), len(*plain.asked)}
			} else if a, b := (*l.asked)[galloped[0]:], (*plain.asked)[galloped[1]:]; !slices.Equal(a, b) {
				t.Fatalf("seed %d: behind gallop auto asks for %q, without a front for %q", seed, a, b)
			}
			scores := func(l losing) int {
				return len(slices.DeleteFunc(slices.Clone(*l.asked), func(a string) bool { return a[0] == '<' }))
			}
			saved += scores(plain) - scores(l)
			if got.Evaluations != want.Evaluations {
				back++
			}
		}
	}
	if saved < 1000 || back < 100 {
		t.Errorf("fronts saved %d scores, and %d searches had to go back: too few to show anything", saved, back)
	}
	t.Logf("fronts saved %d scores, %d searches went back", saved, back)
}
