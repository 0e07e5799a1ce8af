// Package npy writes the header of NumPy's .npy files, for data that a program streams.
package npy

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// magic begins every .npy file; the version follows, here 1.0.
const magic = "\x93NUMPY\x01\x00"

// alignment is what NumPy makes the length of a header a multiple of, so that the data can be mapped into memory.
const alignment = 64

// Header returns the header of a .npy file of version 1.0, whose data follow it in C order. descr is NumPy's name of
// the element type, such as <f4, |b1 or <U3; shape has an entry an axis, and no entry means one element. The bytes
// are those that numpy.save writes. Header panics where they do not fit the version's 65,535, which takes thousands
// of axes.
//
// npyio, which the tests read and write with, cannot do this: npy.Write takes whole Go arrays, so a shape that is
// known at run time alone needs a type made by reflection; it has no fixed-length text (|S5, <U3); and its header is
// not aligned.
//
// Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
func Header(descr string, shape ...int64) string {
	sizes := make([]string, len(shape))
	for i, d := range shape {
		sizes[i] = strconv.FormatInt(d, 10)
	}
	tuple := strings.Join(sizes, ", ")
	if len(shape) == 1 {
		tuple += ","
	}
	text := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, tuple)
	if len(shape) > 0 {
		// NumPy pads so that the first axis can grow to 21 digits.
		text += strings.Repeat(" ", max(0, 21-len(sizes[0])))
	}
	const lengthBytes, newline = 2, 1
	used := len(magic) + lengthBytes + len(text) + newline
	text += strings.Repeat(" ", (alignment-used%alignment)%alignment) + "\n"
	if len(text) > 1<<16-1 {
		panic(fmt.Sprintf("npy: a header of %d bytes", len(text)))
	}
	return magic + string(binary.LittleEndian.AppendUint16(nil, uint16(len(text)))) + text
}
