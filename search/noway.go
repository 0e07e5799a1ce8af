package search

import (
	"math/big"
	"strings"
)

// noWay says which target to type where a share of the way was typed and the 8-bit score is the 16-bit one: the largest of few
// digits that this score is better than.
func (m Scale) noWay(s Score, score *big.Rat) string {
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

// bracket writes the first decimal below v that is no lower than least; nil: within a hundredth of v's size. The sign is turned
// where asked for, so that it lies above -v.
func bracket(v, least *big.Rat, turned bool) string {
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
			if turned {
				at.Neg(at)
			}
			return spell(at)
		}
		unit.Mul(unit, big.NewRat(1, 10))
	}
}

// spell writes a number for a user: all digits where they are few, else six behind the point or, of a small number, six that count.
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
