package search

import (
	"context"
	"fmt"
)

// A Tested is one step of a promise: a mix and what the hold-out said of it.
type Tested struct {
	Mask    Mask
	Correct int
	Paired  Paired  // against the claim's reference; zero without one
	PValue  float64 // of the claim being false
	Held    bool    // PValue is at most the level
}

// A Promise is the answer of a fixed-sequence test.
type Promise struct {
	Tested []Tested // in their order; all but the last one held, and the last one did if no step was left
	Held   int      // steps that held; the last of them is the mix that is promised. 0: none
}

// Prove tests a claim on nested mixes in their order, each at the full level, and stops at the first that fails: a
// fixed-sequence test (Maurer, Hothorn and Lehmacher 1995; Westfall and Krishen 2001). The probability that a mix with a
// false claim is promised is at most the level, monotone or not, without a correction for the number of steps: a false
// promise needs the first false claim of the list to be accepted. That rests on the order, and the mixes, being fixed without the samples
// that the evaluator has.
//
// reference is the outcome of the claim's reference on the evaluator's n samples; nil without one. tell is called after every step.
func Prove(ctx context.Context, ev OutcomesEvaluator, reference []uint64, n int, steps []Mask, c Claim, tell func(Tested)) (Promise, error) {
	var p Promise
	for i, mask := range steps {
		if i > 0 && mask.Count() <= steps[i-1].Count() {
			panic(fmt.Sprintf("search: step %d of a promise does not go on from the one before", i))
		}
		mix, err := ev.Outcomes(ctx, mask)
		if err != nil {
			return p, err
		}
		t := Tested{Mask: mask, Correct: Correct(mix, n), PValue: c.PValue(reference, mix, n)}
		if c.Reference != NoReference {
			t.Paired = Compare(reference, mix, n)
		}
		t.Held = t.PValue <= c.Level()
		p.Tested = append(p.Tested, t)
		tell(t)
		if !t.Held {
			break
		}
		p.Held++
	}
	return p, nil
}
