package backend

import (
	"encoding/binary"
	"fmt"
	"strings"
)

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

// npyHeader is the head of a .npy file of version 1.0, as NumPy writes it: its length is a multiple of 64.
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
func npyHeader(descr string, shape ...int64) string {
	sizes := make([]string, len(shape))
	for i, d := range shape {
		sizes[i] = fmt.Sprint(d)
	}
	tuple := strings.Join(sizes, ", ")
	if len(shape) == 1 {
		tuple += ","
	}
	text := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, tuple)
	text += strings.Repeat(" ", 63-(10+len(text))%64) + "\n"
	return "\x93NUMPY\x01\x00" + string(binary.LittleEndian.AppendUint16(nil, uint16(len(text)))) + text
}
