package metric

// A LabelArray is labels as their file has them: every bit of them, in their own shape and type.
type LabelArray struct {
	Descr string  // NumPy's name of the element type, always little-endian: |b1, |u1, <i8, <f2, |S5, <U3
	Dims  []int64 // of one sample; empty: an element a sample
	Data  []byte  // of one sample, or of all, one after another; in C order
}

// of are the labels of one of so many samples.
func (a *LabelArray) of(sample, samples int) LabelArray {
	per := len(a.Data) / samples
	return LabelArray{Descr: a.Descr, Dims: a.Dims, Data: a.Data[sample*per : (sample+1)*per : (sample+1)*per]}
}

// part cuts what a sample has out of a list with as much of each; nil of nil.
func part[T any](list []T, sample, samples int) []T {
	if list == nil {
		return nil
	}
	per := len(list) / samples
	return list[sample*per : (sample+1)*per : (sample+1)*per]
}

// Of are the truths of some of so many samples. at says where each sample's row of the reference begins, where rows
// have different lengths.
func (t Truth) Of(some []int, samples int, at []int) Truth {
	own := Truth{Labels: partsOf(t.Labels, some, samples), Pixels: partsOf(t.Pixels, some, samples), Values: partsOf(t.Values, some, samples), LabelDims: t.LabelDims}
	if t.Own != nil {
		own.Own = &LabelArray{Descr: t.Own.Descr, Dims: t.Own.Dims, Data: partsOf(t.Own.Data, some, samples)}
	}
	if t.Reference != nil {
		for _, sample := range some {
			own.Reference = append(own.Reference, t.Reference[at[sample]:at[sample+1]]...)
		}
	}
	return own
}

// partsOf are the parts of some samples of a list with as much of each; nil of nil.
func partsOf[T any](list []T, of []int, samples int) (some []T) {
	for _, sample := range of {
		some = append(some, part(list, sample, samples)...)
	}
	return some
}
