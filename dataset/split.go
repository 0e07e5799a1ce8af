package dataset

import (
	"example.org/demote/dataset/internal/files"
	"math/rand/v2"
	"slices"
)

// splitStream is the stream of random numbers of a split: other parts of the program that have the same seed draw
// others.
const splitStream = 0x9e3779b97f4a7c15

// HoldOut takes count samples out of the set, chosen uniformly at random, and returns them as a set of their own; both
// keep the order of the data. The same seed draws the same samples. The sets share their files: the returned one can be
// read until s is closed, and needs no Close. It panics unless 0 < count < s.Len().
//
// The draw is plain, not stratified by class: what is held out of independent samples is independent samples again,
// which exact tests rest on.
func (s *Set) HoldOut(count int, seed uint32) *Set {
	if count <= 0 || count >= s.samples {
		panic("dataset: a split that leaves one side empty")
	}
	all := make([]int, s.samples)
	for i := range all {
		all[i] = i
	}
	r := rand.New(rand.NewPCG(uint64(seed), splitStream))
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	held, rest := all[:count], all[count:]
	slices.Sort(held)
	slices.Sort(rest)
	part := &Set{path: s.path, temp: files.NewSpool(""), inputs: s.inputs, columns: s.columns, shapes: s.shapes, names: s.names, pick: s.pick, samples: s.samples,
		labels: s.labels, pixels: s.pixels, values: s.values, own: s.own, perLabel: s.perLabel, labelDims: s.labelDims}
	part.keep(held)
	s.keep(rest)
	return part
}

// Limit leaves limit samples in the set, chosen as Open does; it changes nothing if there are no more.
func (s *Set) Limit(limit int, seed uint32) {
	switch {
	case limit <= 0 || limit >= s.samples:
	case s.labels == nil:
		s.keep(evenly(s.samples, limit))
	default:
		s.keep(stratified(s.labels, limit, seed))
	}
}

// Drop takes the listed samples, in rising order, out of the set.
func (s *Set) Drop(samples []int) {
	var rest []int
	for i := range s.samples {
		if _, found := slices.BinarySearch(samples, i); !found {
			rest = append(rest, i)
		}
	}
	s.keep(rest)
}

// keep leaves the listed samples, in their order.
func (s *Set) keep(list []int) {
	pick := make([]int, len(list))
	for i, sample := range list {
		pick[i] = s.Number(sample)
	}
	s.labels, s.pixels, s.values = pickOf(s.labels, list, 1), pickOf(s.pixels, list, s.perLabel), pickOf(s.values, list, s.perLabel)
	s.own = pickOwn(s.own, list, s.samples)
	s.pick, s.samples = pick, len(list)
}

// pickOf takes the listed samples' numbers from a list that has per of each; nil of nil.
func pickOf[T any](list []T, pick []int, per int) []T {
	if list == nil {
		return nil
	}
	out := make([]T, 0, len(pick)*per)
	for _, p := range pick {
		out = append(out, list[p*per:(p+1)*per]...)
	}
	return out
}
