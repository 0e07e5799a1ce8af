package device

import "example.org/demote/cgo"

// A Model is a network as an ONNX file in memory, its large weights beside it. They are shared by all who have the
// model, and read only until the last session of it is closed.
type Model = cgo.Model

// A Weight is one of the large weights that lie beside a Model, by the name of its initializer.
type Weight = cgo.Weight

// A Segment is a piece of the network between two cuts, or all that lies behind one. Shapes of all its tensors are
// fixed, to one block.
type Segment struct {
	Model   Model
	Inputs  []Tensor // tensors of earlier segments or of the network, without the mask
	Outputs []Tensor // tensors that later segments or the metric read
	Taken   []Tensor // of an entry: codes of its cut, or values, which it takes as inputs
	Left    []Tensor // of an entry: codes of later cuts, or values, which it has as outputs; codes where it is told to
	Mask    string   // name of the mask input, uint8 with a byte a holder; empty if no holder is inside
	Holders []int    // the holders inside
	Empty   bool     // it has no nodes, and ONNX Runtime makes no session of that: its outputs are inputs
	Optimal bool     // the runtime has optimized it already, and is to leave it as it is

	Kept KeptOutput // where samples have several steps: whose values of all of them are kept

	Followed []Followed // constants inside with two values; Model has the high ones
	// Model with the low values where the holder is demoted; nil without Followed
	Choose func(low func(holder int) bool) (Model, error)
	// Model with the constants of Followed as inputs of their names; nil without Followed
	Open func() (Model, error)
}

// A Followed is a float32 constant of a segment with two values, between which the bit of a holder chooses: a
// weight of a pair whose files differ in it. The holder need not be inside.
type Followed struct {
	Name   string // of the initializer
	Holder int
	Dims   []int64
	Reads  int                               // how often nodes of the segment read it; 0: not counted, for parts
	Value  func(low bool) ([]float32, error) // of either file; new memory
}

// Reads is how often nodes of the segment read one of Followed; 0: it is none of them.
func (s *Segment) Reads(constant string) int {
	for _, f := range s.Followed {
		if f.Name == constant {
			return f.Reads
		}
	}
	return 0
}
