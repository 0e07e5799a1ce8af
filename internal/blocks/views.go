package blocks

import (
	"slices"
	"strings"

	"example.org/demote/dataset"
)

// SampleBytes returns the bytes of one sample of a set, over all inputs.
func SampleBytes(set *dataset.Set, inputs int) (n int) {
	for i := range inputs {
		n += set.SampleBytes(i)
	}
	return n
}

// ShapeText formats the shape of the samples of a set, over all inputs.
func ShapeText(set *dataset.Set, inputs int) string {
	var dims []string
	for i := range inputs {
		dims = append(dims, AxesText(set.Shape(i)))
	}
	return strings.Join(dims, " ")
}

// A View has the samples of one shape, and the number of each among all samples.
type View struct {
	Samples
	Of []int // nil: its own
}

// Number is a sample's among all.
func (v View) Number(sample int) int {
	if v.Of == nil {
		return sample
	}
	return v.Of[sample]
}

// Views groups the samples of data by their shapes.
func Views(data Samples) []View {
	set, is := data.(*dataset.Set)
	if !is {
		return []View{{Samples: data}}
	}
	var list []View
	for _, g := range set.Groups() {
		list = append(list, View{g.Set, g.Of})
	}
	if list == nil {
		return []View{{Samples: data}}
	}
	return list
}

// LargestOf returns the samples of the largest shape, for checks that one shape is enough for.
func LargestOf(data Samples, inputs int) Samples {
	set, is := data.(*dataset.Set)
	if !is || set.Groups() == nil {
		return data
	}
	return slices.MaxFunc(set.Groups(), func(a, b dataset.Group) int { return SampleBytes(a.Set, inputs) - SampleBytes(b.Set, inputs) }).Set
}

// together are the samples of each shape that several of data have; those of the first shape where none has.
func together(data Samples) (list []Samples) {
	all := Views(data)
	for _, v := range all {
		if v.Len() > 1 {
			list = append(list, v.Samples)
		}
	}
	if list == nil {
		list = append(list, all[0].Samples)
	}
	return list
}

// ElemsOf returns the number of elements of a shape.
func ElemsOf(dims []int64) int {
	n := 1
	for _, d := range dims {
		n *= int(d)
	}
	return n
}
