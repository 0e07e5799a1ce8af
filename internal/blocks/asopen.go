package blocks

import (
	"slices"

	"example.org/demote/internal/variants"
	"example.org/demote/onnx"
)

// HasFreeAxes reports whether a network takes inputs of several shapes. ONNX Runtime then knows fewer dimensions, and
// fuses fewer operators, than with fixed shapes.
func HasFreeAxes(m *onnx.Model) bool {
	return slices.ContainsFunc(m.Inputs(), func(v onnx.Value) bool { return slices.ContainsFunc(v.Dims, func(d int64) bool { return d < 0 }) })
}

// AsOpen returns a model with fixed shapes that computes the same bits as the model m from which it was made, whose
// axes may be free.
func (s *Shapes) AsOpen(fixed, m *onnx.Model) *onnx.Model {
	if !HasFreeAxes(m) {
		return fixed
	}
	return variants.LooseBiases(fixed, s.dynamic)
}

// dynamic reports whether the runtime does not know all dimensions of a tensor of three axes or more while its model's
// axes are free.
func (s *Shapes) dynamic(tensor string) bool {
	one, known := s.One[tensor]
	if !known { // an input
		return true
	}
	return len(one) > 2 && (!s.Growing || !slices.Equal(one, s.Two[tensor]))
}

// Misdeclared reports whether a model declares a tensor with a size that it does not have.
func (s *Shapes) Misdeclared(v onnx.Value) bool {
	for _, samples := range []int{1, 2} {
		dims := s.At(v.Name, samples)
		if v.Dims != nil && len(v.Dims) != len(dims) {
			return true
		}
		for i, d := range v.Dims {
			if d >= 0 && d != dims[i] {
				return true
			}
		}
	}
	return false
}
