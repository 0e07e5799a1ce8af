package claim

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"example.org/demote/search/trial"
)

// drawn is an evaluator of a hold-out that was drawn from a population whose truth is known: mix k holders deep loses
// what the 16-bit network gets right with probability lose[k], and gets right what that gets wrong with probability
// gain[k].
type drawn struct {
	lose, gain []float64
	right      []bool    // of the 16-bit network
	luck       []float64 // of each sample: outcomes of nested mixes go together
}

func (d *drawn) draw(rng *rand.Rand, n int, score float64) {
	d.right, d.luck = make([]bool, n), make([]float64, n)
	for i := range n {
		d.right[i], d.luck[i] = rng.Float64() < score, rng.Float64()
	}
}

func (d *drawn) Outcomes(_ context.Context, mask trial.Mask) ([]uint64, error) {
	k := mask.Count()
	out := make([]uint64, (len(d.right)+63)/64)
	for i, right := range d.right {
		if right && !(d.luck[i] < d.lose[k]) || !right && d.luck[i] < d.gain[k] {
			out[i/64] |= 1 << (i % 64)
		}
	}
	return out, nil
}

// TestPromisesAreKept draws hold-outs from random problems and counts the promises that are false of the population: no
// more often than the level allows, given the luck of so many draws. In each problem the steps before one are true and
// all but always proven, so that the walk comes to this one, which is just false: nothing guards it but its own test.
func TestPromisesAreKept(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	const n, problems, draws, score, budget, units = 40, 10, 80, 0.6, 0.1, 8
	promise := Claim{Confidence: 0.95, Reference: HighReference, Budget: budget}
	rng := rand.New(rand.NewPCG(9, 3))
	masks := NestedSteps(trial.NewMask(units), [][]int{{0}, {1}, {2}, {3}, {4}, {5}, {6}, {7}})
	if len(masks) != 5 {
		t.Fatalf("%d steps", len(masks))
	}
	all, wrongs, held := 0, 0, 0
	for problem := range problems {
		d := drawn{lose: make([]float64, units+1), gain: make([]float64, units+1)}
		truth := make([]float64, units+1)
		just := problem % len(masks) // the step that is just false
		for i, mask := range masks {
			k := mask.Count()
			d.gain[k], truth[k] = 0.3+0.6*rng.Float64(), budget
			switch { // what comes after the false step is around the budget: the chain need not be monotone
			case i < just:
				d.gain[k], truth[k] = 0.95, -0.35
			case i > just:
				truth[k] = budget * (0.2 + 1.2*rng.Float64())
			}
			d.lose[k] = (truth[k] + (1-score)*d.gain[k]) / score
		}
		wrong := 0
		for range draws {
			d.draw(rng, n, score)
			reference, _ := d.Outcomes(context.Background(), trial.NewMask(units))
			p, err := Prove(context.Background(), &d, reference, n, masks, promise, func(Tested) {})
			if err != nil {
				t.Fatal(err)
			}
			held += p.Held
			if p.Held > just {
				wrong++
			}
		}
		all, wrongs = all+draws, wrongs+wrong
		if most := 4 + 9; wrong > most { // 5 % of the draws, and more than four standard deviations
			t.Errorf("problem %d: %d of %d promises are false; true losses %v", problem, wrong, draws, truth)
		}
	}
	// Together they tell a level of 8 % from one of 5 %: four standard deviations again.
	if most := all/20 + int(4*math.Sqrt(0.05*0.95*float64(all))); wrongs > most {
		t.Errorf("%d of %d promises are false, and %d are the most", wrongs, all, most)
	}
	if wrongs < all/100 {
		t.Errorf("%d of %d promises are false: the problems are too easy to tell anything", wrongs, all)
	}
	t.Logf("%d of %d promises are false (%.2f %%); %.2f steps held on average", wrongs, all, 100*float64(wrongs)/float64(all), float64(held)/float64(all))
}

// TestProve follows the walk step by step.
func TestProve(t *testing.T) {
	const n = 400
	outcome := func(wrong int) []uint64 {
		out := make([]uint64, (n+63)/64)
		for i := wrong; i < n; i++ {
			out[i/64] |= 1 << (i % 64)
		}
		return out
	}
	masks := NestedSteps(trial.NewMask(4), [][]int{{3}, {0}, {1, 2}})
	var texts []string
	for _, m := range masks {
		texts = append(texts, m.String())
	}
	if want := []string{"0001", "1001", "1111"}; !slices.Equal(texts, want) {
		t.Fatalf("steps %v, want %v", texts, want)
	}
	paired := Claim{Confidence: 0.95, Reference: HighReference, Budget: 0.03}
	score := Claim{Confidence: 0.95, Above: 0.9}
	for _, c := range []struct {
		name         string
		claim        Claim
		wrong        [3]int // samples that each step gets wrong; the reference gets all right
		tested, held int
	}{
		{"all hold", paired, [3]int{0, 1, 2}, 3, 3},
		{"the first fails", paired, [3]int{12, 0, 0}, 1, 0},
		{"what comes after a failure is not tested", paired, [3]int{0, 12, 0}, 2, 1},
		{"the last fails", paired, [3]int{0, 0, 8}, 3, 2},
		{"a score", score, [3]int{10, 20, 40}, 3, 2},
		{"a score that is not reached", score, [3]int{40, 0, 0}, 1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			ev := outcomes{}
			for i, m := range masks {
				ev[m.String()] = outcome(c.wrong[i])
			}
			told := 0
			p, err := Prove(context.Background(), ev, outcome(0), n, masks, c.claim, func(Tested) { told++ })
			if err != nil || len(p.Tested) != c.tested || told != c.tested || p.Held != c.held {
				t.Fatalf("%d tested, %d told, %d held, error %v; want %d and %d", len(p.Tested), told, p.Held, err, c.tested, c.held)
			}
			for i, s := range p.Tested {
				if s.Held != (i < c.held) || s.Held != (s.PValue <= 0.05) || s.Correct != n-c.wrong[i] {
					t.Errorf("step %d: %+v", i, s)
				}
				if c.claim.Reference != NoReference && s.Paired != (Paired{N: n, B: c.wrong[i]}) {
					t.Errorf("step %d: %+v", i, s.Paired)
				}
			}
		})
	}
}

// outcomes is an evaluator that looks masks up by their text.
type outcomes map[string][]uint64

func (o outcomes) Outcomes(_ context.Context, m trial.Mask) ([]uint64, error) {
	return o[m.String()], nil
}
