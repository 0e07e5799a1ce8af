package onnx

import (
	"encoding/binary"
	"math"
)

// call is one node that is being folded: its operands in the order of its inputs, nil where one is absent or unknown.
type call struct {
	node   node
	folder *folder
	args   []tensor
}

// foldRule computes the results of a node. No results and no error: the node stays as it is.
type foldRule struct {
	eval  func(*call) ([]tensor, error)
	least int  // operands that must be there
	shape bool // asks for the dimensions of its operand, which need not be constant
}

// foldRules is filled by init, since rules look at nodes whose operators are looked up here.
var foldRules map[string]foldRule

func init() {
	foldRules = map[string]foldRule{
		"Constant": {eval: foldConstant}, "Identity": {eval: foldIdentity, least: 1}, "Cast": {eval: foldCast, least: 1},
		"Shape": {eval: foldShape, least: 1, shape: true}, "Size": {eval: foldSize, least: 1, shape: true},
		"ConstantOfShape": {eval: foldConstantOfShape, least: 1}, "Range": {eval: foldRange, least: 3},
		"NonZero": {eval: foldNonZero, least: 1},
		"Reshape": {eval: foldReshape, least: 2}, "Flatten": {eval: foldFlatten, least: 1},
		"Squeeze": {eval: foldSqueeze, least: 1}, "Unsqueeze": {eval: foldUnsqueeze, least: 2},
		"Transpose": {eval: foldTranspose, least: 1}, "Slice": {eval: foldSlice, least: 3},
		"Expand": {eval: foldExpand, least: 2}, "Tile": {eval: foldTile, least: 2},
		"Gather": {eval: foldGather, least: 2}, "Concat": {eval: foldConcat, least: 1}, "Split": {eval: foldSplit, least: 1},
		"Where": {eval: foldWhere, least: 3},
	}
	for op := range binaryOps {
		foldRules[op] = foldRule{eval: foldBinary, least: 2}
	}
	for op := range unaryOps {
		foldRules[op] = foldRule{eval: foldUnary, least: 1}
	}
	for op := range reduceOps {
		foldRules[op] = foldRule{eval: foldReduce, least: 1}
	}
}

// arg returns operand i, or nil.
func (c *call) arg(i int) tensor {
	if i < len(c.args) {
		return c.args[i]
	}
	return nil
}

// ints returns the integers of operand i; nil where it is absent.
func (c *call) ints(i int) ([]int64, error) {
	if c.arg(i) == nil {
		return nil, nil
	}
	return Ints(c.args[i])
}

// fits reports whether a result of that type and those dimensions may be made: by the bounds of one node and by what is left
// for all of them.
func (c *call) fits(t DType, dims []int64) (bool, error) {
	size, err := byteSize(t, dims)
	if err != nil {
		return false, err
	}
	operands := int64(0)
	for _, a := range c.args {
		if a != nil {
			n, err := byteSize(DType(a.GetDataType()), a.GetDims())
			if err != nil {
				return false, nil // strings
			}
			operands += n
		}
	}
	if size > max(foldFree, foldGrowth*operands) {
		return false, nil
	}
	if size > c.folder.budget.made {
		c.folder.budget.over = true
		return false, nil
	}
	return true, nil
}

// axis maps a negative axis to its place; the error is for one outside rank dimensions.
func axisOf(axis int64, rank int) (int, error) {
	if axis < -int64(rank) || axis >= int64(rank) {
		return 0, badf("axis %d of %d dimensions", axis, rank)
	}
	if axis < 0 {
		axis += int64(rank)
	}
	return int(axis), nil
}

// rawBytes returns the little-endian elements of a tensor, and the size of one; 0 for types that are not whole bytes.
// The bytes belong to the tensor.
func rawBytes(t tensor) ([]byte, int, error) {
	typ := DType(t.GetDataType())
	bits := elemBits(typ)
	if bits < 8 || bits > 64 {
		return nil, 0, nil
	}
	if err := checkTensor(t); err != nil {
		return nil, 0, err
	}
	size := int(bits / 8)
	if t.GetRawData() != nil {
		return t.GetRawData(), size, nil
	}
	n := int(mustCount(t))
	out := make([]byte, 0, n*size)
	switch typ {
	case Float:
		for _, v := range t.FloatData {
			out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
		}
	case Double:
		for _, v := range t.DoubleData {
			out = binary.LittleEndian.AppendUint64(out, math.Float64bits(v))
		}
	case Float16, BFloat16:
		for i := range n {
			out = binary.LittleEndian.AppendUint16(out, bits16(t, i))
		}
	default:
		values, err := Ints(t)
		if err != nil {
			return nil, 0, nil // 8-bit floats, complex numbers
		}
		out = NewInts("", typ, t.GetDims(), values).RawData
	}
	return out, size, nil
}

// one wraps a single result.
func one(t tensor) ([]tensor, error) { return []tensor{t}, nil }
