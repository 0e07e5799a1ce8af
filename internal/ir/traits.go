package ir

import (
	"slices"
)

// traits are properties of an operator that several passes need: how it treats values, zeros, NaN and chance. They hold
// for all attributes, unless a method of Index looks at these too. An operator without an entry has none: it computes,
// and may hide a NaN.
type traits uint16

const (
	// Moving: every output value is a value of the first operand, or zero, so it lies on that operand's grid. For
	// some operators this depends on the node, see Index.Moves.
	Moving     traits = 1 << iota
	Indexed           // moving, and another operand has the indices of the values
	Zeroing           // moving, and inserts zeros
	Lowering          // returns the minimum of several values, or its index
	Lifting           // returns the maximum of several values, or its index
	Carrying          // accepts all element types, so its type is not the type in which a network computes
	Shaping           // reads only the shape of an operand, or has no operand
	Random            // its values are random
	Scoring           // element-wise, and may lie between the mask of attention scores and their Softmax
	Saturating        // maps values far above and far below zero to constants, such as 0 and 1
	Rectifying        // maps values far below zero to a constant, such as 0
	Averaging         // its sum depends on the memory layout in which ONNX Runtime computes
	keepsNaN          // an output that depends on a NaN is NaN
	view       = Moving | Carrying | keepsNaN
	comparing  = Moving // compares: a NaN may lose
)

// operatorTraits has the traits of the standard operators, by operator type. All passes read this table: activation
// quantizers, pairs, attention masks, cuts and NaN.
var operatorTraits = map[string]traits{
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

// Is reports whether a node has a standard operator with one of the traits t. Operators of other domains have none,
// even if they have the name of a standard one.
func Is(n Node, t traits) bool { return Standard(n) && operatorTraits[n.GetOpType()]&t != 0 }

// Moves reports whether a node only moves values of its first operand and zeros. Then its output lies on the grid of
// that operand and needs no quantizer of its own. Beyond the trait Moving it looks at the node: a Pad must insert
// zeros or values, a Resize must take the nearest value, a cast must keep the type, and a Dropout must not be in
// training.
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

// PadsNothingNew reports whether a Pad node inserts only zeros or values of its operand.
func (x *Index) PadsNothingNew(n Node) bool {
	if AttrString(n, "mode", "constant") != "constant" || Input(n, 2) == "" {
		return true
	}
	value := x.Constant(Input(n, 2))
	return value != nil && IsZero(value)
}

// MayHideNaN reports whether some operator of the main graph may turn a NaN into a number: a comparison, Where, a
// maximum over an axis, a cast to integers, or an operator without an entry in operatorTraits. If it is false, a NaN
// that an output depends on shows in that output.
func (m *Model) MayHideNaN() bool {
	for _, n := range m.Graph().GetNode() {
		if !Is(n, keepsNaN) {
			return true
		}
	}
	return false
}

// dropping has the operators that may leave out values of their first operand, a NaN among them.
var dropping = map[string]bool{"CenterCropPad": true, "Compress": true, "Pad": true, "Resize": true, "Slice": true, "Split": true}

// HidingReads returns the tensors that are read by operators which may turn a NaN into a number or leave it out, each
// once and in graph order. If any tensor that an output depends on has a NaN, then an output or one of these has one.
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

// MaskLimit bounds attention masks: adding a number of at most MaskLimit removes an attention score, since the Softmax
// behind it subtracts the largest score of its row, and exp(-1e4) is 0 in float32, as exp(x) is from x = -104 down.
const MaskLimit = -1e4

// IsAffine reports whether a node is an Add, Sub, Mul or Div.
func IsAffine(n Node) bool {
	return Standard(n) && slices.Contains([]string{"Add", "Sub", "Mul", "Div"}, n.GetOpType())
}

// IsBatchNorm reports whether a node is a BatchNormalization.
func IsBatchNorm(n Node) bool { return n.GetOpType() == "BatchNormalization" && Standard(n) }
