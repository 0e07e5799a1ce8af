package onnx

import "strings"

// BatchElsewhere is the axis of an input that its name says is the batch, where that is not the first one; 0 where it is, or no
// name says so.
func (m *Model) BatchElsewhere(input string) int {
	for _, v := range m.Graph().GetInput() {
		if v.GetName() != input {
			continue
		}
		for i, d := range v.GetType().GetTensorType().GetShape().GetDim() {
			if name := strings.ToLower(d.GetDimParam()); strings.HasPrefix(name, "batch") || name == "bs" || name == "n" {
				return i
			}
		}
	}
	return 0
}
