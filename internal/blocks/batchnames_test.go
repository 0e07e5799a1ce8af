package blocks

import (
	"testing"

	"example.org/demote/internal/ir"
	"example.org/demote/onnx"
	"example.org/demote/onnx/onnxpb"
)

// declared is the declaration of a float input; a dimension is a number or a name.
func declared(name string, dims ...any) *onnxpb.ValueInfoProto {
	shape := &onnxpb.TensorShapeProto{}
	for _, d := range dims {
		dim := &onnxpb.TensorShapeProto_Dimension{}
		switch d := d.(type) {
		case int:
			dim.Value = &onnxpb.TensorShapeProto_Dimension_DimValue{DimValue: int64(d)}
		case string:
			dim.Value = &onnxpb.TensorShapeProto_Dimension_DimParam{DimParam: d}
		}
		shape.Dim = append(shape.Dim, dim)
	}
	return &onnxpb.ValueInfoProto{Name: &name, Type: &onnxpb.TypeProto{Value: &onnxpb.TypeProto_TensorType{
		TensorType: &onnxpb.TypeProto_Tensor{ElemType: (*int32)(ir.Float.Enum()), Shape: shape}}}}
}

// withInputs is a network of these inputs.
func withInputs(inputs ...*onnxpb.ValueInfoProto) *onnx.Model {
	return &onnx.Model{Proto: &onnxpb.ModelProto{Graph: &onnxpb.GraphProto{Input: inputs}}}
}

// TestBatchNames finds the axis of the samples by the names of axes: of an input, and of another one beside it.
func TestBatchNames(t *testing.T) {
	for _, c := range []struct {
		x, beside []any
		inside    int // of x
	}{
		{[]any{"batch", "time", 8}, nil, 0},
		{[]any{"time", "batch", 8}, nil, 1},
		{[]any{"T", "B", 8}, nil, 1},
		{[]any{"seq", "batch_size", 8}, nil, 1},
		{[]any{"B", "N", 3}, nil, 0}, // points
		{[]any{"bs", "N", 3}, nil, 0},
		{[]any{"N", "C", 3}, nil, 0},
		{[]any{"channels", "num_samples"}, nil, 0}, // of sound
		{[]any{1, "samples", 8}, []any{"samples", "time", 6}, 1},
		{[]any{2, "samples", "any"}, []any{"samples", 6}, 1},
		{[]any{2, "batch", 8}, []any{"batch", 6}, 1},
		{[]any{1, "time"}, []any{"time", 6}, 0},
	} {
		inputs := []*onnxpb.ValueInfoProto{declared("x", c.x...)}
		if c.beside != nil {
			inputs = append(inputs, declared("beside", c.beside...))
		}
		m := withInputs(inputs...)
		v := m.Inputs()[0]
		if got := inside(m, v); got != c.inside || notFirst(m, v) != (c.inside > 0) {
			t.Errorf("%v beside %v: axis %d, not in front %v; want axis %d", c.x, c.beside, got, notFirst(m, v), c.inside)
		}
	}
}

// TestFixedCure says of a first axis that is fixed which other one may have the samples.
func TestFixedCure(t *testing.T) {
	m := withInputs(declared("x", 6, "b2", 8))
	if cure := fixedCure(m); cure != `if the samples of input x lie on axis 1 and not on axis 0, export the network with their names, dynamic_axes={"x": {1: "batch"}}; otherwise export it with a batch of 1` {
		t.Errorf("a first axis that is fixed: %q", cure)
	}
}
