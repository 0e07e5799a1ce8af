package segments

import (
	"google.golang.org/protobuf/proto"

	"example.org/demote/backend"
	"example.org/demote/backend/device"
	"example.org/demote/internal/ir"
	"example.org/demote/onnx/onnxpb"
)

// Proof has a convolution and a matrix product that return their inputs: every weight is 0 or 1. So 24-bit values,
// which TF32 cannot represent, come out unchanged, except for the rounding of algorithms that compute a convolution
// from sums of its inputs.
func Proof() (*backend.Proof, error) {
	const channels, side = 64, 16
	dims := []int64{1, channels, side, side}
	conv := &onnxpb.TensorProto{Name: proto.String("w"), DataType: proto.Int32(1), Dims: []int64{channels, channels, 3, 3}, FloatData: make([]float32, channels*channels*9)}
	for c := range channels {
		conv.FloatData[(c*channels+c)*9+4] = 1
	}
	product := &onnxpb.TensorProto{Name: proto.String("i"), DataType: proto.Int32(1), Dims: []int64{side, side}, FloatData: make([]float32, side*side)}
	for k := range side {
		product.FloatData[k*side+k] = 1
	}
	value := func(name string) *onnxpb.ValueInfoProto {
		shape := &onnxpb.TensorShapeProto{}
		for _, d := range dims {
			shape.Dim = append(shape.Dim, &onnxpb.TensorShapeProto_Dimension{Value: &onnxpb.TensorShapeProto_Dimension_DimValue{DimValue: d}})
		}
		return &onnxpb.ValueInfoProto{Name: proto.String(name), Type: &onnxpb.TypeProto{Value: &onnxpb.TypeProto_TensorType{
			TensorType: &onnxpb.TypeProto_Tensor{ElemType: proto.Int32(1), Shape: shape}}}}
	}
	model, err := proto.Marshal(&onnxpb.ModelProto{IrVersion: proto.Int64(8), OpsetImport: []*onnxpb.OperatorSetIdProto{{Domain: proto.String(""), Version: proto.Int64(17)}},
		Graph: &onnxpb.GraphProto{Name: proto.String("proof"), Input: []*onnxpb.ValueInfoProto{value("x")}, Output: []*onnxpb.ValueInfoProto{value("y")},
			Initializer: []*onnxpb.TensorProto{conv, product},
			Node: []*onnxpb.NodeProto{
				{OpType: proto.String("Conv"), Name: proto.String("conv"), Input: []string{"x", "w"}, Output: []string{"c"},
					Attribute: []*onnxpb.AttributeProto{{Name: proto.String("pads"), Type: onnxpb.AttributeProto_INTS.Enum(), Ints: []int64{1, 1, 1, 1}}}},
				{OpType: proto.String("MatMul"), Name: proto.String("product"), Input: []string{"c", "i"}, Output: []string{"y"}},
			}}})
	if err != nil {
		return nil, err
	}
	p := &backend.Proof{Segment: &backend.Segment{Model: device.Model{Bytes: model},
		Inputs:  []backend.Tensor{{Name: "x", Type: backend.DType(ir.Float), Dims: dims}},
		Outputs: []backend.Tensor{{Name: "y", Type: backend.DType(ir.Float), Dims: dims}}}}
	for i := range channels * side * side {
		p.Input = append(p.Input, 1+float32(i%(1<<14)*512+1)/(1<<23))
	}
	p.Want = p.Input
	return p, nil
}
