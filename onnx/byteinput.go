package onnx

import (
	"slices"

	"demote/onnx/onnxpb"
)

// A Step is an operator with a constant, of as many numbers as there are channels, that is applied to an input.
type Step struct {
	Op     string // Mul, Sub or Div
	Values []float32
	Dims   []int64 // of Values, as they are broadcast
}

// ByteInput lets a float32 input of known shape be fed as bytes, under a name that it returns: the input becomes what Cast and the
// steps make of them. The order of the inputs stays. It panics if the graph has no such input.
func (m *Model) ByteInput(input string, steps []Step) string {
	g := m.Graph()
	at := slices.IndexFunc(g.Input, func(v *onnxpb.ValueInfoProto) bool { return v.GetName() == input })
	if at < 0 {
		panic("onnx: no input " + input)
	}
	names, made := newNames(g), g.Input[at]
	fed := names.fresh(input + ":bytes")
	g.Input = slices.Clone(g.Input)
	g.Input[at] = newValue(fed, Uint8, valueOf(made).Dims)
	if !slices.ContainsFunc(g.Output, func(v *onnxpb.ValueInfoProto) bool { return v.GetName() == input }) {
		g.ValueInfo = append(g.ValueInfo, made)
	}
	cast := newNode("Cast", names.fresh(input+":Cast"), []string{fed}, []string{input})
	cast.Attribute = []*onnxpb.AttributeProto{intAttr("to", int64(Float))}
	nodes := []node{cast}
	for _, s := range steps {
		last := nodes[len(nodes)-1]
		last.Output[0] = names.fresh(input + ":before" + s.Op)
		g.ValueInfo = append(g.ValueInfo, newValue(last.Output[0], Float, valueOf(made).Dims))
		c := NewFloats(names.fresh(input+":"+s.Op), s.Dims, s.Values)
		g.Initializer = append(g.Initializer, c)
		nodes = append(nodes, newNode(s.Op, names.fresh(input+":make"+s.Op), []string{last.Output[0], c.GetName()}, []string{input}))
	}
	g.Node = append(nodes, g.Node...)
	return fed
}
