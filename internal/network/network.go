package network

import (
	"maps"
	"slices"

	"example.org/demote/internal/ir"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/quant"
)

// Holder is an activation quantizer: a place of the network where one activation tensor is quantized.
type Holder struct {
	Name      string   // the tensor, or the toolkit's holder name in a file that has its own
	Tensor    string   // the tensor that it quantizes
	Index     int      // its place in the mask: topological order
	Producer  string   // name of the node that makes the tensor, "" for a graph input
	Op        string   // operator of the producer, "" for a graph input
	Consumers []string // names of the nodes that read the tensor, in graph order
	Fixed     bool     // the 8-bit file of a pair lacks it: it is never demoted

	Weights *HeldWeights // nil: it is an activation quantizer
}

// HeldWeights are what makes a holder one of weights, see quantize.HoldWeights. Nothing of it is in the graph: its bit
// chooses between two constants, which are Followed. Its Tensor is the weight as the network was given, its Consumers
// are the layers.
type HeldWeights struct {
	Ops       []string // of the layers, by Consumers
	Places    []WeightInput
	Dims      []int64
	Low, High quant.Width
}

// Omitted is a tensor without a holder, and why.
type Omitted struct {
	Tensor   string
	Producer string // name of the node that makes it
	Op       string // its operator
	Reason   string // one clause, for the user: "moves values of x", "inside Conv + Relu"
}

// Weight is a weight tensor on its grid, which has 8 bits unless Width says 4 or 16: value = float32(code) * the scale
// of its channel. Codes of 16 bits are Wide, all others Codes.
type Weight struct {
	Tensor string // the initializer of Network.Model that holds the values
	Dims   []int64
	Axis   int // the axis of the channels; -1: one scale for the whole tensor
	Width  quant.Width
	Codes  []int8
	Wide   []int16
	Scales []float32
}

// Bits is the width of the codes.
func (w *Weight) Bits() int {
	if w.Width == 0 {
		return quant.W8.Bits()
	}
	return w.Width.Bits()
}

// A WeightInput is an input of a layer that is a weight. No repair of a network gives it another name, as it may give
// the weight.
type WeightInput struct {
	Output string // the layer's first one
	Input  int
}

// Options choose how a network is prepared.
type Options struct {
	OutputHolder bool    // the network's float outputs are holders too
	Unroll       *Unroll // recurrent operators are opened; nil: they stay
}

// Network is a float network that is ready to be quantized: at operator set 21, with folded constants and
// BatchNormalization, and with its holders.
type Network struct {
	Model   *ir.Model
	Holders []Holder // by index
	Omitted []Omitted
	Weights map[string]*Weight // by initializer, filled by quantize.Weights
	Opset   int64              // the operator set of the file that it was made from

	// how wide quantize.Weights makes the weights of layers; all others have 8 bits
	WeightWidths map[WeightInput]quant.Width

	Biases   map[string]*Bias // by initializer, filled by quantize.Biases
	Followed []Followed       // constants of two values, between which holders choose; see Follow and quantize.Biases

	Widened []ir.DType // the types that the file computes in, and the network no longer; see prepare.Widen

	Unrolled  []Unrolled // what Options.Unroll has opened
	Tied      []Tied     // tensors of it that go together
	FixedAxes []ir.Value // inputs of which it has fixed axes, since the length of a sequence depends on them
}

// A Tied is a list of tensors whose holders must have one bit-width and one grid: one part of a recurrent operator at
// all its steps. Hardware has one scale for a state, whatever the step.
type Tied struct {
	Name    string // of the part: what the tensors' names begin with, but for the hidden states of two directions
	Tensors []string
}

// Unroll are the settings with which recurrent operators are unrolled: every LSTM, GRU and RNN of the main graph is
// replaced by the single operators of its definition, step by step. So its products, gates and states have holders.
type Unroll struct {
	// Measure says what dimensions the tensors of a model have, its inputs among them: -1 where a size grows with the
	// samples, or, where alone is asked for, those of one sample. It is asked where the file does not say how long a
	// sequence is. nil: there are no samples.
	Measure func(m *ir.Model, alone bool) (map[string][]int64, error)
}

// An Unrolled is a recurrent operator that was unrolled.
type Unrolled struct {
	Node  string // its name, which the names of what it became begin with
	Op    string // LSTM, GRU or RNN
	Steps int    // of its sequence
	Nodes int    // that it became
}

// Bias is a bias on the int32 grid of integer convolutions, whose scale is that of the layer's input times that of
// the channel's weights: value = float32(Codes[i]) * Scales[i], or Scales[0] where there is one.
type Bias struct {
	Tensor string // the initializer of Network.Model that holds the values
	Codes  []int32
	Scales []float32
}

// Followed is a constant with two values, between which the bit of a holder chooses: one that differs between the two
// files of a pair, a bias on the int32 grid that belongs to the grid of its layer's input, or weights with a holder of
// their own. Both values are floats of the same dimensions.
type Followed struct {
	Name      string              // the initializer of Network.Model, which holds High
	Holder    int                 // demoted: Low is the value
	Low, High *onnxpb.TensorProto // of the 8-bit and the 16-bit file or grid, both under that name

	Weight *Weight // of Low, nil where it is on no grid of weights
	Bias   *Bias   // of Low, nil where it is on no int32 grid
}

// Clone copies the network as ir.Model.Clone copies its model: what is changed in the copy leaves n as it is.
func (n *Network) Clone() *Network {
	c := *n
	c.Model, c.Holders, c.Omitted = n.Model.Clone(), slices.Clone(n.Holders), slices.Clone(n.Omitted)
	c.Weights, c.Biases, c.Followed = maps.Clone(n.Weights), maps.Clone(n.Biases), slices.Clone(n.Followed)
	return &c
}

// Activations are the holders that are activation quantizers; holders of weights come behind all of them.
func (n *Network) Activations() []Holder {
	for i, h := range n.Holders {
		if h.Weights != nil {
			return n.Holders[:i:i]
		}
	}
	return n.Holders
}

// HeldAt returns the holder of the weights that a layer reads at an input; -1: they have none.
func (n *Network) HeldAt(place WeightInput) int {
	for _, h := range n.Holders[len(n.Activations()):] {
		if slices.Contains(h.Weights.Places, place) {
			return h.Index
		}
	}
	return -1
}

// ByTensor returns the indices of the activation holders by their tensors.
func (n *Network) ByTensor() map[string]int {
	holders := make(map[string]int, len(n.Holders))
	for i, h := range n.Activations() {
		holders[h.Tensor] = i
	}
	return holders
}

const MaxBits = 16 // of a grid

// Value returns the numbers of the constant in the 8-bit or the 16-bit file.
func (f Followed) Value(low bool) ([]float32, error) {
	if low {
		return ir.Floats(f.Low)
	}
	return ir.Floats(f.High)
}
