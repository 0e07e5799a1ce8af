package shapes

import (
	"slices"

	"example.org/demote/mistake"
)

// Broadcast returns the dimensions that two shapes have in common under ONNX's rule: aligned at the end, 1 segments.
func Broadcast(a, b []int64) ([]int64, error) {
	out := make([]int64, max(len(a), len(b)))
	for i := range out {
		x, y := fromEnd(a, len(out)-i), fromEnd(b, len(out)-i)
		switch {
		case x == y || y == 1:
			out[i] = x
		case x == 1:
			out[i] = y
		default:
			return nil, mistake.Errorf("dimensions %v and %v do not fit", a, b)
		}
	}
	return out, nil
}

// IsPermutation reports whether a list has each of 0 to rank-1 once.
func IsPermutation(perm []int64, rank int) bool {
	sorted := slices.Clone(perm)
	slices.Sort(sorted)
	for i, p := range sorted {
		if p != int64(i) {
			return false
		}
	}
	return len(perm) == rank
}

// Tail returns the axes after the first.
func Tail(dims []int64) []int64 {
	if len(dims) == 0 {
		return nil
	}
	return dims[1:]
}

// fromEnd returns the i-th dimension from the end, 1 where there is none.
func fromEnd(dims []int64, i int) int64 {
	if i > len(dims) {
		return 1
	}
	return dims[len(dims)-i]
}

// Elements returns the product of dimensions.
func Elements(dims []int64) int64 {
	n := int64(1)
	for _, d := range dims {
		n *= d
	}
	return n
}

func permuted(a, perm []int64) ([]int64, bool) {
	out := slices.Clone(a)
	if perm == nil {
		slices.Reverse(out)
		return out, true
	}
	if !IsPermutation(perm, len(a)) {
		return nil, false
	}
	for i, p := range perm {
		out[i] = a[p]
	}
	return out, true
}
