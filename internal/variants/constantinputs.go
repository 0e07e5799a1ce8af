package variants

import (
	"slices"

	"example.org/demote/internal/ir"
	"example.org/demote/onnx/onnxpb"
)

// ConstantInputs removes initializers from the list of graph inputs. There they would be defaults that a caller may
// override, and ONNX Runtime would treat no weight as a constant.
func ConstantInputs(m *ir.Model) error {
	constant := make(map[string]bool)
	for _, t := range m.Graph().GetInitializer() {
		constant[t.GetName()] = true
	}
	g := m.Graph()
	g.Input = slices.DeleteFunc(g.Input, func(v *onnxpb.ValueInfoProto) bool { return constant[v.GetName()] })
	return nil
}
