package onnx

import (
	"google.golang.org/protobuf/proto"

	"demote/onnx/onnxpb"
)

// Short names of the messages that most of the package works on.
type (
	node   = *onnxpb.NodeProto
	graph  = *onnxpb.GraphProto
	tensor = *onnxpb.TensorProto
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

// attr returns the attribute of that name, or nil.
func attr(n node, name string) *onnxpb.AttributeProto {
	for _, a := range n.GetAttribute() {
		if a.GetName() == name {
			return a
		}
	}
	return nil
}

// attrInt returns an integer attribute, or def where the node has none.
func attrInt(n node, name string, def int64) int64 {
	if a := attr(n, name); a != nil {
		return a.GetI()
	}
	return def
}

// attrFloat returns a float attribute, or def where the node has none.
func attrFloat(n node, name string, def float32) float32 {
	if a := attr(n, name); a != nil {
		return a.GetF()
	}
	return def
}

// attrString returns a string attribute, or def where the node has none.
func attrString(n node, name, def string) string {
	if a := attr(n, name); a != nil {
		return string(a.GetS())
	}
	return def
}

// intAttr, intsAttr, floatsAttr and stringAttr make attributes.
func intAttr(name string, v int64) *onnxpb.AttributeProto {
	return &onnxpb.AttributeProto{Name: &name, Type: onnxpb.AttributeProto_INT.Enum(), I: &v}
}

func intsAttr(name string, v ...int64) *onnxpb.AttributeProto {
	return &onnxpb.AttributeProto{Name: &name, Type: onnxpb.AttributeProto_INTS.Enum(), Ints: v}
}

func floatsAttr(name string, v ...float32) *onnxpb.AttributeProto {
	return &onnxpb.AttributeProto{Name: &name, Type: onnxpb.AttributeProto_FLOATS.Enum(), Floats: v}
}

func stringAttr(name, v string) *onnxpb.AttributeProto {
	return &onnxpb.AttributeProto{Name: &name, Type: onnxpb.AttributeProto_STRING.Enum(), S: []byte(v)}
}

// setAttr puts an attribute in place of the one of its name, or adds it.
func setAttr(n node, a *onnxpb.AttributeProto) {
	for i, old := range n.Attribute {
		if old.GetName() == a.GetName() {
			n.Attribute[i] = a
			return
		}
	}
	n.Attribute = append(n.Attribute, a)
}

// dropAttr removes an attribute and returns it, or nil where the node has none.
func dropAttr(n node, name string) *onnxpb.AttributeProto {
	for i, a := range n.Attribute {
		if a.GetName() == name {
			n.Attribute = append(n.Attribute[:i:i], n.Attribute[i+1:]...)
			return a
		}
	}
	return nil
}

// newNode makes a node of the standard domain.
func newNode(op, name string, inputs, outputs []string, attrs ...*onnxpb.AttributeProto) node {
	return &onnxpb.NodeProto{OpType: &op, Name: &name, Input: inputs, Output: outputs, Attribute: attrs}
}

// input returns the name of a node's input, or "" where it is absent.
func input(n node, i int) string {
	if i < len(n.GetInput()) {
		return n.GetInput()[i]
	}
	return ""
}

// output returns the name of a node's output, or "" where it is absent.
func output(n node, i int) string {
	if i < len(n.GetOutput()) {
		return n.GetOutput()[i]
	}
	return ""
}

// standard reports whether a node is of the ONNX domain itself, which has two spellings.
func standard(n node) bool { return n.GetDomain() == "" || n.GetDomain() == "ai.onnx" }

// subgraphs returns the graphs among a node's attributes: the bodies of If, Loop and Scan.
func subgraphs(n node) []graph {
	var all []graph
	for _, a := range n.GetAttribute() {
		if a.GetG() != nil {
			all = append(all, a.GetG())
		}
		all = append(all, a.GetGraphs()...)
	}
	return all
}

func str(s string) *string { return proto.String(s) }
