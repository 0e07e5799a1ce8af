package target

import "example.org/demote/search/claim"

// Claim returns the claim of a target, with a confidence in 0..1. A share of the way between the endpoints becomes the
// score that it is on the samples of the search.
func (t Target) Claim(r Resolved, confidence float64) claim.Claim {
	c := claim.Claim{Confidence: confidence, Above: r.Value}
	switch t.kind {
	case targetHigh, targetFloat:
		c.Reference = claim.HighReference
		if t.kind == targetFloat {
			c.Reference = claim.FloatReference
		}
		budget, _ := t.amount.Float64()
		c.Budget, c.Above = 0-budget, 0
	}
	return c
}
