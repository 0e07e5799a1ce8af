package onnx

import "slices"

// split adds the dimensions of all outputs of a Split, whose sizes are a constant or equal.
func (s *sizes) split(n node, constant func(string) tensor) {
	a, ok := s.of(input(n, 0))
	axis, outputs := attrInt(n, "axis", 0), n.GetOutput()
	if axis < 0 {
		axis += int64(len(a))
	}
	if !ok || axis < 0 || axis >= int64(len(a)) {
		return
	}
	parts := slices.Repeat([]int64{a[axis] / int64(len(outputs))}, len(outputs))
	if input(n, 1) != "" {
		c := constant(input(n, 1))
		if c == nil {
			return
		}
		var err error
		if parts, err = Ints(c); err != nil || len(parts) != len(outputs) {
			return
		}
	} else if a[axis]%int64(len(outputs)) != 0 {
		return
	}
	for i, t := range outputs {
		if _, known := s.dims[t]; t != "" && !known {
			s.dims[t] = slices.Clone(a)
			s.dims[t][axis] = parts[i]
		}
	}
}
