package onnx

import (
	"testing"

	"demote/onnx/onnxpb"
)

// What the tests that run networks use of the package's inside.
var (
	ConvertOpset = convertOpset
	NewNode      = newNode
	IntAttr      = intAttr
	IntsAttr     = intsAttr
	StringAttr   = stringAttr
)

// NetOf is a model of one node that reads x of the given dimensions and constants, and makes the float tensor y.
func NetOf(t testing.TB, opset int64, dims []int64, n *onnxpb.NodeProto, constants ...*onnxpb.TensorProto) *Model {
	t.Helper()
	b := newNet(opset, dims...)
	b.p.Graph.Node = append(b.p.Graph.Node, n)
	b.p.Graph.Initializer = append(b.p.Graph.Initializer, constants...)
	return b.output("y").model(t)
}
