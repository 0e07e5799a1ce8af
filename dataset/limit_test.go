package dataset

import (
	"archive/zip"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestEvenly(t *testing.T) {
	for _, c := range []struct {
		n, limit int
		want     []int
	}{{10, 1, []int{0}}, {10, 3, []int{0, 3, 6}}, {10, 5, []int{0, 2, 4, 6, 8}}, {5, 4, []int{0, 1, 2, 3}}} {
		if got := evenly(c.n, c.limit); !slices.Equal(got, c.want) {
			t.Errorf("%d of %d: %v, want %v", c.limit, c.n, got, c.want)
		}
	}
}

func TestStratifiedShares(t *testing.T) {
	for _, c := range []struct {
		name   string
		counts []int // samples a class
		limit  int
		want   []int
	}{
		{"even", []int{50, 50}, 10, []int{5, 5}},
		{"proportional", []int{10, 30, 60}, 10, []int{1, 3, 6}},
		{"largest remainder", []int{10, 10, 13}, 10, []int{3, 3, 4}},
		{"equal remainders: the lower labels", []int{10, 10, 10}, 5, []int{2, 2, 1}},
		{"fewer than classes", []int{10, 10, 10}, 2, []int{1, 1, 0}},
		{"a rare class", []int{99, 1}, 10, []int{10, 0}},
		{"all but one", []int{3, 4}, 6, []int{3, 3}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var labels []int64
			for l, n := range c.counts {
				labels = append(labels, slices.Repeat([]int64{int64(l)}, n)...)
			}
			rand.New(rand.NewPCG(1, 1)).Shuffle(len(labels), func(i, j int) { labels[i], labels[j] = labels[j], labels[i] })
			pick := stratified(labels, c.limit, 3)
			if len(pick) != c.limit || !slices.IsSorted(pick) || len(slices.Compact(slices.Clone(pick))) != c.limit {
				t.Fatalf("%v: not %d rising indices", pick, c.limit)
			}
			got := make([]int, len(c.counts))
			for _, p := range pick {
				got[labels[p]]++
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("shares %v, want %v", got, c.want)
			}
		})
	}
}

// The choice is fixed for all time: a run with a limit can be repeated with a later version.
func TestStratifiedChoice(t *testing.T) {
	labels := make([]int64, 40)
	for i := range labels {
		labels[i] = int64(i % 4)
	}
	first := stratified(labels, 8, 0)
	if want := []int{1, 5, 8, 23, 26, 28, 30, 31}; !slices.Equal(first, want) {
		t.Errorf("seed 0: %v, want %v", first, want)
	}
	if !slices.Equal(first, stratified(labels, 8, 0)) {
		t.Error("the same seed chooses others")
	}
	if slices.Equal(first, stratified(labels, 8, 1)) {
		t.Error("another seed chooses the same")
	}
	seen := map[int]int{}
	for seed := range uint32(2000) {
		for _, p := range stratified(labels, 8, seed) {
			seen[p]++
		}
	}
	for i := range labels { // 400 expected; 5 standard deviations are 90
		if seen[i] < 310 || seen[i] > 490 {
			t.Errorf("sample %d is chosen %d times by 2000 seeds, want about 400", i, seen[i])
		}
	}
}

func TestLimit(t *testing.T) {
	x := entry{"x.npy", npyBytes("<i4", false, []int{100, 2}, count[int32](200))}
	y := make([]int64, 100)
	for i := range y {
		y[i] = int64(i / 50)
	}
	labelled := save(t, "l.npz", npz(zip.Store, x, entry{"y.npy", npyBytes("<i8", false, []int{100}, y)}))
	plain := save(t, "p.npz", npz(zip.Deflate, x))
	in := input("in", Float32, -1, 2)
	for _, c := range []struct {
		name, path string
		limit, len int
	}{
		{"labelled", labelled, 10, 10}, {"plain", plain, 10, 10}, {"none", labelled, 0, 100},
		{"all", labelled, 100, 100}, {"more than all", plain, 1000, 100}, {"one", plain, 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := mustOpen(t, c.path, in, Options{Limit: c.limit})
			if s.Len() != c.len || s.Labels() != nil && len(s.Labels()) != c.len {
				t.Fatalf("%d samples, %d labels, want %d", s.Len(), len(s.Labels()), c.len)
			}
			last := -1
			for i := range s.Len() {
				v := values(t, s, 0, i)
				at := int(v[0]) / 2
				if v[1] != v[0]+1 || at <= last {
					t.Errorf("sample %d is %v after number %d", i, v, last)
				}
				if l := s.Labels(); l != nil && l[i] != y[at] {
					t.Errorf("sample %d (number %d in the file) has label %d, want %d", i, at, l[i], y[at])
				}
				last = at
			}
		})
	}
}
