package onnx

// refuseHalf refuses a network that computes in floating-point numbers, but in none of float32: grids are defined on
// float32 alone. Constants of other types behind a Cast are folded before. One that multiplies nothing, such as trees, is
// refused for that: it would be the same in float32.
func refuseHalf(m *Model) error {
	x, err := NewIndex(m)
	if err != nil {
		return err
	}
	var first node
	products := false
	for _, n := range x.Nodes() {
		products = products || multiplies(n) || len(subgraphs(n)) > 0
		if is(n, moving|carrying) {
			continue
		}
		switch x.Type(output(n, 0)) {
		case Float:
			return nil
		case Float16, BFloat16, Double:
			if first == nil {
				first = n
			}
		}
	}
	if first == nil {
		return nil
	}
	if !products {
		return nothingMultiplies(m)
	}
	typ := x.Type(output(first, 0))
	return &PrecisionError{typ, badf("the network computes in %s (%s is the first): export it in float32", typ, nodeName(first))}
}
