package devicetest

import (
	"google.golang.org/protobuf/proto"

	"example.org/demote/backend/device"
	"example.org/demote/onnx/onnxpb"
)

// The mask's name, and the domain of the operators that read it.
const (
	maskName   = "demote.mask"
	maskDomain = "demote"
)

// node is a node of ONNX's own operators.
func node(op, out string, in ...string) *onnxpb.NodeProto {
	return &onnxpb.NodeProto{OpType: proto.String(op), Name: proto.String(out + ":" + op), Input: in, Output: []string{out}}
}

// fakeQuant is a node of the operators that a holder has: FakeQuant, FakeQuantCodes and FromCodes.
func fakeQuant(op string, holder int, in string, out ...string) *onnxpb.NodeProto {
	r := ToyRecords()[holder]
	low, high := r.Low.Params().Floats(), r.High.Params().Floats()
	n := node(op, out[0], in, maskName)
	n.Domain, n.Output = proto.String(maskDomain), out
	n.Attribute = []*onnxpb.AttributeProto{{Name: proto.String("holder"), Type: onnxpb.AttributeProto_INT.Enum(), I: proto.Int64(int64(holder))},
		{Name: proto.String("low"), Type: onnxpb.AttributeProto_FLOATS.Enum(), Floats: low[:]}, {Name: proto.String("high"), Type: onnxpb.AttributeProto_FLOATS.Enum(), Floats: high[:]}}
	return n
}

// value tells a tensor to ONNX.
func value(t device.Tensor) *onnxpb.ValueInfoProto {
	shape := &onnxpb.TensorShapeProto{}
	for _, d := range t.Dims {
		shape.Dim = append(shape.Dim, &onnxpb.TensorShapeProto_Dimension{Value: &onnxpb.TensorShapeProto_Dimension_DimValue{DimValue: d}})
	}
	return &onnxpb.ValueInfoProto{Name: proto.String(t.Name), Type: &onnxpb.TypeProto{Value: &onnxpb.TypeProto_TensorType{
		TensorType: &onnxpb.TypeProto_Tensor{ElemType: proto.Int32(int32(t.Type)), Shape: shape}}}}
}

// constant is a float32 initializer.
func constant(name string, values []float32, dims ...int64) *onnxpb.TensorProto {
	return &onnxpb.TensorProto{Name: proto.String(name), DataType: proto.Int32(int32(device.Float32)), Dims: dims, FloatData: values}
}

// model is a file of these nodes.
func model(nodes []*onnxpb.NodeProto, constants []*onnxpb.TensorProto, inputs, outputs []device.Tensor) (device.Model, error) {
	g := &onnxpb.GraphProto{Name: proto.String("toy"), Node: nodes, Initializer: constants}
	for _, t := range inputs {
		g.Input = append(g.Input, value(t))
	}
	for _, t := range outputs {
		g.Output = append(g.Output, value(t))
	}
	file, err := proto.Marshal(&onnxpb.ModelProto{IrVersion: proto.Int64(10), Graph: g, OpsetImport: []*onnxpb.OperatorSetIdProto{
		{Domain: proto.String(""), Version: proto.Int64(21)}, {Domain: proto.String(maskDomain), Version: proto.Int64(1)}}})
	return device.Model{Bytes: file}, err
}

// maskOf is the mask as an input.
func maskOf(holders int) device.Tensor {
	return device.Tensor{Name: maskName, Type: device.Uint8, Dims: []int64{int64(holders)}}
}
