package backend_test

import (
	"fmt"
	"math"
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
