package onnx

// traits say what an operator does with values, where more than one question about a network depends on it. An operator
// without an entry computes, and nothing is known of it.
type traits uint16

const (
	// moving: every output value is one of the first operand's, or zero, and so lies on its grid. Some do so in certain
	// cases only, which Index.moves looks at.
	moving     traits = 1 << iota
	indexed           // moving, and the values of another operand say what is taken
	zeroing           // moving, and puts zeros in between
	lowering          // takes the least of several values, or its place
	lifting           // takes the largest of several values, or its place
	carrying          // its element type says nothing about what a network computes in
	shaping           // reads only the dimensions of an operand, or makes values without any
	random            // its values depend on chance
	scoring           // attention scores pass it between their mask and Softmax, one by one
	saturating        // makes 0, 1 or another end of values far from zero on either side
	rectifying        // makes 0 or another end of values far below zero alone
	averaging         // its sum depends on the layout in which ONNX Runtime computes
	keepsNaN          // its output is NaN wherever a NaN has a part in it
	view       = moving | carrying | keepsNaN
	comparing  = moving // compares: a NaN may lose
)

// operatorTraits is the one table of them, read for holders, pairs, masks, cuts and NaN.
var operatorTraits = map[string]traits{
	"Abs": keepsNaN, "ArgMax": lifting, "ArgMin": lowering, "Add": scoring | keepsNaN, "AveragePool": averaging | keepsNaN,
	"BatchNormalization": keepsNaN, "Bernoulli": random,
	"Cast": moving | carrying, "CastLike": moving | carrying, "CenterCropPad": view | zeroing, "Clip": scoring | keepsNaN, "Compress": view,
	"Concat": carrying | keepsNaN | scoring, "Constant": carrying | keepsNaN, "ConstantOfShape": shaping | keepsNaN, "Conv": keepsNaN,
	"ConvTranspose": keepsNaN, "CumSum": keepsNaN,
	"DepthToSpace": view, "Div": scoring | keepsNaN, "Dropout": view,
	"Einsum": keepsNaN, "Elu": keepsNaN, "Erf": keepsNaN | saturating, "Exp": keepsNaN | rectifying, "Expand": view, "EyeLike": shaping,
	"Flatten": view,
	"Gather":  view | indexed, "GatherElements": view | indexed, "GatherND": view | indexed, "Gelu": keepsNaN, "Gemm": keepsNaN,
	"GlobalAveragePool": averaging | keepsNaN, "GlobalMaxPool": comparing | lifting, "GroupNormalization": keepsNaN,
	"HardSigmoid": keepsNaN | saturating, "HardSwish": keepsNaN,
	"Identity": view, "InstanceNormalization": keepsNaN,
	"LayerNormalization": keepsNaN, "LeakyRelu": keepsNaN, "Log": scoring | keepsNaN, "LogSoftmax": keepsNaN | rectifying,
	"MatMul": keepsNaN, "Max": scoring, "MaxPool": comparing | lifting, "MaxUnpool": moving | zeroing, "Mean": keepsNaN, "Min": scoring, "Mish": keepsNaN,
	"Mul": scoring | keepsNaN, "Multinomial": random,
	"Neg":          keepsNaN | scoring,
	"Pad":          moving | carrying | keepsNaN | zeroing,
	"RandomNormal": random, "RandomNormalLike": random, "RandomUniform": random, "RandomUniformLike": random, "Reciprocal": keepsNaN,
	"ReduceL2": keepsNaN, "ReduceMax": comparing | lifting, "ReduceMean": keepsNaN, "ReduceMin": comparing | lowering, "ReduceSum": keepsNaN,
	"ReduceSumSquare": keepsNaN, "Relu": keepsNaN | rectifying, "Reshape": view, "Resize": moving | keepsNaN, "ReverseSequence": view,
	"Shape": shaping | keepsNaN, "Sigmoid": keepsNaN | saturating, "Size": shaping, "Slice": view, "Softmax": keepsNaN | rectifying, "Softplus": keepsNaN | rectifying,
	"Softsign": keepsNaN, "SpaceToDepth": view, "Split": view, "Sqrt": keepsNaN, "Squeeze": view, "Sub": scoring | keepsNaN, "Sum": keepsNaN | scoring,
	"Tanh": keepsNaN | saturating, "Tile": view, "TopK": comparing | lifting, "Transpose": view, "Trilu": moving | carrying | zeroing,
	"Unique": comparing, "Unsqueeze": view,
	"Where": scoring,
}

// is reports whether a node of a standard operator has a trait.
func is(n node, t traits) bool { return standard(n) && operatorTraits[n.GetOpType()]&t != 0 }

// moves reports whether a node only moves values of its first operand, or zeros: its output is on that operand's grid.
func (x *Index) moves(n node) bool {
	if !is(n, moving) {
		return false
	}
	switch n.GetOpType() {
	case "Pad":
		return x.padsNothingNew(n)
	case "Resize":
		return attrString(n, "mode", "nearest") == "nearest" &&
			attrString(n, "coordinate_transformation_mode", "half_pixel") != "tf_crop_and_resize"
	case "Cast", "CastLike":
		return x.Type(input(n, 0)) == x.Type(output(n, 0))
	case "Dropout":
		training := x.Constant(input(n, 2))
		return input(n, 2) == "" || training != nil && isZero(training)
	}
	return true
}

// padsNothingNew reports whether a Pad fills with zero or with values of its operand.
func (x *Index) padsNothingNew(n node) bool {
	if attrString(n, "mode", "constant") != "constant" || input(n, 2) == "" {
		return true
	}
	value := x.Constant(input(n, 2))
	return value != nil && isZero(value)
}

// MayHideNaN reports whether some operator may make a number of a NaN: a comparison, a choice, a maximum over an axis, a
// cast to integers, or one that nothing is known of.
func (m *Model) MayHideNaN() bool {
	for _, n := range m.Graph().GetNode() {
		if !is(n, keepsNaN) {
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
		if is(n, keepsNaN) && !is(n, indexed) && !dropping[n.GetOpType()] {
			continue
		}
		for _, t := range reads(n) {
			if !seen[t] {
				seen[t] = true
				tensors = append(tensors, t)
			}
		}
	}
	return tensors
}
