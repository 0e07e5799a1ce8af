package ir

// MixedCodes reports whether a model has activations in codes of 4 bits beside others in codes of 8.
func (m *Model) MixedCodes() bool {
	types := make(map[string]DType)
	for _, t := range m.Graph().GetInitializer() {
		types[t.GetName()] = DType(t.GetDataType())
	}
	four, eight := false, false
	for _, n := range m.Graph().GetNode() {
		if IsQ(n) {
			bits := ElemBits(types[Input(n, 2)])
			four, eight = four || bits == 4, eight || bits == 8
		}
	}
	return four && eight
}
