package onnx

// MACs returns the multiply-accumulates of each node of the model that has any, by the node's name, for a run over the
// given shapes: Conv, ConvTranspose, MatMul and Gemm by the definition of the operator, the output's (of ConvTranspose the
// input's) elements times the length of one sum. Nodes with a shape that is not known, and all other operators, have none.
func (m *Model) MACs(dims map[string][]int64) map[string]float64 {
	shapes := make(map[string][]int64, len(dims))
	for name, d := range dims {
		shapes[name] = d
	}
	for _, t := range m.Graph().GetInitializer() {
		shapes[t.GetName()] = t.GetDims()
	}
	macs := make(map[string]float64)
	for _, n := range m.Graph().GetNode() {
		if v := nodeMACs(n, shapes); v > 0 && standard(n) {
			macs[label(n)] += v
		}
	}
	return macs
}

func nodeMACs(n node, shapes map[string][]int64) float64 {
	a, b, out := shapes[input(n, 0)], shapes[input(n, 1)], shapes[output(n, 0)]
	switch n.GetOpType() {
	case "Conv":
		return elementsOf(out) * elementsOf(tail(b))
	case "ConvTranspose":
		return elementsOf(a) * elementsOf(tail(b))
	case "MatMul":
		if len(a) > 0 && len(b) > 0 {
			return elementsOf(out) * float64(max(a[len(a)-1], 0))
		}
	case "Gemm":
		if len(a) == 2 {
			return elementsOf(out) * float64(max(a[1-attrInt(n, "transA", 0)], 0))
		}
	}
	return 0
}

// tail are the axes behind the first.
func tail(dims []int64) []int64 {
	if len(dims) == 0 {
		return nil
	}
	return dims[1:]
}

// elementsOf is the number of elements of a shape; 0 where it is not known.
func elementsOf(dims []int64) float64 {
	if len(dims) == 0 {
		return 0
	}
	n := 1.0
	for _, d := range dims {
		n *= float64(max(d, 0))
	}
	return n
}
