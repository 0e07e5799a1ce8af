package cli

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strings"
)

// mutate damages a file: bytes and stretches of it anywhere, for networks mostly where their structure is and not
// their weights, for texts mostly their words and numbers.
func mutate(r *rand.Rand, data []byte, kind string) []byte {
	data = bytes.Clone(data)
	how := r.IntN(10)
	switch {
	case kind == "text" && how < 6:
		return mutateText(r, data)
	case kind == "onnx" && how < 5:
		return mutateWords(r, data)
	case kind == "zip" && how < 4:
		return mutateNumbers(r, data)
	}
	return mutateBytes(r, data)
}

func pickOf[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// mutateBytes changes, removes, inserts, moves and repeats bytes.
func mutateBytes(r *rand.Rand, b []byte) []byte {
	hot := min(len(b), pickOf(r, []int{64, 400, 3000, 1 << 30}))
	for range pickOf(r, []int{1, 1, 1, 2, 4, 16}) {
		if len(b) == 0 {
			break
		}
		p := min(r.IntN(max(hot, 1)), len(b)-1)
		if r.IntN(10) < 3 {
			p = len(b) - 1 - r.IntN(min(len(b), 2000))
		}
		stretch := func(sizes ...int) (from, to int) { return p, min(len(b), p+pickOf(r, sizes)) }
		switch r.IntN(8) {
		case 0:
			b[p] ^= 1 << r.IntN(8)
		case 1:
			b[p] = pickOf(r, []byte{0, 1, 2, 0x7f, 0x80, 0xff, '\n', '"', 0x1b})
		case 2:
			from, to := stretch(1, 2, 8, 50)
			b = slices.Delete(b, from, to)
		case 3:
			more := make([]byte, pickOf(r, []int{1, 2, 8}))
			for i := range more {
				more[i] = byte(r.Uint32())
			}
			b = slices.Insert(b, p, more...)
		case 4:
			from, to := stretch(4, 16, 200)
			copy(b[from:to], b[r.IntN(len(b)):])
		case 5:
			from, to := stretch(4, 16, 200, 2000)
			b = slices.Insert(b, from, bytes.Clone(b[from:to])...)
		case 6:
			copy(b[p:], "\xff\xff\xff\xff\xff\xff\xff\xff\x7f")
		case 7:
			if r.IntN(3) == 0 {
				b = b[:r.IntN(len(b)+1)]
			}
		}
	}
	return b
}

// onnxWords are found in networks near what decides their shape.
var onnxWords = []string{"kernel_shape", "strides", "pads", "dilations", "group", "Split", "Concat", "AveragePool", "MaxPool", "ConvTranspose", "ceil_mode", "transB", "axis", "perm", "epsilon", "Conv", "Gemm", "Relu", "MatMul", "Reshape", "Add", "Mul", "Flatten",
	"Tanh", "Sigmoid", "Softmax", "Cast", "to", "QuantizeLinear", "DequantizeLinear", "ActivationHolder", "num_bits", "threshold", "signed", "lut_values", "f.own", "location", "offset", "length", "w.bin", "x", "y", "w1"}

// mutateWords changes bytes in and beside such words.
func mutateWords(r *rand.Rand, b []byte) []byte {
	for range pickOf(r, []int{1, 1, 2, 3}) {
		word := []byte(pickOf(r, onnxWords))
		var at []int
		for from := 0; len(at) < 200; {
			i := bytes.Index(b[from:], word)
			if i < 0 {
				break
			}
			at = append(at, from+i)
			from += i + 1
		}
		if len(at) == 0 {
			continue
		}
		p := pickOf(r, at) + r.IntN(len(word)+28) - 12
		p = min(max(p, 0), len(b)-1)
		b[p] = pickOf(r, []byte{0, 0, 1, 2, 3, 7, 16, 0x80, 0xff, byte(r.Uint32())})
	}
	return b
}

// mutateNumbers changes numbers of 2, 4 or 8 bytes, such as sizes in the headings of archives and arrays.
func mutateNumbers(r *rand.Rand, b []byte) []byte {
	for range pickOf(r, []int{1, 1, 2}) {
		if len(b) < 16 {
			return b
		}
		p := r.IntN(min(len(b)-8, 200))
		if r.IntN(2) == 0 {
			p = len(b) - 8 - r.IntN(min(len(b)-8, 200))
		}
		v := pickOf(r, []uint64{0, 1, 0xffff, 1 << 20, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1 << 40, 1 << 62, 1 << 63, 1<<64 - 1})
		switch r.IntN(3) {
		case 0:
			binary.LittleEndian.PutUint16(b[p:], uint16(v))
		case 1:
			binary.LittleEndian.PutUint32(b[p:], uint32(v))
		default:
			binary.LittleEndian.PutUint64(b[p:], v)
		}
	}
	return b
}

// oddWords stand where a text had another.
var oddWords = []string{"", "0", "-1", "1e999", "NaN", "99999999999999999999", "0.5", "null", "true", "[]", "{}", "[[[[[[[[", "}}}}", "\"\"", "\"", "'", "\x1b[2J", "\u202e", "\xff", "\x00",
	"\n", "\r\n", "=1+2", "&a", "*a", "- - - -", "a: a: a:", "!!binary", "../../..", "/dev/zero", "%s%n", "x", "int8", "op:*=int16", strings.Repeat("n", 5000), strings.Repeat("[", 3000), "\ufeff"}

// mutateText changes words and lines.
func mutateText(r *rand.Rand, b []byte) []byte {
	edge := func(c byte) bool { return strings.IndexByte(" \t\n,:[]{}\"=", c) >= 0 }
	for range pickOf(r, []int{1, 1, 2, 5}) {
		if len(b) == 0 {
			return []byte(pickOf(r, oddWords))
		}
		from := r.IntN(len(b))
		switch r.IntN(5) {
		case 0, 1: // a word
			for from > 0 && !edge(b[from-1]) {
				from--
			}
			to := from
			for to < len(b) && !edge(b[to]) {
				to++
			}
			b = slices.Replace(b, from, to, []byte(pickOf(r, oddWords))...)
		case 2: // something between
			b = slices.Insert(b, from, []byte(pickOf(r, oddWords))...)
		default: // a line, which goes or comes twice
			for from > 0 && b[from-1] != '\n' {
				from--
			}
			to := len(b)
			if i := bytes.IndexByte(b[from:], '\n'); i >= 0 {
				to = from + i + 1
			}
			if r.IntN(2) == 0 {
				b = slices.Delete(b, from, to)
			} else {
				b = slices.Insert(b, from, slices.Repeat(bytes.Clone(b[from:to]), pickOf(r, []int{1, 1, 50}))...)
			}
		}
	}
	return b
}
