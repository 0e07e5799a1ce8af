package target

import (
	"math"
	"math/big"
	"testing"

	"example.org/demote/search/trial"
)

// TestResolvePart: a part of the loss is exact on the digits, of every kind of target and metric; a target that leaves
// no loss is taken whole, and a part of 1 is the whole.
func TestResolvePart(t *testing.T) {
	counts := Endpoints{High: trial.Score{Count: 1835, Total: 2000}, Low: trial.Score{Count: 1600, Total: 2000}, Float: &trial.Score{Count: 1840, Total: 2000}}
	// of a metric that is better when lower
	values := Endpoints{High: trial.Score{Value: -0.25}, Low: trial.Score{Value: -1}}
	for _, c := range []struct {
		text string
		m    Scale
		ends Endpoints
		part *big.Rat
		need int
		want float64
	}{
		{"16bit-0.02", Scale{Fraction: true}, counts, big.NewRat(1, 2), 1816, 0.9075},
		{"16bit-0.005", Scale{Fraction: true}, counts, big.NewRat(1, 10), 1835, 0.917},
		{"0.9", Scale{Fraction: true}, counts, big.NewRat(1, 5), 1829, 0.914},
		{"float-0.0125", Scale{Fraction: true}, counts, big.NewRat(1, 2), 1826, 0.9125},
		{"16bit+0.01", Scale{Fraction: true}, counts, big.NewRat(1, 2), 1856, 0.9275},
		{"16bit-0.02", Scale{Fraction: true}, counts, big.NewRat(1, 1), 1796, 0.8975},
		{"16bit+0.5", Scale{Lower: true}, values, big.NewRat(1, 4), 0, 0.375},
		{"16bit-0.125", Scale{Lower: true}, values, big.NewRat(1, 4), 0, 0.125},
	} {
		target, err := Parse(c.text)
		if err != nil {
			t.Fatal(err)
		}
		got, err := target.ResolvePart(c.m, c.ends, c.part)
		if err != nil || got.Value != c.want || got.Need != c.need {
			t.Errorf("%s of %s: %+v, %v, want %v and %d", c.part, c.text, got, err, c.want, c.need)
		}
		if c.m.Lower && got.Above != -c.want {
			t.Errorf("%s of %s: above %v", c.part, c.text, got.Above)
		}
	}
	target, _ := Parse("0.5")
	if _, err := target.ResolvePart(Scale{}, Endpoints{High: trial.Score{Value: math.Inf(1)}}, big.NewRat(1, 2)); err == nil {
		t.Error("half of an infinite loss")
	}
}
