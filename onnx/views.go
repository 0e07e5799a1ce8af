package onnx

import (
	"slices"

	"demote/onnx/onnxpb"
)

// WithOutputs returns a copy of the model that has these tensors of the main graph as its outputs, and nothing that they
// do not need. It panics if a name is none of a tensor.
func (m *Model) WithOutputs(names ...string) *Model {
	c := m.Clone()
	g := c.Graph()
	known := make(map[string]*onnxpb.ValueInfoProto)
	for _, values := range [][]*onnxpb.ValueInfoProto{g.ValueInfo, g.Input, g.Output} {
		for _, v := range values {
			known[v.GetName()] = v
		}
	}
	all := defined(g)
	g.Output = nil
	for _, name := range names {
		if !all[name] {
			panic("onnx: no tensor " + name)
		}
		v := known[name]
		if v == nil { // a runtime works the type out
			v = &onnxpb.ValueInfoProto{Name: &name}
		}
		g.Output = append(g.Output, v)
	}
	c.prune()
	return c
}

// prune removes nodes, initializers and value infos that no output needs. Inputs stay.
func (m *Model) prune() {
	g := m.Graph()
	needed := make(map[string]bool)
	for _, v := range g.Output {
		needed[v.GetName()] = true
	}
	var nodes []node
	for _, n := range slices.Backward(g.Node) {
		if !slices.ContainsFunc(n.GetOutput(), func(out string) bool { return needed[out] }) {
			continue
		}
		for _, in := range reads(n) {
			needed[in] = true
		}
		nodes = append(nodes, n)
	}
	slices.Reverse(nodes)
	g.Node = nodes
	g.Initializer = slices.DeleteFunc(g.Initializer, func(t tensor) bool { return !needed[t.GetName()] })
	outputs := make(map[string]bool)
	for _, v := range g.Output {
		outputs[v.GetName()] = true
	}
	g.ValueInfo = slices.DeleteFunc(g.ValueInfo, func(v *onnxpb.ValueInfoProto) bool {
		return !needed[v.GetName()] || outputs[v.GetName()]
	})
}

// WithShapes returns a copy of the model in which these inputs, outputs and inner tensors have fixed shapes. The shapes
// of other inner tensors are dropped, where they could contradict them; element types stay.
func (m *Model) WithShapes(shapes map[string][]int64) *Model {
	c := m.Clone()
	g := c.Graph()
	for _, values := range [][]*onnxpb.ValueInfoProto{g.Input, g.Output} {
		for _, v := range values {
			if dims, ok := shapes[v.GetName()]; ok {
				setShape(v, dims)
			}
		}
	}
	seen := make(map[string]bool)
	for _, v := range g.ValueInfo {
		seen[v.GetName()] = true
		if dims, ok := shapes[v.GetName()]; ok {
			setShape(v, dims)
		} else if t := v.GetType().GetTensorType(); t != nil {
			t.Shape = nil
		}
	}
	c.addShapes(shapes, seen)
	return c
}

// OpenOutputs returns a copy of the model whose outputs declare their element types alone, and no shapes.
func (m *Model) OpenOutputs() *Model {
	c := m.Clone()
	for _, v := range c.Graph().Output {
		if t := v.GetType().GetTensorType(); t != nil {
			t.Shape = nil
		}
	}
	return c
}

// addShapes adds value infos for tensors that have none yet, in node order, where the element type is known.
func (m *Model) addShapes(shapes map[string][]int64, seen map[string]bool) {
	g := m.Graph()
	for _, values := range [][]*onnxpb.ValueInfoProto{g.Input, g.Output} {
		for _, v := range values {
			seen[v.GetName()] = true
		}
	}
	x, err := NewIndex(m)
	if err != nil {
		panic("onnx: a model that was read has a bad graph: " + err.Error())
	}
	for _, n := range g.Node {
		for _, out := range n.GetOutput() {
			if dims, ok := shapes[out]; ok && !seen[out] && x.Type(out) != Undefined {
				g.ValueInfo = append(g.ValueInfo, newValue(out, x.Type(out), dims))
			}
		}
	}
}

// newValue makes a value info; dims of -1 stay free.
func newValue(name string, t DType, dims []int64) *onnxpb.ValueInfoProto {
	elem := int32(t)
	v := &onnxpb.ValueInfoProto{Name: &name, Type: &onnxpb.TypeProto{
		Value: &onnxpb.TypeProto_TensorType{TensorType: &onnxpb.TypeProto_Tensor{ElemType: &elem}}}}
	setShape(v, dims)
	return v
}

// setShape gives a tensor's value info fixed dimensions; a -1 keeps the symbol that was there.
func setShape(v *onnxpb.ValueInfoProto, dims []int64) {
	t := v.GetType().GetTensorType()
	if t == nil {
		return
	}
	old := t.GetShape().GetDim()
	t.Shape = &onnxpb.TensorShapeProto{Dim: make([]*onnxpb.TensorShapeProto_Dimension, len(dims))}
	for i, d := range dims {
		t.Shape.Dim[i] = new(onnxpb.TensorShapeProto_Dimension)
		if d >= 0 {
			t.Shape.Dim[i].Value = &onnxpb.TensorShapeProto_Dimension_DimValue{DimValue: d}
		} else if len(old) == len(dims) {
			t.Shape.Dim[i] = old[i]
		}
	}
}
