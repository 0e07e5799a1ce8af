package tasktest

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	"example.org/demote/internal/ir"
	"example.org/demote/onnx/onnxpb"
)

// An OpGraph is a network under way, with one input x of floats. Its nodes are named after their operators.
type OpGraph struct{ *onnxpb.GraphProto }

// NewOpGraph begins a network with an input x and an output y of these shapes; -1 is a free axis.
func NewOpGraph(in []int64, out ...int64) OpGraph {
	return OpGraph{&onnxpb.GraphProto{Name: proto.String("g"), Input: []*onnxpb.ValueInfoProto{Value("x", 1, in...)}, Output: []*onnxpb.ValueInfoProto{Value("y", 1, out...)}}}
}

// Value is an input or output of a network; a dimension below 0 is a free axis.
func Value(name string, elem int32, dims ...int64) *onnxpb.ValueInfoProto {
	shape := &onnxpb.TensorShapeProto{}
	for i, d := range dims {
		dim := &onnxpb.TensorShapeProto_Dimension{Value: &onnxpb.TensorShapeProto_Dimension_DimValue{DimValue: d}}
		if d < 0 {
			dim.Value = &onnxpb.TensorShapeProto_Dimension_DimParam{DimParam: fmt.Sprint("N", i)}
		}
		shape.Dim = append(shape.Dim, dim)
	}
	return &onnxpb.ValueInfoProto{Name: &name, Type: &onnxpb.TypeProto{Value: &onnxpb.TypeProto_TensorType{TensorType: &onnxpb.TypeProto_Tensor{ElemType: &elem, Shape: shape}}}}
}

// Op adds a node whose inputs and outputs are words; "-" is one that is left out.
func (g OpGraph) Op(op, in, out string, attrs ...*onnxpb.AttributeProto) OpGraph {
	words := func(s string) []string {
		list := strings.Fields(s)
		for i := range list {
			list[i] = strings.TrimPrefix(list[i], "-")
		}
		return list
	}
	name := "the " + op
	for slices.ContainsFunc(g.Node, func(n *onnxpb.NodeProto) bool { return n.GetName() == name }) {
		name += " again"
	}
	g.Node = append(g.Node, &onnxpb.NodeProto{OpType: &op, Name: &name, Input: words(in), Output: words(out), Attribute: attrs})
	return g
}

// Weights adds a constant of small whole numbers.
func (g OpGraph) Weights(name string, dims ...int64) OpGraph {
	n := int64(1)
	for _, d := range dims {
		n *= d
	}
	values := make([]float32, n)
	for i := range values {
		values[i] = float32(i%7) - 3
	}
	g.Initializer = append(g.Initializer, ir.NewFloats(name, dims, values))
	return g
}

func ints(name string, values ...int64) *onnxpb.AttributeProto {
	if len(values) == 1 && name == "group" {
		return &onnxpb.AttributeProto{Name: &name, Type: onnxpb.AttributeProto_INT.Enum(), I: &values[0]}
	}
	return &onnxpb.AttributeProto{Name: &name, Type: onnxpb.AttributeProto_INTS.Enum(), Ints: values}
}

// Deadly are networks of which ONNX Runtime 1.24 to 1.26 dies, each at a node of the operator that it is called
// after.
func Deadly() map[string]OpGraph {
	image := []int64{-1, 1, 8, 8}
	kernel, still := ints("kernel_shape", 2, 2), ints("strides", 0, 0)
	branch := func(out string) *onnxpb.AttributeProto {
		name := out
		g := NewOpGraph(nil).Weights("w", 2, 1, 3, 3).Op("Conv", "x w", out+"_c", still).Op("Relu", out+"_c", out)
		g.Input, g.Output = nil, []*onnxpb.ValueInfoProto{Value(out, 1)}
		g.Output[0].Type.GetTensorType().Shape = nil
		return &onnxpb.AttributeProto{Name: &name, Type: onnxpb.AttributeProto_GRAPH.Enum(), G: g.GraphProto}
	}
	ifs := NewOpGraph(image, -1, 2, -1, -1).Op("ReduceMax", "x", "m").Weights("zero").Op("Greater", "m zero", "c").Op("Squeeze", "c", "s")
	return map[string]OpGraph{
		"Conv":          NewOpGraph(image, -1, 2, -1, -1).Weights("w", 2, 1, 3, 3).Op("Relu", "x", "r").Op("Conv", "r w", "c", still).Op("Relu", "c", "y"),
		"MaxPool":       NewOpGraph(image, -1, 1, -1, -1).Op("MaxPool", "x", "y", kernel, still),
		"AveragePool":   NewOpGraph(image, -1, 1, -1, -1).Op("AveragePool", "x", "p", kernel, still).Op("Relu", "p", "y"),
		"LpPool":        NewOpGraph(image, -1, 1, -1, -1).Op("LpPool", "x", "y", kernel, still),
		"ConvTranspose": NewOpGraph(image, -1, 1, -1, -1).Weights("w", 1, 1, 3, 3).Op("ConvTranspose", "x w", "y", ints("group", 0)),
		"Split":         NewOpGraph([]int64{-1, 4}, -1, 1).Weights("w", 4, 4).Op("MatMul", "x w", "r").Op("Split", "r", "- y - -", &onnxpb.AttributeProto{Name: proto.String("axis"), Type: onnxpb.AttributeProto_INT.Enum(), I: proto.Int64(-1)}),
		"If":            ifs.Op("If", "s", "y", named(branch("a"), "then_branch"), named(branch("b"), "else_branch")),
		// What is not needed for the output is run all the same where shapes are measured.
		"Conv, beside the output": NewOpGraph(image, -1, 1, 8, 8).Weights("w", 2, 1, 3, 3).Op("Relu", "x", "y").Op("Conv", "x w", "c", still),
	}
}

func named(a *onnxpb.AttributeProto, name string) *onnxpb.AttributeProto {
	a.Name = &name
	return a
}

// Endless is a network whose Loop has no end, always or where some value of x is above 0.
func Endless(always bool) OpGraph {
	body := &onnxpb.GraphProto{Name: proto.String("body"),
		Input:  []*onnxpb.ValueInfoProto{Value("i", 7), Value("go", 9), Value("v", 1, -1, 4)},
		Output: []*onnxpb.ValueInfoProto{Value("on", 9), Value("u", 1, -1, 4)},
		Node: []*onnxpb.NodeProto{{OpType: proto.String("Identity"), Input: []string{"go"}, Output: []string{"on"}},
			{OpType: proto.String("Relu"), Input: []string{"v"}, Output: []string{"u"}}}}
	g := NewOpGraph([]int64{-1, 4}, -1, 3).Weights("w", 4, 3).Op("ReduceMax", "x", "m", keepDims())
	limit := ir.NewFloats("limit", nil, []float32{0})
	if always {
		limit.FloatData, limit.RawData = []float32{-1e30}, nil
	}
	g.Initializer = append(g.Initializer, limit)
	return g.Op("Greater", "m limit", "start").
		Op("Loop", "- start x", "l", &onnxpb.AttributeProto{Name: proto.String("body"), Type: onnxpb.AttributeProto_GRAPH.Enum(), G: body}).
		Op("MatMul", "l w", "y")
}

func keepDims() *onnxpb.AttributeProto {
	return &onnxpb.AttributeProto{Name: proto.String("keepdims"), Type: onnxpb.AttributeProto_INT.Enum(), I: proto.Int64(0)}
}
