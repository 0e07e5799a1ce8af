package fold

import "example.org/demote/internal/ir"

// Call is a node during folding, with its operands in the order of its inputs: nil if one is absent or unknown.
type Call struct {
	Node   ir.Node
	Folder *Folder
	Args   []ir.Tensor
}

// rule computes the results of a node. No results and no error: the node stays as it is.
type rule struct {
	Eval  func(*Call) ([]ir.Tensor, error)
	Least int  // operands that must be there
	Shape bool // asks for the dimensions of its operand, which need not be constant
}

// Rules is filled by init, since rules look at nodes whose operators are looked up here.
var Rules map[string]rule

func init() {
	Rules = map[string]rule{
		"Constant": {Eval: foldConstant}, "Identity": {Eval: foldIdentity, Least: 1}, "Cast": {Eval: foldCast, Least: 1},
		"Shape": {Eval: foldShape, Least: 1, Shape: true}, "Size": {Eval: foldSize, Least: 1, Shape: true},
		"ConstantOfShape": {Eval: foldConstantOfShape, Least: 1}, "Range": {Eval: foldRange, Least: 3},
		"NonZero": {Eval: foldNonZero, Least: 1},
		"Reshape": {Eval: foldReshape, Least: 2}, "Flatten": {Eval: foldFlatten, Least: 1},
		"Squeeze": {Eval: foldSqueeze, Least: 1}, "Unsqueeze": {Eval: foldUnsqueeze, Least: 2},
		"Transpose": {Eval: foldTranspose, Least: 1}, "Slice": {Eval: foldSlice, Least: 3},
		"Expand": {Eval: foldExpand, Least: 2}, "Tile": {Eval: foldTile, Least: 2},
		"Gather": {Eval: foldGather, Least: 2}, "Concat": {Eval: foldConcat, Least: 1}, "Split": {Eval: foldSplit, Least: 1},
		"Where": {Eval: foldWhere, Least: 3},
	}
	for op := range binaryOps {
		Rules[op] = rule{Eval: foldBinary, Least: 2}
	}
	for op := range unaryOps {
		Rules[op] = rule{Eval: foldUnary, Least: 1}
	}
	for op := range reduceOps {
		Rules[op] = rule{Eval: foldReduce, Least: 1}
	}
}

// arg returns operand i, or nil.
func (c *Call) arg(i int) ir.Tensor {
	if i < len(c.Args) {
		return c.Args[i]
	}
	return nil
}

// ints returns the integers of operand i; nil where it is absent.
func (c *Call) ints(i int) ([]int64, error) {
	if c.arg(i) == nil {
		return nil, nil
	}
	return ir.Ints(c.Args[i])
}

// fits reports whether a result of that type and those dimensions may be made: by the bounds of one node and by what
// is left for all of them.
func (c *Call) fits(t ir.DType, dims []int64) (bool, error) {
	size, err := ir.ByteSize(t, dims)
	if err != nil {
		return false, err
	}
	operands := int64(0)
	for _, a := range c.Args {
		if a != nil {
			n, err := ir.ByteSize(ir.DType(a.GetDataType()), a.GetDims())
			if err != nil {
				return false, nil // strings
			}
			operands += n
		}
	}
	if size > max(foldFree, foldGrowth*operands) {
		return false, nil
	}
	if size > c.Folder.Budget.Made {
		c.Folder.Budget.over = true
		return false, nil
	}
	return true, nil
}

// one wraps a single result.
func one(t ir.Tensor) ([]ir.Tensor, error) { return []ir.Tensor{t}, nil }
