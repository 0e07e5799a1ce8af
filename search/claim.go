package search

import "math"

// A Claim is what is to be said of a mix on samples that nobody has seen: that it loses less than a budget against another
// network, or that it scores above a value. Only metrics that count samples have one.
type Claim struct {
	Confidence float64 // in 0..1, both excluded
	Reference  Reference
	Budget     float64 // with a Reference: the loss that must not be reached, as a fraction of the samples
	Above      float64 // without: the score that must be exceeded
}

// Reference names the network that a claim compares with.
type Reference int

const (
	NoReference    Reference = iota // the claim is about the score itself
	HighReference                   // the 16-bit network
	FloatReference                  // the float network
)

// Claim turns a target into the claim that a promise is about. A share of the way between the endpoints becomes the score
// that it was on the search's own samples.
func (t Target) Claim(r Resolved, confidence float64) Claim {
	c := Claim{Confidence: confidence, Above: r.Value}
	switch t.kind {
	case targetHigh, targetFloat:
		c.Reference = HighReference
		if t.kind == targetFloat {
			c.Reference = FloatReference
		}
		budget, _ := t.amount.Float64()
		c.Budget, c.Above = 0-budget, 0
	}
	return c
}

// Level is the probability with which the claim may be wrong, 1 - Confidence, without the rounding of that difference.
func (c Claim) Level() float64 {
	const digits = 1e12
	return math.Round((1-c.Confidence)*digits) / digits
}

// PValue tests the claim on the outcome of a mix and, where it has a reference, the reference's: the probability of what
// was seen, or of more, if the claim is just false. Confidence 1 - PValue is how sure one can be of the claim for one mix
// that was chosen without these samples.
func (c Claim) PValue(reference, mix []uint64, n int) float64 {
	if c.Reference == NoReference {
		return ScorePValue(Correct(mix, n), n, c.Above)
	}
	return Compare(reference, mix, n).PValue(c.Budget, c.Level())
}

// Needs says how many samples would give a proof of the claim, with what chance, for a mix like the one seen. Against a
// reference as many predictions are taken to change as was seen, without a true loss; a score is taken to be expected.
// Nil: no number would.
func (c Claim) Needs(reference, mix []uint64, n int, expected float64) []Need {
	if c.Reference == NoReference {
		return ScoreNeeds(expected, c.Above, c.Level())
	}
	return LossNeeds(Compare(reference, mix, n).Changed(), 0, c.Budget, c.Level())
}
