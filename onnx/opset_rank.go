package onnx

import "demote/onnx/onnxpb"

// ranks tells how many axes the tensors of a graph have, as far as declarations and the nodes that make them say.
type ranks struct {
	known map[string]int
	makes map[string]node
}

// newRanks reads a graph's declarations.
func newRanks(g graph) *ranks {
	r := &ranks{known: make(map[string]int), makes: make(map[string]node)}
	for _, list := range [][]*onnxpb.ValueInfoProto{g.GetInput(), g.GetOutput(), g.GetValueInfo()} {
		for _, v := range list {
			if t := v.GetType().GetTensorType(); t != nil && t.Shape != nil {
				r.known[v.GetName()] = len(t.Shape.Dim)
			}
		}
	}
	for _, t := range g.GetInitializer() {
		r.known[t.GetName()] = len(t.GetDims())
	}
	for _, n := range g.GetNode() {
		for _, out := range n.GetOutput() {
			r.makes[out] = n
		}
	}
	return r
}

// rank is the number of axes of a tensor; -1 if it is not known.
func (c *converter) rank(name string) int {
	for _, r := range c.ranks {
		if rank := r.of(name, 64); rank >= 0 {
			return rank
		}
	}
	return -1
}

// of is rank in one graph, looking through at most depth nodes.
func (r *ranks) of(name string, depth int) int {
	if rank, ok := r.known[name]; ok {
		return rank
	}
	n := r.makes[name]
	if n == nil || depth == 0 || !standard(n) {
		return -1
	}
	of := func(i int) int { return r.of(input(n, i), depth-1) }
	rank := -1
	switch n.GetOpType() {
	case "Gemm", "Flatten":
		rank = 2
	case "Conv", "ConvTranspose":
		rank = of(1)
	case "Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "Sum", "Mean", "Where", "Equal", "Less", "Greater":
		for i := range n.GetInput() {
			one := of(i)
			if one < 0 {
				return -1
			}
			rank = max(rank, one)
		}
	case "MatMul":
		if a, b := of(0), of(1); a >= 2 && b >= 2 {
			rank = max(a, b)
		}
	case "Transpose":
		if a := attr(n, "perm"); a != nil {
			rank = len(a.GetInts())
		} else {
			rank = of(0)
		}
	case "AveragePool", "MaxPool", "GlobalAveragePool", "GlobalMaxPool", "LpPool", "BatchNormalization", "InstanceNormalization", "LRN",
		"Relu", "LeakyRelu", "PRelu", "Elu", "Selu", "Sigmoid", "Tanh", "HardSigmoid", "Softplus", "Clip", "Exp", "Log", "Sqrt", "Abs", "Neg", "Reciprocal", "Erf",
		"Dropout", "Identity", "Cast", "Softmax", "LogSoftmax", "Concat", "Split", "Slice", "Pad", "Resize", "Upsample", "DepthToSpace", "SpaceToDepth":
		rank = of(0)
	}
	if rank >= 0 {
		r.known[name] = rank
	}
	return rank
}
