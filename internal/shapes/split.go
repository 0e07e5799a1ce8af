package shapes

import (
	"slices"

	"example.org/demote/internal/ir"
)

// split adds the dimensions of all outputs of a Split, whose sizes are a constant or equal.
func (s *Sizes) split(n ir.Node, constant func(string) ir.Tensor) {
	a, ok := s.Of(ir.Input(n, 0))
	axis, outputs := ir.AttrInt(n, "axis", 0), n.GetOutput()
	if axis < 0 {
		axis += int64(len(a))
	}
	if !ok || axis < 0 || axis >= int64(len(a)) {
		return
	}
	parts := slices.Repeat([]int64{a[axis] / int64(len(outputs))}, len(outputs))
	if ir.Input(n, 1) != "" {
		c := constant(ir.Input(n, 1))
		if c == nil {
			return
		}
		var err error
		if parts, err = ir.Ints(c); err != nil || len(parts) != len(outputs) {
			return
		}
	} else if a[axis]%int64(len(outputs)) != 0 {
		return
	}
	for i, t := range outputs {
		if _, known := s.Dims[t]; t != "" && !known {
			s.Dims[t] = slices.Clone(a)
			s.Dims[t][axis] = parts[i]
		}
	}
}
