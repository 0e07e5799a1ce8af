package onnx

import "slices"

// lower brings a model of operator set Opset down to an older one and drops the initializers that only served inputs which became
// attributes. The error names an operator, or a use of one, that does not exist there.
func (m *Model) lower(opset int64) error {
	g := m.Graph()
	read, still := make(map[string]bool), make(map[string]bool)
	markRead(g, read)
	if err := convert(g, Opset, opset); err != nil {
		return err
	}
	markRead(g, still)
	g.Initializer = slices.DeleteFunc(slices.Clone(g.Initializer), func(t tensor) bool {
		return read[t.GetName()] && !still[t.GetName()]
	})
	m.Proto.OpsetImport = setOpset(m.Proto.OpsetImport, "", opset)
	return nil
}
