package ir

// MixedCodes reports whether a model has activations in codes of 4 bits beside tensors of a byte, which its nodes
// compute: codes of 8 bits, truth values.
func (m *Model) MixedCodes() bool {
	types := make(map[string]DType)
	for _, t := range m.Graph().GetInitializer() {
		types[t.GetName()] = DType(t.GetDataType())
	}
	for _, n := range m.Graph().GetNode() {
		if IsQ(n) && ElemBits(types[Input(n, 2)]) == 4 {
			return m.ComputesBytes()
		}
	}
	return false
}

// ComputesBytes reports whether a node of a model computes tensors whose elements take a byte, such as the truth values
// of a mask. Constants are none: they have memory of their own.
func (m *Model) ComputesBytes() bool {
	t := &Typer{Declared: make(map[string]DType), Own: make(map[string]DType)}
	t.Graph(m.Graph())
	for _, n := range m.Graph().GetNode() {
		if n.GetOpType() == "Constant" {
			continue
		}
		for _, out := range n.GetOutput() {
			if ElemBits(t.Own[out]) == 8 {
				return true
			}
		}
	}
	return false
}
