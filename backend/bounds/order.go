package bounds

import "math"

// key orders scores: a higher score has a higher key, NaN the lowest. Counts are their own keys, so that after the
// threshold is fixed only integers are compared.
type key = int64

const (
	unknown key = math.MaxInt64 // above every score's key
	never   key = math.MaxInt64 // a threshold that no score reaches
)

// unorder is the float64 of a key.
func unorder(k key) float64 {
	if k < 0 {
		return math.Float64frombits(uint64(math.MinInt64 - k))
	}
	return math.Float64frombits(uint64(k))
}

// order maps a float64 to an integer of the same order: NaN lowest, -0 and +0 equal. The bits of positive numbers,
// taken for an integer, have the order of the numbers, and those of negative ones the reverse (IEEE 754-2019, 5.10,
// totalOrder). Neighbours have neighbouring keys, so that order(f) + 1 is the key of the next number above f.
func order(f float64) key {
	if math.IsNaN(f) {
		return math.MinInt64
	}
	bits := int64(math.Float64bits(f + 0))
	if bits < 0 {
		return math.MinInt64 - bits
	}
	return bits
}
