package variants

import (
	"slices"
	"strings"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/wire"
	"example.org/demote/onnx/onnxpb"
)

// batchNames are what the axis of the samples is called, beside names with batch in them.
var batchNames = []string{"n", "b", "bs", "bz", "nb"}

// IsBatchName reports whether an axis has a name of the batch, in upper or lower case.
func IsBatchName(name string) bool {
	name = strings.ToLower(name)
	return strings.Contains(name, "batch") || slices.Contains(batchNames, name)
}

// batchDenotation marks the axis of the samples, of any size, as ONNX's dimension denotations have it.
const batchDenotation = "DATA_BATCH"

// BatchElsewhere returns the axis of an input that is the batch by its denotation or its name, if it is not the first
// one; else 0.
func BatchElsewhere(m *ir.Model, input string) int {
	dims := inputDims(m, input)
	for _, is := range []func(*onnxpb.TensorShapeProto_Dimension) bool{
		func(d *onnxpb.TensorShapeProto_Dimension) bool { return d.GetDenotation() == batchDenotation },
		func(d *onnxpb.TensorShapeProto_Dimension) bool { return IsBatchName(d.GetDimParam()) },
	} {
		if at := slices.IndexFunc(dims, is); at >= 0 {
			return at
		}
	}
	return 0
}

// DenoteBatch marks an axis of an input as that of the samples, for readers of a file in which the axis has a size and
// no name.
func DenoteBatch(m *ir.Model, input string, axis int) {
	if dims := inputDims(m, input); axis < len(dims) {
		denoted := wire.Clone(dims[axis]) // which may be shared with the model that this one is a copy of
		denoted.Denotation = ir.Str(batchDenotation)
		dims[axis] = denoted
	}
}

// inputDims are the axes of an input; nil: it is none of the model's, or has no shape.
func inputDims(m *ir.Model, input string) []*onnxpb.TensorShapeProto_Dimension {
	for _, v := range m.Graph().GetInput() {
		if v.GetName() == input {
			return v.GetType().GetTensorType().GetShape().GetDim()
		}
	}
	return nil
}
