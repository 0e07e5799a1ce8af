package onnx

import (
	"example.org/demote/internal/aimet"
	"example.org/demote/internal/format"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/mctq"
	"example.org/demote/internal/network"
	"example.org/demote/internal/pair"
	"example.org/demote/internal/prepare"
	"example.org/demote/internal/promotion"
	"example.org/demote/internal/qdq"
	"example.org/demote/internal/quantize"
	"example.org/demote/quant"
)

type (
	// A Format is a kind of file of quantized networks.
	Format = format.Format
	// Model is an ONNX file in memory, with its external data.
	Model = ir.Model
	// Value describes an input or an output of a network.
	Value = ir.Value
	// State is what a step of a sequence hands to the next one.
	State = ir.State

	// Network is a float network that is ready to be quantized.
	Network = network.Network
	// Holder is a point of a network where one activation tensor is quantized: its activation quantizer.
	Holder = network.Holder
	// WeightInput is an input of a layer that is a weight.
	WeightInput = network.WeightInput
	// Options choose how a network is prepared.
	Options = network.Options
	// Unroll says how recurrent operators become single ones.
	Unroll = network.Unroll

	// Encodings are AIMET's grids for the tensors of a float network; Apply makes a network of both.
	Encodings = aimet.Encodings
	// PrecisionError is the mistake.Err of a network that computes in floating-point numbers of another type than
	// float32; Widen mends it.
	PrecisionError = prepare.PrecisionError
	// PairReport says what differs between the two files of a pair, beyond the grids.
	PairReport = pair.Report
)

// Read reads and checks an ONNX file with its external data. Errors that match mistake.Err say what is wrong with the
// file.
func Read(path string) (*Model, error) { return ir.Read(path) }

// CheckConstants refuses a network whose constants the runtime would compute to far more than the file holds: by an
// error that matches mistake.Err and names a node. The model stays as it is. What Prepare and the readers of
// quantized files make is checked already.
func CheckConstants(m *Model) error { return prepare.CheckConstants(m) }

// Widen has the model compute in float32 what it computes in another floating-point type.
func Widen(m *Model, from ir.DType) error { return prepare.Widen(m, from) }

// Prepare makes a network of a float model, which stays as it is, and finds its holders. Errors that match
// mistake.Err name an operator that cannot be converted, is quantized already, computes in float16 or draws lots, or
// say that there is nothing to quantize.
func Prepare(m *Model, o Options) (*Network, error) { return prepare.Network(m, o) }

// QuantizeWeights puts the weights of a prepared network on int8 grids, one scale a channel.
func QuantizeWeights(n *Network) error { return quantize.Weights(n) }

// ReadEncodings reads an encodings file of AIMET. Errors match mistake.Err and name the file, the tensor and the
// field.
func ReadEncodings(path string) (*Encodings, error) { return aimet.Read(path) }

// Pair makes one network of the two files of a pair, read with the grids of their holders: its records have the grids
// of both.
func Pair(low, high *Network, lowGrids, highGrids []quant.Grid) (*Network, []quant.Record, *PairReport, error) {
	return pair.Join(low, high, lowGrids, highGrids)
}

// QDQ returns the network as a file with QuantizeLinear and DequantizeLinear at every holder: with the low grid where
// low[i], else the high one. It panics if there is not one record and one bit a holder.
func QDQ(n *Network, records []quant.Record, low []bool) (*Model, error) {
	return qdq.Write(n, records, low)
}

// Formats are the kinds of files that quantized networks are read and written as: the one list that commands, help
// and checks go by.
func Formats() []Format {
	return []Format{qdq.Format, qdq.Microsoft, mctq.Format, promotion.Format, aimet.TensorOverrides, aimet.Format, aimet.Format061}
}

// FormatOf is the format of a file that is quantized already; false: it is of none that files are recognized by.
func FormatOf(m *Model) (Format, bool) {
	return format.Of([]Format{mctq.Format, qdq.Format}, m) // a file may have both, and is the toolkit's then
}

// ReadQuantized makes a network of a file that is quantized already, by its format: the grids of the Model
// Compression Toolkit's quantizers follow the formula, those of QDQ are of QDQ's. A file of no format is an error
// that explains how a 16-bit export loses its holders.
func ReadQuantized(m *Model, formula quant.Formula) (*Network, []quant.Grid, error) {
	f, ok := FormatOf(m)
	if !ok {
		f = qdq.Format
	}
	return f.Read(m, formula)
}
