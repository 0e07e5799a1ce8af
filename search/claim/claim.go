package claim

import "math"

// A Claim is a statement about a mix on unseen samples, to be tested on held-out ones: that the mix loses less than a
// budget against another network, or that it scores above a value. It needs a countable metric.
//
// With a reference it is a test of non-inferiority for paired proportions; the pairs are what makes it sharp, because
// both networks run on the same samples and mostly agree.
type Claim struct {
	Confidence float64 // in 0..1, both excluded
	Reference  Reference
	Budget     float64 // with a Reference: the loss stays below it; a fraction of the samples
	Above      float64 // without a Reference: the score exceeds it; a fraction
}

// Reference is the network that a claim compares with.
type Reference int

const (
	NoReference    Reference = iota // the claim is about the score itself
	HighReference                   // the 16-bit network
	FloatReference                  // the float network
)

// Level is the significance level of a test of the claim: 1 - Confidence, rounded to 12 decimals to undo the rounding
// of the difference.
func (c Claim) Level() float64 {
	const digits = 1e12
	return math.Round((1-c.Confidence)*digits) / digits
}

// PValue tests the claim on the outcomes of n samples (OutcomesEvaluator.Outcomes) and returns the p-value of its
// opposite: the probability of an outcome at least as favourable if the claim is just false. A claim is proven with the
// confidence 1 - PValue, if the mix was chosen without these samples. reference is not used without Claim.Reference.
func (c Claim) PValue(reference, mix []uint64, n int) float64 {
	if c.Reference == NoReference {
		return scorePValue(correct(mix, n), n, c.Above)
	}
	return Compare(reference, mix, n).PValue(c.Budget, c.Level())
}

// Needs estimates the number of samples that prove the claim with a given chance, for a mix like the one seen. Against
// a reference, it assumes that as many predictions change as were seen to change, without a true loss. Without one, it
// assumes the true score expected. nil: no number of samples is enough.
func (c Claim) Needs(reference, mix []uint64, n int, expected float64) []Need {
	if c.Reference == NoReference {
		return scoreNeeds(expected, c.Above, c.Level())
	}
	return lossNeeds(Compare(reference, mix, n).changed(), 0, c.Budget, c.Level())
}
