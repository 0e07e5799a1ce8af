package record

import (
	"fmt"
	"math"

	"example.org/demote/quant"
	"example.org/demote/result"
	"example.org/demote/search"
)

// Finite returns nil for infinities and NaN, which JSON cannot hold.
func Finite(v float64) *float64 {
	if math.IsInf(v, 0) || math.IsNaN(v) {
		return nil
	}
	return &v
}

// Score writes a search score in the metric's own sign.
func Score(s search.Score, lower bool) *result.Score {
	if s.Total > 0 {
		return &result.Score{Correct: &s.Count, Total: &s.Total, Value: Finite(s.Float())}
	}
	v := s.Value
	if math.IsNaN(v) || math.IsInf(v, -1) {
		v = result.Worst
	}
	return &result.Score{Value: Finite(MetricSign(v, lower))}
}

// Search reads a score back; infinite ones are better than all.
func Search(r *result.Score, lower bool) search.Score {
	switch {
	case r == nil || r.Correct == nil && r.Value == nil:
		return search.Score{Value: math.Inf(1)}
	case r.Correct != nil && r.Total != nil:
		return search.Score{Count: *r.Correct, Total: *r.Total}
	}
	v := MetricSign(*r.Value, lower)
	if v <= result.Worst {
		v = math.Inf(-1)
	}
	return search.Score{Value: v}
}

// Kept is a score as a result keeps it, which has no NaN: a network that computes one scores worst.
func Kept(s search.Score) search.Score {
	if s.Total == 0 && math.IsNaN(s.Value) {
		s.Value = math.Inf(-1)
	}
	return s
}

// MetricSign turns the search's number, where higher is better, back into the metric's own.
func MetricSign(v float64, lower bool) float64 {
	if lower {
		return 0 - v // never -0
	}
	return v
}

// Grid writes a grid.
func Grid(g quant.Grid) result.Grid {
	if g.Width() == quant.Half {
		return result.Grid{Type: g.Width().String(), Bits: g.Bits, Signed: true}
	}
	return result.Grid{Bits: g.Bits, Signed: g.Signed, Scale: g.Scale, ZeroPoint: g.Zero,
		Min: float64(g.Decode(g.Min)), Max: float64(g.Decode(g.Max))}
}

// Precision is the name of a grid's width: int8, int16.
func Precision(g quant.Grid) string { return g.Width().String() }

// Number writes a number for a table; empty: there is none.
func Number(v *float64) string {
	if v == nil {
		return ""
	}
	return fmt.Sprintf("%g", *v)
}
