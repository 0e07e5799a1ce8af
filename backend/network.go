package backend

import (
	"slices"

	"example.org/demote/cgo"
)

// A Tensor is the name, element type and full shape of what goes into or comes out of a segment
// of a network. The dimension of the samples' axis is the block size, but for a network some input of which has no such axis: then a
// block is one sample.
type Tensor struct {
	Name string
	Type cgo.DType
	Dims []int64

	Alone bool // of a network's input: a block is one sample, whatever the dimensions are
	Axis  int  `json:",omitempty"` // on which the samples of a block lie; -1: on none, which no input has

	// Steps is, of a network's input, how many steps a sample has, of these dimensions each and one behind the other, over which the
	// network is run one after another; 0: one value for all steps.
	Steps int `json:",omitempty"`
	// Fed is, of a network's input, the output of a step that is this input of the next one; the samples have that of the first.
	// Empty: none.
	Fed string `json:",omitempty"`

	// First reads the first samples of an input's data, one after another, for runs that only look at a network: values that are
	// there, since zeros may be what no sample has. Nil: zeros.
	First func(dst []byte, samples int) error `json:"-"`
}

// Batch is the number of samples that an input of a network takes.
func (t Tensor) Batch() int {
	if t.Alone || len(t.Dims) == 0 {
		return 1
	}
	return int(t.Dims[t.Axis])
}

// At is an input of a network with another number of samples; itself where a block is one.
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

// elems is the number of elements of one block.
func (t Tensor) elems() int { return product(t.Dims) }

// product is the number of elements of these dimensions.
func product(dims []int64) int {
	n := 1
	for _, d := range dims {
		n *= int(d)
	}
	return n
}

// Bytes is the size of one block.
func (t Tensor) Bytes() int { return t.elems() * t.Type.Size() }

// sampleBytes is the number of bytes of one sample of a block, all its steps together.
func (t Tensor) sampleBytes(block int) int {
	return t.elems() / block * max(1, t.Steps) * t.Type.Size()
}

// A Segment is a piece of the network between two cuts, or all that lies behind one, as an ONNX file in memory.
type Segment struct {
	Model   []byte
	Inputs  []Tensor // tensors of earlier segments or of the network, without the mask
	Outputs []Tensor // tensors that later segments or the metric read
	Taken   []Tensor // of an entry: codes of its cut, which it takes as inputs
	Left    []Tensor // of an entry: codes of later cuts, which it has as outputs and writes where it is told to
	Mask    string   // name of the mask input, uint8 with a byte a holder; empty if no holder is inside
	Holders []int    // the holders inside
	Empty   bool     // it has no nodes, and ONNX Runtime makes no session of that: its outputs are inputs
	Optimal bool     // the runtime has optimized it already, and is to leave it as it is

	kept keptOutput // where samples have several steps: whose values of all of them are kept

	Followed []Followed                                      // constants inside with two values; Model has the high ones
	Choose   func(low func(holder int) bool) ([]byte, error) // Model with the low values where the holder is demoted; nil without Followed
	Open     func() ([]byte, error)                          // Model with the constants of Followed as inputs of their names; nil without Followed
}

// A Followed is a float32 constant of a segment with two values, between which the bit of a holder chooses: a
// weight of a pair whose files differ in it. The holder need not be inside.
type Followed struct {
	Name   string // of the initializer
	Holder int
	Dims   []int64
	Value  func(low bool) ([]float32, error) // of either file; new memory
}

// A Source hands out the network with its shapes fixed to one block size. Cut 0 is the network's
// input, cut Cuts()-1 its output; the cuts between them are tensors on which everything behind
// depends alone, but for inputs of the network, which a segment reads wherever it needs them. Embed BaseSource for what it has not.
type Source interface {
	Holders() int
	// Inputs are the network's own, whichever of its segments reads them first, in the order of Samples.
	Inputs() []Tensor
	Cuts() int
	Segment(from, to int) (*Segment, error)
	// Stored describes how the tensors of a cut lie on grids, so that they can be kept as codes.
	Stored(cut int) []StoredTensor
	// Coded hands out entries into the network, where that can be. optimize is Device.Optimize, from whose
	// model they are taken and which leaves them as they are; nil: from the network as it is.
	Coded(optimize func(model []byte) ([]byte, error)) (Entries, error)
	// Blocked is a segment with its FakeQuant nodes inside the layout that the runtime chooses when it optimizes, where that can be. It
	// is not optimized any more.
	Blocked(from, to int, optimize func(model []byte) ([]byte, error)) ([]byte, error)
	// Probe is the whole network with every tensor as an output, for naming the first one that
	// is wrong; names are in computing order.
	Probe() (*Segment, error)
}

// A StoredTensor is a tensor of a cut and the holder on whose grid its values lie; -1 if on none.
type StoredTensor struct {
	Tensor
	Holder int
	Coded  bool // what is run gives and takes its codes, and not its values
}

// codeBytes is what the codes of one block take: two bytes an element on a grid, the element's own
// size elsewhere.
func (t StoredTensor) codeBytes() int {
	size := t.Type.Size()
	if t.Holder >= 0 {
		size = 2
	}
	return (t.elems()*size + 63) &^ 63
}

// Entries hand out a network from each of its cuts, those of its Source, to its end. A run that begins at a cut is handed the
// codes of what is alive there, and leaves those of later cuts behind on the way.
type Entries interface {
	// Entry is the network from a cut on. It can leave the codes of later cuts, without those that it takes.
	Entry(from int, later []int) (*Segment, error)
	Stored(cut int) []StoredTensor
}
