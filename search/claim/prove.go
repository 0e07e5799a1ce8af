package claim

import (
	"context"
	"fmt"

	"example.org/demote/search/trial"
)

// A Tested is one step of a promise: a mix and its test on the hold-out.
type Tested struct {
	Mask    trial.Mask
	Correct int     // correct samples of the hold-out
	Paired  Paired  // against the claim's reference; zero without one
	PValue  float64 // of the claim's opposite
	Held    bool    // the claim is proven: PValue is at most Claim.Level
}

// A Promise is the result of Prove.
type Promise struct {
	Tested []Tested // in their order; a step that was not proven is the last one
	Held   int      // number of proven steps; Tested[Held-1] is the promised mix; 0: none
}

// Prove tests a claim on nested mixes in their order (NestedSteps), each at the full level, and stops at the first that
// fails: a fixed-sequence test (Maurer, Hothorn and Lehmacher, Multiple comparisons in drug clinical trials and
// preclinical assays, 1995; Westfall and Krishen, Optimally weighted, fixed sequence and gatekeeper multiple testing
// procedures, Journal of Statistical Planning and Inference 99, 2001). It promises a mix with a false claim with a
// probability of at most the level, without a correction for the number of steps, because that needs the first false
// claim of the list to pass its test. The mixes and their order must be chosen without the samples of the evaluator.
//
// Every step is one run of the evaluator over the hold-out, and a p-value of about a millisecond at 3,400 samples.
//
// reference is the outcome of the claim's reference on the evaluator's n samples, or nil without one. report is called
// after every step. Errors are those of the evaluator. Prove panics if a mix does not demote more holders than the one
// before it.
func Prove(ctx context.Context, ev trial.OutcomesEvaluator, reference []uint64, n int, steps []trial.Mask, c Claim, report func(Tested)) (Promise, error) {
	var p Promise
	for i, mask := range steps {
		if i > 0 && mask.Count() <= steps[i-1].Count() {
			panic(fmt.Sprintf("search: step %d of a promise does not demote more than the one before", i))
		}
		mix, err := ev.Outcomes(ctx, mask)
		if err != nil {
			return p, err
		}
		t := Tested{Mask: mask, Correct: correct(mix, n), PValue: c.PValue(reference, mix, n)}
		if c.Reference != NoReference {
			t.Paired = Compare(reference, mix, n)
		}
		t.Held = t.PValue <= c.Level()
		p.Tested = append(p.Tested, t)
		report(t)
		if !t.Held {
			break
		}
		p.Held++
	}
	return p, nil
}
