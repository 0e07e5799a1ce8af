package target

import (
	"math/big"
	"strings"

	"example.org/demote/search/trial"
)

// exampleTarget proposes a target for the case that a share of the way was typed and both endpoints have the score s:
// the largest number of few digits that this score is better than. score is s as an exact fraction.
func (m Scale) exampleTarget(s trial.Score, score *big.Rat) string {
	if m.Lower {
		return "write a score that it is below, such as " + bracket(new(big.Rat).Neg(score), nil, true)
	}
	if s.Total == 0 {
		return "write a score that it is above, such as " + bracket(score, nil, false)
	}
	if s.Count == 0 {
		return "no sample counts, and no target is below that: look at labels and metric"
	}
	return "write a score that it is above, such as " + bracket(score, big.NewRat(int64(s.Count-1), int64(s.Total)), false)
}

// bracket returns the decimal of the fewest digits that is below v and not below least. Without least it lies within a
// hundredth of |v|. negate changes its sign, so that it lies above -v. Example: between 916/1000 and 917/1000 it is
// 0.916; without a least value, 0.91 for 917/1000.
func bracket(v, least *big.Rat, negate bool) string {
	if least == nil {
		size := new(big.Rat).Abs(v)
		if size.Sign() == 0 {
			size.SetInt64(1)
		}
		least = new(big.Rat).Sub(v, size.Mul(size, big.NewRat(1, 100)))
	}
	unit := big.NewRat(1, 1)
	for {
		q := new(big.Rat).Quo(v, unit)
		n := new(big.Int).Div(q.Num(), q.Denom()) // rounds down
		if q.IsInt() {
			n.Sub(n, big.NewInt(1))
		}
		at := new(big.Rat).Mul(new(big.Rat).SetInt(n), unit)
		if at.Cmp(least) >= 0 {
			if negate {
				at.Neg(at)
			}
			return spell(at)
		}
		unit.Mul(unit, big.NewRat(1, 10))
	}
}

// spell writes a number for a user: all digits if there are at most 20 decimals, else six decimals; of a number below
// 1e-4 six significant digits.
func spell(r *big.Rat) string {
	if n, exact := r.FloatPrec(); exact && n <= 20 {
		return r.FloatString(n)
	}
	f, _ := r.Float64()
	if a := max(f, -f); a >= 1e-4 {
		return strings.TrimRight(r.FloatString(6), "0")
	}
	return new(big.Float).SetFloat64(f).Text('g', 6)
}
