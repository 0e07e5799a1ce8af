package opset

import (
	"slices"

	"example.org/demote/internal/ir"
)

// Lower converts a model from operator set version Opset to an older one. It removes initializers of inputs that became
// attributes. The error names an operator, or a use of one, that the older version does not have.
func Lower(m *ir.Model, opset int64) error {
	g := m.Graph()
	read, still := make(map[string]bool), make(map[string]bool)
	ir.MarkRead(g, read)
	if err := convert(g, ir.Opset, opset); err != nil {
		return err
	}
	ir.MarkRead(g, still)
	g.Initializer = slices.DeleteFunc(slices.Clone(g.Initializer), func(t ir.Tensor) bool {
		return read[t.GetName()] && !still[t.GetName()]
	})
	m.Proto.OpsetImport = ir.SetOpset(m.Proto.OpsetImport, "", opset)
	return nil
}
