package cgo_test

import (
	"testing"

	"example.org/demote/onnx/onnxpb"
	"example.org/demote/quant"

	"google.golang.org/protobuf/proto"
)

// fake is one FakeQuant node of a test network: y = FakeQuant(x, mask) with the grids of a record.
type fake struct {
	x, y   string
	holder int64
	record quant.Record
}

func (f fake) node() *onnxpb.NodeProto {
	return node("FakeQuant", "demote", []string{f.x, "demote.mask"}, f.y,
		integer("holder", f.holder), floats("low", f.record.Low.Params()), floats("high", f.record.High.Params()))
}

func node(op, domain string, inputs []string, output string, attributes ...*onnxpb.AttributeProto) *onnxpb.NodeProto {
	return &onnxpb.NodeProto{OpType: proto.String(op), Domain: proto.String(domain), Name: proto.String(output + "_node"),
		Input: inputs, Output: []string{output}, Attribute: attributes}
}

func integer(name string, v int64) *onnxpb.AttributeProto {
	return &onnxpb.AttributeProto{Name: proto.String(name), Type: onnxpb.AttributeProto_INT.Enum(), I: proto.Int64(v)}
}

func floats(name string, p quant.Params) *onnxpb.AttributeProto {
	f := p.Floats()
	return &onnxpb.AttributeProto{Name: proto.String(name), Type: onnxpb.AttributeProto_FLOATS.Enum(), Floats: f[:]}
}

// value describes a graph input or output; a dimension of -1 is symbolic.
func value(name string, t onnxpb.TensorProto_DataType, dims ...int64) *onnxpb.ValueInfoProto {
	shape := &onnxpb.TensorShapeProto{}
	for _, d := range dims {
		dim := &onnxpb.TensorShapeProto_Dimension{Value: &onnxpb.TensorShapeProto_Dimension_DimValue{DimValue: d}}
		if d < 0 {
			dim.Value = &onnxpb.TensorShapeProto_Dimension_DimParam{DimParam: "n"}
		}
		shape.Dim = append(shape.Dim, dim)
	}
	return &onnxpb.ValueInfoProto{Name: proto.String(name), Type: &onnxpb.TypeProto{Value: &onnxpb.TypeProto_TensorType{
		TensorType: &onnxpb.TypeProto_Tensor{ElemType: proto.Int32(int32(t)), Shape: shape}}}}
}

func float(name string, dims ...int64) *onnxpb.ValueInfoProto {
	return value(name, onnxpb.TensorProto_FLOAT, dims...)
}

// network returns the bytes of a model with inputs x and the mask of n holders.
func network(t testing.TB, n int64, x, y *onnxpb.ValueInfoProto, nodes ...*onnxpb.NodeProto) []byte {
	t.Helper()
	return networkOf(t, x, value("demote.mask", onnxpb.TensorProto_UINT8, n), y, nodes...)
}

// networkOf is a network with a mask of any shape.
func networkOf(t testing.TB, x, mask, y *onnxpb.ValueInfoProto, nodes ...*onnxpb.NodeProto) []byte {
	t.Helper()
	data, err := proto.Marshal(&onnxpb.ModelProto{
		IrVersion: proto.Int64(8),
		OpsetImport: []*onnxpb.OperatorSetIdProto{
			{Domain: proto.String(""), Version: proto.Int64(21)}, {Domain: proto.String("demote"), Version: proto.Int64(1)}},
		Graph: &onnxpb.GraphProto{Name: proto.String("test"), Node: nodes, Output: []*onnxpb.ValueInfoProto{y},
			Input: []*onnxpb.ValueInfoProto{x, mask}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return data
}
