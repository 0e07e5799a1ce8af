package device

import (
	"slices"

	"example.org/demote/cgo"
)

// A Tensor is the name, element type and full shape of what goes into or comes out of a segment of a network. The
// dimension of the samples' axis is the block size, but for a network some input of which has no such axis: then a
// block is one sample.
type Tensor struct {
	Name string
	Type cgo.DType
	Dims []int64

	Alone bool // of a network's input: a block is one sample, whatever the dimensions are
	Axis  int  `json:",omitempty"` // on which the samples of a block lie; -1: on none, which no input has

	// Steps is, of a network's input, how many steps a sample has, of these dimensions each and one behind the other,
	// over which the network is run one after another; 0: one value for all steps.
	Steps int `json:",omitempty"`
	// Fed is, of a network's input, the output of a step that is this input of the next one; the samples have that of
	// the first. Empty: none.
	Fed string `json:",omitempty"`

	// First reads the first samples of an input's data, one after another, for runs that only look at a network:
	// values that are there, since zeros may be what no sample has. Nil: zeros.
	First func(dst []byte, samples int) error `json:"-"`
}

// Batch is the number of samples that an input of a network takes.
func (t Tensor) Batch() int {
	if t.Alone || len(t.Dims) == 0 {
		return 1
	}
	return int(t.Dims[t.Axis])
}

// At is an input of a network with another number of samples; itself where a block is one. The dimensions are new.
func (t Tensor) At(samples int) Tensor {
	if !t.Alone && len(t.Dims) > 0 {
		t.Dims = slices.Clone(t.Dims)
		t.Dims[t.Axis] = int64(samples)
	}
	return t
}

// Sample are the dimensions of one sample of an input, with 1 for an axis of the samples that is not in front.
func (t Tensor) Sample() []int64 {
	if t.Alone || len(t.Dims) == 0 || t.Axis > 0 {
		return t.At(1).Dims
	}
	return t.Dims[1:]
}

// Elems is the number of elements of one block, of several steps those of one.
func (t Tensor) Elems() int { return product(t.Dims) }

// product is the number of elements of these dimensions.
func product(dims []int64) int {
	n := 1
	for _, d := range dims {
		n *= int(d)
	}
	return n
}

// Bytes is the size of one block in bytes, of several steps that of one.
func (t Tensor) Bytes() int { return t.Elems() * t.Type.Size() }

// SampleBytes is the number of bytes of one sample of a block, all its steps together.
func (t Tensor) SampleBytes(block int) int {
	return t.Elems() / block * max(1, t.Steps) * t.Type.Size()
}

// IndexTensor is where a tensor is in a list; -1: it is not there.
func IndexTensor(list []Tensor, name string) int {
	for i, t := range list {
		if t.Name == name {
			return i
		}
	}
	return -1
}

// DType is the element type of a tensor, numbered as in ONNX.
type DType = cgo.DType

// The element types of what flows between segments: values, masks, and codes.
const (
	Float32 = cgo.Float32
	Int32   = cgo.Int32
	Int64   = cgo.Int64
	Uint8   = cgo.Uint8
	Uint16  = cgo.Uint16
)
