package metric

// A LabelArray is labels as their file has them: every bit of them, in their own shape and type.
type LabelArray struct {
	Name  string  // of the array: y, boxes, ...
	Descr string  // NumPy's name of the element type, always little-endian: |b1, |u1, <i8, <f2, |S5, <U3
	Dims  []int64 // of one sample, or of a row where samples have different numbers of rows; empty: one element
	Data  []byte  // of one sample, or of all, one after another; in C order
	// where each sample's rows begin, and their number last; nil: each sample has as much as the others
	Offsets []int64
}

// of are the labels of one of so many samples.
func (a *LabelArray) of(sample, samples int) LabelArray {
	one := LabelArray{Name: a.Name, Descr: a.Descr, Dims: a.Dims}
	if a.Offsets == nil {
		per := len(a.Data) / samples
		one.Data = a.Data[sample*per : (sample+1)*per : (sample+1)*per]
		return one
	}
	row, from, to := a.rowBytes(), int(a.Offsets[sample]), int(a.Offsets[sample+1])
	one.Data, one.Offsets = a.Data[from*row:to*row:to*row], []int64{0, int64(to - from)}
	return one
}

// rowBytes is the size of a row of an array whose samples have different numbers of them.
func (a *LabelArray) rowBytes() int {
	if rows := a.Offsets[len(a.Offsets)-1]; rows > 0 {
		return len(a.Data) / int(rows)
	}
	return 0
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
	own := Truth{Set: t.Set, Labels: partsOf(t.Labels, some, samples), Pixels: partsOf(t.Pixels, some, samples), Values: partsOf(t.Values, some, samples), LabelDims: t.LabelDims}
	for _, a := range t.Own {
		own.Own = append(own.Own, a.some(some, samples))
	}
	for _, sample := range some {
		own.Numbers = append(own.Numbers, t.number(sample))
	}
	if t.Reference != nil {
		for _, sample := range some {
			own.Reference = append(own.Reference, t.Reference[at[sample]:at[sample+1]]...)
		}
	}
	return own
}

// number is that of a sample in the file that it is from.
func (t Truth) number(sample int) int {
	if t.Numbers == nil {
		return sample
	}
	return t.Numbers[sample]
}

// some are the labels of some of so many samples.
func (a *LabelArray) some(list []int, samples int) LabelArray {
	out := LabelArray{Name: a.Name, Descr: a.Descr, Dims: a.Dims}
	if a.Offsets != nil {
		out.Offsets = []int64{0}
	}
	for _, sample := range list {
		one := a.of(sample, samples)
		out.Data = append(out.Data, one.Data...)
		if a.Offsets != nil {
			out.Offsets = append(out.Offsets, out.Offsets[len(out.Offsets)-1]+one.Offsets[1])
		}
	}
	return out
}

// partsOf are the parts of some samples of a list with as much of each; nil of nil.
func partsOf[T any](list []T, of []int, samples int) (some []T) {
	for _, sample := range of {
		some = append(some, part(list, sample, samples)...)
	}
	return some
}
