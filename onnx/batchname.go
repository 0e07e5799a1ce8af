package onnx

import (
	"slices"
	"strings"
)

// batchNames are what the axis of the samples is called, beside names with batch in them.
var batchNames = []string{"n", "b", "bs", "bz", "nb"}

// IsBatchName tells whether an axis is called what that of the samples is, in any case of letters.
func IsBatchName(name string) bool {
	name = strings.ToLower(name)
	return strings.Contains(name, "batch") || slices.Contains(batchNames, name)
}

// BatchElsewhere is the axis of an input that its name says is the batch, where that is not the first one; 0 where it is, or no
// name says so.
func (m *Model) BatchElsewhere(input string) int {
	for _, v := range m.Graph().GetInput() {
		if v.GetName() != input {
			continue
		}
		for i, d := range v.GetType().GetTensorType().GetShape().GetDim() {
			if IsBatchName(d.GetDimParam()) {
				return i
			}
		}
	}
	return 0
}
