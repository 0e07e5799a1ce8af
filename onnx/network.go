package onnx

// Holder is a point of the network where one activation tensor is quantized.
type Holder struct {
	Name      string   // the tensor, or the toolkit's holder name in a file that has its own
	Tensor    string   // the tensor that it quantizes
	Index     int      // its place in the mask: topological order
	Producer  string   // name of the node that makes the tensor, "" for a graph input
	Op        string   // operator of the producer, "" for a graph input
	Consumers []string // names of the nodes that read the tensor, in graph order
	Fixed     bool     // the 8-bit file of a pair lacks it: it is never demoted
}

// Omitted is a tensor without a holder, and why.
type Omitted struct {
	Tensor   string
	Producer string // name of the node that makes it
	Op       string // its operator
	Reason   string // one clause, for a person: "moves values of x", "inside Conv + Relu"
}

// Weight is a weight tensor on its int8 grid: value = float32(Codes[i]) * the scale of its channel.
type Weight struct {
	Tensor string // the initializer of Network.Model that holds the values
	Dims   []int64
	Axis   int // the axis of the channels; -1: one scale for the whole tensor
	Codes  []int8
	Scales []float32
}

// Options choose how a network is prepared.
type Options struct {
	OutputHolder bool    // the network's float outputs are holders too
	Unroll       *Unroll // recurrent operators are opened; nil: they stay
}

// Network is a float network that is ready to be quantized: at operator set 21, constants and BatchNormalization folded,
// holders known.
type Network struct {
	Model   *Model
	Holders []Holder // by index
	Omitted []Omitted
	Weights map[string]*Weight // by initializer, filled by QuantizeWeights
	Opset   int64              // the operator set of the file that it was made from

	Biases   map[string]*Bias // by initializer, filled by QuantizeBiases
	Followed []Followed       // constants of two values, between which holders choose; see Follow and QuantizeBiases

	Widened []DType // the types that the file computes in, and the network no longer; see Model.Widen

	Unrolled  []Unrolled // what Options.Unroll has opened
	Tied      []Tied     // tensors of it that go together
	FixedAxes []Value    // inputs of which it has fixed axes, since the length of a sequence hangs on them
}
