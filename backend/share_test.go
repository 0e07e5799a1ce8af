package backend_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"example.org/demote/backend"
	"example.org/demote/backend/devicetest"
	"example.org/demote/backend/metric"
	"example.org/demote/search"
)

// macroF1 is F1 of some samples, by its definition.
func macroF1(rows []float32, labels []int64, of []int) float64 {
	n := len(rows) / len(labels)
	sum, classes := 0.0, 0
	for c := range n {
		both, either := 0, 0
		for _, s := range of {
			got, want := metric.Top1(rows[s*n:(s+1)*n]) == c, int(labels[s]) == c
			if got && want {
				both++
			}
			if got {
				either++
			}
			if want {
				either++
			}
		}
		if either > 0 {
			sum, classes = sum+float64(2*both)/float64(either), classes+1
		}
	}
	return sum / float64(classes)
}

// TestScoreShare holds that the score of a share is that of its samples, which are spread over all, by whole blocks;
// and that what is asked after it is answered as by whole passes.
func TestScoreShare(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, toySamples, 21, devicetest.Coarse())
	for name, kind := range kinds() {
		for _, by := range []string{"top1", "mse", "f1"} {
			t.Run(fmt.Sprint(name, " ", by), func(t *testing.T) {
				naive := opened(t, toy, backend.Options{Metric: named(t, by), Naive: true, Workers: 1})
				e := opened(t, toy, backend.Options{Metric: named(t, by), Kind: kind, Workers: 2})
				all := search.NewMask(e.Holders())
				for h := range e.Holders() {
					all.Demote(h)
				}
				whole, err := naive.Score(t.Context(), all)
				if err != nil {
					t.Fatal(err)
				}
				got, err := e.ScoreShare(t.Context(), all, toyBlock+1)
				if err != nil {
					t.Fatal(err)
				}
				// every so many-th of all, and what the second block has besides
				var share, rest []int
				for s := range e.Samples() {
					if (s+1)*(toyBlock+1)/e.Samples() > s*(toyBlock+1)/e.Samples() {
						share = append(share, s)
					} else {
						rest = append(rest, s)
					}
				}
				share = append(share, rest[:toyBlock-1]...)
				switch by {
				case "top1":
					right, err := naive.Outcomes(t.Context(), all)
					if err != nil {
						t.Fatal(err)
					}
					count := 0
					for _, s := range share {
						count += int(right[s/64] >> (s % 64) & 1)
					}
					if want := (search.Score{Count: count, Total: len(share)}); got != want {
						t.Errorf("%+v, the samples %v have %+v", got, share, want)
					}
				case "mse": // of a part of the samples, not of all and not divided by the number of all
					if got == whole || got.Value > 0 || math.Abs(got.Value) > 20*math.Abs(whole.Value) || math.Abs(got.Value) < math.Abs(whole.Value)/20 {
						t.Errorf("%+v of a share, %+v of all", got, whole)
					}
				case "f1":
					rows, err := naive.AllOutputs(t.Context(), all)
					if err != nil {
						t.Fatal(err)
					}
					if want := macroF1(rows, toy.Labels(), share); got.Value != want {
						t.Errorf("%+v, the samples %v have %v", got, share, want)
					}
				}
				if got, err := e.ScoreShare(t.Context(), all, e.Samples()); err != nil || got != whole {
					t.Errorf("of all samples %+v, %v, want %+v", got, err, whole)
				}
				sameDecisions(t, e, naive, toy.Want)
			})
		}
	}
}

// TestShareBetter holds comparisons on a share to the scores of whole shares: which mask is better, what it scores
// then, and that what is asked after it is answered as by whole passes. Where counts decide, the others end early.
func TestShareBetter(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, toySamples, 21, devicetest.Coarse())
	for name, kind := range kinds() {
		for _, by := range []string{"top1", "mse", "f1"} {
			t.Run(fmt.Sprint(name, " ", by), func(t *testing.T) {
				o := backend.Options{Metric: named(t, by), Workers: 1}
				naive := opened(t, toy, backend.Options{Metric: o.Metric, Naive: true, Workers: 1})
				plain := opened(t, toy, o)
				o.Kind, o.Workers = kind, 2
				e := opened(t, toy, o)
				rng := rand.New(rand.NewPCG(3, 4))
				draw := func() search.Mask {
					m := search.NewMask(e.Holders())
					for h := range e.Holders() {
						if rng.IntN(2) == 0 {
							m.Demote(h)
						}
					}
					return m
				}
				const samples = 5*toyBlock + 1
				share := backend.Share{Samples: samples}
				first := draw()
				best, better, err := share.Better(t.Context(), e, first, nil)
				want, werr := plain.ScoreShare(t.Context(), first, samples)
				if err != nil || werr != nil || !better || best != want {
					t.Fatalf("the first: %v %v %v, want %v %v", best, better, err, want, werr)
				}
				betters, early := 0, 0
				for range 40 {
					m, against := draw(), best
					if by == "top1" {
						against.Count += rng.IntN(9) - 6
					} else if against, err = plain.ScoreShare(t.Context(), draw(), samples); err != nil {
						t.Fatal(err)
					}
					before := e.Stats().Samples
					got, better, err := share.Better(t.Context(), e, m, &against)
					ran := e.Stats().Samples - before
					want, werr := plain.ScoreShare(t.Context(), m, samples)
					if err != nil || werr != nil || better != (want.Float() > against.Float()) || better && got != want {
						t.Fatalf("mask %s: %v %v %v, want %v %v above %v", m, got, better, err, want, werr, against)
					}
					if better {
						betters++
					} else if ran < 6*toyBlock {
						early++
					}
				}
				if by != "f1" && betters == 0 || betters == 40 || (early > 10) != (by == "top1") {
					t.Errorf("%d of 40 are better, %d others ended early", betters, early)
				}
				sameDecisions(t, e, naive, toy.Want)
			})
		}
	}
}
