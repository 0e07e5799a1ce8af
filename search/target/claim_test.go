package target

import (
	"testing"

	"example.org/demote/search/claim"
	"example.org/demote/search/trial"
)

func TestClaims(t *testing.T) {
	scale := Scale{Name: "top1", Fraction: true}
	float := trial.Score{Count: 930, Total: 1000}
	ends := Endpoints{Float: &float, High: trial.Score{Count: 920, Total: 1000}, Low: trial.Score{Count: 820, Total: 1000}}
	for _, c := range []struct {
		target string
		want   claim.Claim
	}{
		{"16bit-0.005", claim.Claim{Confidence: 0.95, Reference: claim.HighReference, Budget: 0.005}},
		{"float-0.02", claim.Claim{Confidence: 0.95, Reference: claim.FloatReference, Budget: 0.02}},
		{"float+0.001", claim.Claim{Confidence: 0.95, Reference: claim.FloatReference, Budget: -0.001}},
		{"0.9", claim.Claim{Confidence: 0.95, Above: 0.9}},
		{"50%", claim.Claim{Confidence: 0.95, Above: 0.87}},
	} {
		target, err := Parse(c.target)
		if err != nil {
			t.Fatal(err)
		}
		goal, err := target.Resolve(scale, ends)
		if err != nil {
			t.Fatal(err)
		}
		if got := target.Claim(goal, 0.95); got != c.want || got.Level() != 0.05 {
			t.Errorf("%s: %+v with level %v, want %+v", c.target, got, got.Level(), c.want)
		}
	}
}
