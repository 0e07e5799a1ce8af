package ir

import (
	"google.golang.org/protobuf/proto"

	"example.org/demote/onnx/onnxpb"
)

// Short names of the messages that most of the package works on. They are pointers: a copy is the same message.
type (
	// Node is one node of a graph.
	Node = *onnxpb.NodeProto
	// Graph is the graph of a model, or a body of If, Loop and Scan.
	Graph = *onnxpb.GraphProto
	// Tensor is a constant: an initializer, or the value of an attribute.
	Tensor = *onnxpb.TensorProto
)

// DType is the element type of a tensor, with the numbers of the ONNX format.
type DType = onnxpb.TensorProto_DataType

// Element types that this package asks for by name.
const (
	Undefined DType = onnxpb.TensorProto_UNDEFINED
	Float     DType = onnxpb.TensorProto_FLOAT
	Float16   DType = onnxpb.TensorProto_FLOAT16
	BFloat16  DType = onnxpb.TensorProto_BFLOAT16
	Double    DType = onnxpb.TensorProto_DOUBLE
	Int8      DType = onnxpb.TensorProto_INT8
	Uint8     DType = onnxpb.TensorProto_UINT8
	Int16     DType = onnxpb.TensorProto_INT16
	Uint16    DType = onnxpb.TensorProto_UINT16
	Int32     DType = onnxpb.TensorProto_INT32
	Int64     DType = onnxpb.TensorProto_INT64
	Bool      DType = onnxpb.TensorProto_BOOL
)

// Attr returns the attribute of a node with that name, or nil. The node owns it. In the body of a function it may
// refer to an attribute of the call (onnx.proto, AttributeProto.ref_attr_name) and have no value; nodes of graphs have
// none such.
func Attr(n Node, name string) *onnxpb.AttributeProto {
	for _, a := range n.GetAttribute() {
		if a.GetName() == name {
			return a
		}
	}
	return nil
}

// AttrInt returns the value of an integer attribute, or def without one: the operator's default. An attribute of
// another type has the value 0; so with the functions below.
func AttrInt(n Node, name string, def int64) int64 {
	if a := Attr(n, name); a != nil {
		return a.GetI()
	}
	return def
}

// AttrFloat returns the value of a float attribute, or def without one.
func AttrFloat(n Node, name string, def float32) float32 {
	if a := Attr(n, name); a != nil {
		return a.GetF()
	}
	return def
}

// AttrString returns the value of a string attribute, or def without one.
func AttrString(n Node, name, def string) string {
	if a := Attr(n, name); a != nil {
		return string(a.GetS())
	}
	return def
}

// IntAttr makes an attribute of one integer.
func IntAttr(name string, v int64) *onnxpb.AttributeProto {
	return &onnxpb.AttributeProto{Name: &name, Type: onnxpb.AttributeProto_INT.Enum(), I: &v}
}

// IntsAttr makes an attribute of integers.
func IntsAttr(name string, v ...int64) *onnxpb.AttributeProto {
	return &onnxpb.AttributeProto{Name: &name, Type: onnxpb.AttributeProto_INTS.Enum(), Ints: v}
}

// FloatsAttr makes an attribute of floats.
func FloatsAttr(name string, v ...float32) *onnxpb.AttributeProto {
	return &onnxpb.AttributeProto{Name: &name, Type: onnxpb.AttributeProto_FLOATS.Enum(), Floats: v}
}

// StringAttr makes an attribute of text.
func StringAttr(name, v string) *onnxpb.AttributeProto {
	return &onnxpb.AttributeProto{Name: &name, Type: onnxpb.AttributeProto_STRING.Enum(), S: []byte(v)}
}

// SetAttr replaces the attribute of a's name, or adds a, in place. The node keeps a.
func SetAttr(n Node, a *onnxpb.AttributeProto) {
	for i, old := range n.Attribute {
		if old.GetName() == a.GetName() {
			n.Attribute[i] = a
			return
		}
	}
	n.Attribute = append(n.Attribute, a)
}

// DropAttr removes an attribute and returns it, or nil without one.
func DropAttr(n Node, name string) *onnxpb.AttributeProto {
	for i, a := range n.Attribute {
		if a.GetName() == name {
			n.Attribute = append(n.Attribute[:i:i], n.Attribute[i+1:]...)
			return a
		}
	}
	return nil
}

// NewNode makes a node of the standard domain. inputs and outputs are names of tensors, "" for an optional one that is
// absent. It keeps the slices.
func NewNode(op, name string, inputs, outputs []string, attrs ...*onnxpb.AttributeProto) Node {
	return &onnxpb.NodeProto{OpType: &op, Name: &name, Input: inputs, Output: outputs, Attribute: attrs}
}

// Input returns the name of input i of a node, from 0 on, or "" if it is absent: left out, or behind the last.
func Input(n Node, i int) string {
	if i < len(n.GetInput()) {
		return n.GetInput()[i]
	}
	return ""
}

// Output returns the name of output i of a node, or "" if it is absent.
func Output(n Node, i int) string {
	if i < len(n.GetOutput()) {
		return n.GetOutput()[i]
	}
	return ""
}

// Standard reports whether the operator of a node is in the standard domain, "" or "ai.onnx".
func Standard(n Node) bool { return n.GetDomain() == "" || n.GetDomain() == "ai.onnx" }

// Subgraphs returns the graphs among a node's attributes: the bodies of If, Loop and Scan, in the order of the
// attributes, which for If may be either. The node owns the graphs.
func Subgraphs(n Node) []Graph {
	var all []Graph
	for _, a := range n.GetAttribute() {
		if a.GetG() != nil {
			all = append(all, a.GetG())
		}
		all = append(all, a.GetGraphs()...)
	}
	return all
}

// Str returns a pointer to a new string, as the optional fields of proto2 messages need it.
func Str(s string) *string { return proto.String(s) }

// FloatAttr makes a float attribute.
func FloatAttr(name string, v float32) *onnxpb.AttributeProto {
	return &onnxpb.AttributeProto{Name: &name, Type: onnxpb.AttributeProto_FLOAT.Enum(), F: &v}
}
