package onnx

import (
	"slices"

	"demote/onnx/onnxpb"
)

// FixInput gives an input of the graph a value: what reads the input reads a constant from now on, which is folded and fused as
// any other. A file that is written still declares the input, so that programs that feed it go on, but nothing reads it. The
// model keeps value. It panics if the graph has no such input.
func (m *Model) FixInput(name string, value *onnxpb.TensorProto) {
	g := m.Graph()
	m.keepInput(name)
	c := cloneTensor(value)
	c.Name = str(newNames(g).fresh(name + "_value"))
	rewire(g.Node, map[string]string{name: c.GetName()})
	for _, v := range g.Output {
		if v.GetName() == name { // handed through
			g.Node = append(g.Node, newNode("Identity", newNames(g).fresh(name+"_Identity"), []string{c.GetName()}, []string{name}))
			m.kept = slices.DeleteFunc(slices.Clone(m.kept), func(v *onnxpb.ValueInfoProto) bool { return v.GetName() == name })
		}
	}
	g.Initializer = append(g.Initializer, c)
}

// SetDefault gives an input of Defaults another value, of the shape of the one that it has. The model keeps value. It panics if
// there is no such input.
func (m *Model) SetDefault(name string, value *onnxpb.TensorProto) {
	g := m.Graph()
	at := slices.IndexFunc(g.Initializer, func(t *onnxpb.TensorProto) bool { return t.GetName() == name })
	if at < 0 {
		panic("onnx: no default of " + name)
	}
	c := cloneTensor(value)
	c.Name = str(name)
	g.Initializer = slices.Clone(g.Initializer)
	g.Initializer[at] = c
}

// DefaultDims is the shape of the default of an input; nil if there is none.
func (m *Model) DefaultDims(name string) []int64 {
	for _, t := range m.Graph().GetInitializer() {
		if t.GetName() == name {
			return append([]int64{}, t.GetDims()...)
		}
	}
	return nil
}

// DropUnread takes inputs that nothing reads off the graph, since they need no data, and returns their names; none of them where
// nothing reads any. A file that is written still declares them.
func (m *Model) DropUnread() []string {
	g := m.Graph()
	read := make(map[string]bool)
	for _, n := range g.GetNode() {
		for _, in := range reads(n) {
			read[in] = true
		}
	}
	for _, v := range g.GetOutput() {
		read[v.GetName()] = true
	}
	inputs := m.Inputs()
	unread := slices.DeleteFunc(slices.Clone(inputs), func(v Value) bool { return read[v.Name] })
	if len(unread) == len(inputs) {
		return nil
	}
	var names []string
	for _, v := range unread {
		m.keepInput(v.Name)
		names = append(names, v.Name)
	}
	return names
}

// keepInput takes an input off the graph and keeps its declaration for files.
func (m *Model) keepInput(name string) {
	g := m.Graph()
	if m.order == nil {
		for _, v := range g.Input {
			m.order = append(m.order, v.GetName())
		}
	}
	at := slices.IndexFunc(g.Input, func(v *onnxpb.ValueInfoProto) bool { return v.GetName() == name })
	if at < 0 {
		panic("onnx: no input " + name)
	}
	m.kept = append(slices.Clone(m.kept), g.Input[at])
	g.Input = slices.Delete(slices.Clone(g.Input), at, at+1)
}

// whole is the model as a file has it: with the inputs that are declared and not read, at their old places.
func (m *Model) whole() *Model {
	if len(m.kept) == 0 {
		return m
	}
	out := m.Clone()
	g := out.Graph()
	g.Input = append(g.Input, out.kept...)
	place := func(v *onnxpb.ValueInfoProto) int {
		if i := slices.Index(m.order, v.GetName()); i >= 0 {
			return i
		}
		return len(m.order)
	}
	slices.SortStableFunc(g.Input, func(a, b *onnxpb.ValueInfoProto) int { return place(a) - place(b) })
	out.kept, out.order = nil, nil
	return out
}

// AxisName is the symbol that a graph input's axis has in place of a size; "" without one.
func (m *Model) AxisName(input string, axis int) string {
	if dims := m.inputDims(input); axis < len(dims) {
		return dims[axis].GetDimParam()
	}
	return ""
}
