package dataset

import (
	"cmp"
	"maps"
	"math/rand/v2"
	"slices"
)

// choose takes the set's part of the n samples of the data: all but those with the ignored label, or what a limit
// leaves of them.
func (s *Set) choose(n int, o Options) error {
	s.samples = n
	if o.Ignore != nil && s.labels != nil {
		if err := s.leaveOut(*o.Ignore); err != nil {
			return err
		}
	}
	s.Limit(o.Limit, o.Seed)
	return nil
}

// evenly spaces limit of n indices, the first being 0.
func evenly(n, limit int) []int {
	pick := make([]int, limit)
	for i := range pick {
		pick[i] = int(int64(i) * int64(n) / int64(limit))
	}
	return pick
}

// stratified takes limit samples: of each class its share, rounded down, and one more of the classes with the largest
// remainders (of equal ones the lower label). The samples of a class are chosen at random by the seed and the label
// alone. The indices rise.
func stratified(labels []int64, limit int, seed uint32) []int {
	classes := map[int64][]int{}
	for i, l := range labels {
		classes[l] = append(classes[l], i)
	}
	type share struct {
		label, whole, rest int64
	}
	var shares []share
	left := int64(limit)
	for _, l := range slices.Sorted(maps.Keys(classes)) {
		exact := int64(len(classes[l])) * int64(limit) // both at most arrays.MostSamples
		sh := share{l, exact / int64(len(labels)), exact % int64(len(labels))}
		left -= sh.whole
		shares = append(shares, sh)
	}
	slices.SortStableFunc(shares, func(a, b share) int { return cmp.Compare(b.rest, a.rest) })
	pick := make([]int, 0, limit)
	for i, sh := range shares {
		if int64(i) < left {
			sh.whole++
		}
		pick = append(pick, take(classes[sh.label], int(sh.whole), seed, sh.label)...)
	}
	slices.Sort(pick)
	return pick
}

// take picks k of the indices at random, in place: the first k steps of a Fisher-Yates shuffle.
func take(from []int, k int, seed uint32, label int64) []int {
	r := rand.New(rand.NewPCG(uint64(seed), uint64(label)))
	for i := range k {
		j := i + r.IntN(len(from)-i)
		from[i], from[j] = from[j], from[i]
	}
	return from[:k]
}
