package ir

import (
	"slices"
)

// traits say what an operator does with values, where more than one question about a network depends on it. An operator
// without an entry computes, and nothing is known of it.
type traits uint16

const (
	// Moving: every output value is one of the first operand's, or zero, and so lies on its grid. Some do so in certain
	// cases only, which Index.moves looks at.
	Moving     traits = 1 << iota
	Indexed           // moving, and the values of another operand say what is taken
	Zeroing           // moving, and puts zeros in between
	Lowering          // takes the least of several values, or its place
	Lifting           // takes the largest of several values, or its place
	Carrying          // its element type says nothing about what a network computes in
	Shaping           // reads only the dimensions of an operand, or makes values without any
	Random            // its values depend on chance
	Scoring           // attention scores pass it between their mask and Softmax, one by one
	Saturating        // makes 0, 1 or another end of values far from zero on either side
	Rectifying        // makes 0 or another end of values far below zero alone
	Averaging         // its sum depends on the layout in which ONNX Runtime computes
	keepsNaN          // its output is NaN wherever a NaN has a part in it
	view       = Moving | Carrying | keepsNaN
	comparing  = Moving // compares: a NaN may lose
)

// OperatorTraits is the one table of them, read for holders, pairs, masks, cuts and NaN.
var OperatorTraits = map[string]traits{
	"Abs": keepsNaN, "ArgMax": Lifting, "ArgMin": Lowering, "Add": Scoring | keepsNaN, "AveragePool": Averaging | keepsNaN,
	"BatchNormalization": keepsNaN, "Bernoulli": Random,
	"Cast": Moving | Carrying, "CastLike": Moving | Carrying, "CenterCropPad": view | Zeroing, "Clip": Scoring | keepsNaN, "Compress": view,
	"Concat": Carrying | keepsNaN | Scoring, "Constant": Carrying | keepsNaN, "ConstantOfShape": Shaping | keepsNaN, "Conv": keepsNaN,
	"ConvTranspose": keepsNaN, "CumSum": keepsNaN,
	"DepthToSpace": view, "Div": Scoring | keepsNaN, "Dropout": view,
	"Einsum": keepsNaN, "Elu": keepsNaN, "Erf": keepsNaN | Saturating, "Exp": keepsNaN | Rectifying, "Expand": view, "EyeLike": Shaping,
	"Flatten": view,
	"Gather":  view | Indexed, "GatherElements": view | Indexed, "GatherND": view | Indexed, "Gelu": keepsNaN, "Gemm": keepsNaN,
	"GlobalAveragePool": Averaging | keepsNaN, "GlobalMaxPool": comparing | Lifting, "GroupNormalization": keepsNaN,
	"HardSigmoid": keepsNaN | Saturating, "HardSwish": keepsNaN,
	"Identity": view, "InstanceNormalization": keepsNaN,
	"LayerNormalization": keepsNaN, "LeakyRelu": keepsNaN, "Log": Scoring | keepsNaN, "LogSoftmax": keepsNaN | Rectifying,
	"MatMul": keepsNaN, "Max": Scoring, "MaxPool": comparing | Lifting, "MaxUnpool": Moving | Zeroing, "Mean": keepsNaN, "Min": Scoring, "Mish": keepsNaN,
	"Mul": Scoring | keepsNaN, "Multinomial": Random,
	"Neg":          keepsNaN | Scoring,
	"Pad":          Moving | Carrying | keepsNaN | Zeroing,
	"RandomNormal": Random, "RandomNormalLike": Random, "RandomUniform": Random, "RandomUniformLike": Random, "Reciprocal": keepsNaN,
	"ReduceL2": keepsNaN, "ReduceMax": comparing | Lifting, "ReduceMean": keepsNaN, "ReduceMin": comparing | Lowering, "ReduceSum": keepsNaN,
	"ReduceSumSquare": keepsNaN, "Relu": keepsNaN | Rectifying, "Reshape": view, "Resize": Moving | keepsNaN, "ReverseSequence": view,
	"Shape": Shaping | keepsNaN, "Sigmoid": keepsNaN | Saturating, "Size": Shaping, "Slice": view, "Softmax": keepsNaN | Rectifying, "Softplus": keepsNaN | Rectifying,
	"Softsign": keepsNaN, "SpaceToDepth": view, "Split": view, "Sqrt": keepsNaN, "Squeeze": view, "Sub": Scoring | keepsNaN, "Sum": keepsNaN | Scoring,
	"Tanh": keepsNaN | Saturating, "Tile": view, "TopK": comparing | Lifting, "Transpose": view, "Trilu": Moving | Carrying | Zeroing,
	"Unique": comparing, "Unsqueeze": view,
	"Where": Scoring,
}

// Is reports whether a node of a standard operator has a trait.
func Is(n Node, t traits) bool { return Standard(n) && OperatorTraits[n.GetOpType()]&t != 0 }

// Moves reports whether a node only moves values of its first operand, or zeros: its output is on that operand's grid.
func (x *Index) Moves(n Node) bool {
	if !Is(n, Moving) {
		return false
	}
	switch n.GetOpType() {
	case "Pad":
		return x.PadsNothingNew(n)
	case "Resize":
		return AttrString(n, "mode", "nearest") == "nearest" &&
			AttrString(n, "coordinate_transformation_mode", "half_pixel") != "tf_crop_and_resize"
	case "Cast", "CastLike":
		return x.Type(Input(n, 0)) == x.Type(Output(n, 0))
	case "Dropout":
		training := x.Constant(Input(n, 2))
		return Input(n, 2) == "" || training != nil && IsZero(training)
	}
	return true
}

// PadsNothingNew reports whether a Pad fills with zero or with values of its operand.
func (x *Index) PadsNothingNew(n Node) bool {
	if AttrString(n, "mode", "constant") != "constant" || Input(n, 2) == "" {
		return true
	}
	value := x.Constant(Input(n, 2))
	return value != nil && IsZero(value)
}

// MayHideNaN reports whether some operator may make a number of a NaN: a comparison, a choice, a maximum over an axis, a
// cast to integers, or one that nothing is known of.
func (m *Model) MayHideNaN() bool {
	for _, n := range m.Graph().GetNode() {
		if !Is(n, keepsNaN) {
			return true
		}
	}
	return false
}

// dropping are operators that may leave values of their first operand out, a NaN among them, though they keep the others'.
var dropping = map[string]bool{"CenterCropPad": true, "Compress": true, "Pad": true, "Resize": true, "Slice": true, "Split": true}

// HidingReads are the tensors that are read where a NaN may become a number or be left out, once each in graph order: a NaN in any
// tensor that an output depends on is in an output or in one of these.
func (m *Model) HidingReads() (tensors []string) {
	seen := map[string]bool{}
	for _, n := range m.Graph().GetNode() {
		if Is(n, keepsNaN) && !Is(n, Indexed) && !dropping[n.GetOpType()] {
			continue
		}
		for _, t := range Reads(n) {
			if !seen[t] {
				seen[t] = true
				tensors = append(tensors, t)
			}
		}
	}
	return tensors
}

// MaskLimit is the value at and below which an added number switches an attention score off: exp(-1e4) is 0 in float32.
const MaskLimit = -1e4

// IsAffine reports whether a node may add a constant to a tensor or multiply it with one.
func IsAffine(n Node) bool {
	return Standard(n) && slices.Contains([]string{"Add", "Sub", "Mul", "Div"}, n.GetOpType())
}

// IsBatchNorm reports whether a node is a BatchNormalization.
func IsBatchNorm(n Node) bool { return n.GetOpType() == "BatchNormalization" && Standard(n) }
