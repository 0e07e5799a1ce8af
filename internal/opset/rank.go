package opset

import (
	"slices"
	"strings"

	"example.org/demote/internal/ir"
)

// rank is the number of axes of a tensor; -1 if it is not known. It is asked for when the nodes in front of it are
// converted.
func (c *converter) rank(name string) int { return c.rankOf(name, rankDepth) }

func (c *converter) rankOf(name string, depth int) int {
	if t := c.constants[name]; t != nil {
		return len(t.GetDims())
	}
	for _, r := range c.ranks {
		if rank, ok := r.Known[name]; ok {
			return rank
		}
		n := r.Makes[name]
		if n == nil {
			continue
		}
		if depth == 0 || !ir.Standard(n) && n.GetDomain() != ir.ContribDomain {
			return -1
		}
		rank := c.rankAfter(n, slices.Index(n.GetOutput(), name), depth-1)
		if rank >= 0 {
			r.Known[name] = rank
		}
		return max(rank, -1)
	}
	return -1
}

// Operators whose outputs have the axes of their first operand, those of the operand that has most of them, and a
// fixed number.
var (
	rankOfFirst = words(`AveragePool MaxPool GlobalAveragePool GlobalMaxPool GlobalLpPool LpPool MaxUnpool InstanceNormalization
		LayerNormalization SkipLayerNormalization GroupNormalization MeanVarianceNormalization LpNormalization LRN
		Relu LeakyRelu PRelu ThresholdedRelu Elu Selu Celu Sigmoid HardSigmoid HardSwish Tanh Softplus Softsign Mish Gelu FastGelu
		BiasGelu QuickGelu Shrink Clip Exp Log Sqrt Abs Neg Reciprocal Erf Floor Ceil Round Sign Sin Cos Tan Asin Acos Atan Sinh Cosh
		Asinh Acosh Atanh Not IsNaN IsInf Dropout Identity Cast Softmax LogSoftmax Hardmax Concat Split Slice Pad Tile Resize Upsample
		DepthToSpace SpaceToDepth CumSum TopK GatherElements Scatter ScatterElements ScatterND ReverseSequence Trilu EyeLike
		QuantizeLinear DequantizeLinear`)
	rankOfLargest = words(`Add Sub Mul Div Pow Mod Max Min Sum Mean Where Equal Less Greater LessOrEqual GreaterOrEqual And Or Xor
		BitShift`)
	fixedRanks = map[string]int{"Gemm": 2, "Flatten": 2, "NonZero": 2, "Shape": 1, "Range": 1, "Size": 0, "RoiAlign": 4, "MaxRoiPool": 4}
)

func words(text string) map[string]bool {
	set := make(map[string]bool)
	for _, w := range strings.Fields(text) {
		set[w] = true
	}
	return set
}

// rankAfter is the rank of output i of a node, negative if it is not known.
func (c *converter) rankAfter(n ir.Node, i, depth int) int {
	of := func(i int) int { return c.rankOf(ir.Input(n, i), depth) }
	op := n.GetOpType()
	if rank, ok := fixedRanks[op]; ok {
		return rank
	}
	switch {
	case rankOfFirst[op]:
		return of(0)
	case rankOfLargest[op]:
		rank := 0
		for i := range n.GetInput() {
			one := of(i)
			if one < 0 {
				return -1
			}
			rank = max(rank, one)
		}
		return rank
	case strings.HasPrefix(op, "Reduce") || op == "ArgMax" || op == "ArgMin":
		return c.rankReduced(n, depth)
	}
	switch op {
	case "BatchNormalization":
		if i == 0 {
			return of(0)
		}
	case "Conv", "ConvTranspose":
		return of(1)
	case "MatMul":
		return rankOfProduct(of)
	case "Transpose":
		if a := ir.Attr(n, "perm"); a != nil {
			return len(a.GetInts())
		}
		return of(0)
	case "Reshape":
		return c.length(ir.Input(n, 1), depth)
	case "ConstantOfShape":
		return c.length(ir.Input(n, 0), depth)
	case "Expand":
		if shape := c.length(ir.Input(n, 1), depth); shape >= 0 {
			if x := of(0); x >= 0 {
				return max(x, shape)
			}
		}
	case "Unsqueeze", "Squeeze":
		axes, ok := c.axesOf(n)
		if x := of(0); ok && x >= 0 && op == "Unsqueeze" {
			return x + len(axes)
		} else if ok && len(axes) > 0 {
			return x - len(axes)
		}
	case "Gather":
		if x := of(0); x >= 1 {
			if at := of(1); at >= 0 {
				return x - 1 + at
			}
		}
	case "OneHot":
		if x := of(0); x >= 0 {
			return x + 1
		}
	case "LSTM", "GRU", "RNN":
		return 4 - min(i, 1)
	case "Einsum":
		if _, out, ok := strings.Cut(ir.AttrString(n, "equation", ""), "->"); ok && !strings.Contains(out, ".") {
			return len(strings.ReplaceAll(out, " ", ""))
		}
	}
	return -1
}

// rankOfProduct is the rank of a MatMul, whose operands may be vectors.
func rankOfProduct(of func(int) int) int {
	a := of(0)
	if a < 1 {
		return -1
	}
	b := of(1)
	switch {
	case b < 1:
		return -1
	case a == 1 && b == 1:
		return 0
	case a == 1 || b == 1:
		return max(a, b) - 1
	}
	return max(a, b)
}

// rankReduced is the rank behind a reduction.
func (c *converter) rankReduced(n ir.Node, depth int) int {
	x := c.rankOf(ir.Input(n, 0), depth)
	switch {
	case x < 0 || ir.AttrInt(n, "keepdims", 1) != 0:
		return x
	case strings.HasPrefix(n.GetOpType(), "Arg"):
		return x - 1
	}
	axes, ok := c.axesOf(n)
	switch {
	case !ok:
		return -1
	case len(axes) == 0:
		return 0
	}
	return x - len(axes)
}

// axesOf are the axes that a node names, in its attribute or its second input; none without either.
func (c *converter) axesOf(n ir.Node) ([]int64, bool) {
	if a := ir.Attr(n, "axes"); a != nil {
		return a.GetInts(), true
	}
	if ir.Input(n, 1) == "" {
		return nil, true
	}
	t := c.value(ir.Input(n, 1))
	if t == nil {
		return nil, false
	}
	axes, err := ir.Ints(t)
	return axes, err == nil
}

// length is the number of elements of a list, such as the shape that a Reshape makes, whatever their values; -1 if it
// is not known.
func (c *converter) length(name string, depth int) int {
	if t := c.value(name); t != nil {
		if len(t.GetDims()) == 1 {
			return int(t.GetDims()[0])
		}
		return -1
	}
	n := c.computing.makes[name]
	if n == nil || depth <= 0 || !ir.Standard(n) {
		return -1
	}
	of := func(i int) int { return c.length(ir.Input(n, i), depth-1) }
	switch n.GetOpType() {
	case "Shape":
		return c.rankOf(ir.Input(n, 0), depth-1)
	case "Cast", "Identity":
		return of(0)
	case "Unsqueeze":
		if c.rankOf(ir.Input(n, 0), depth-1) == 0 {
			return 1
		}
	case "Gather":
		if c.rankOf(ir.Input(n, 0), depth-1) == 1 {
			return of(1)
		}
	case "Concat":
		sum := 0
		for i := range n.GetInput() {
			one := of(i)
			if one < 0 {
				return -1
			}
			sum += one
		}
		return sum
	}
	return -1
}
