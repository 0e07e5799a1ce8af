package variants

import (
	"slices"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/wire"
	"example.org/demote/onnx/onnxpb"
)

// FixInput gives an input of the graph a constant value, which is folded and fused as any other constant. A written
// file still declares the input, so that programs can feed it, but no node reads it. The model keeps value. It panics
// if the graph has no such input.
func FixInput(m *ir.Model, name string, value *onnxpb.TensorProto) {
	g := m.Graph()
	keepInput(m, name)
	c := wire.CloneTensor(value)
	c.Name = ir.Str(ir.NewNames(g).Fresh(name + "_value"))
	ir.Rewire(g.Node, map[string]string{name: c.GetName()})
	for _, v := range g.Output {
		if v.GetName() == name { // handed through
			g.Node = append(g.Node, ir.NewNode("Identity", ir.NewNames(g).Fresh(name+"_Identity"), []string{c.GetName()}, []string{name}))
			m.Kept = slices.DeleteFunc(slices.Clone(m.Kept), func(v *onnxpb.ValueInfoProto) bool { return v.GetName() == name })
		}
	}
	g.Initializer = append(g.Initializer, c)
}

// SetDefault replaces the value of an input with a default, in the same shape. The model keeps value. It panics if
// there is no such input.
func SetDefault(m *ir.Model, name string, value *onnxpb.TensorProto) {
	g := m.Graph()
	at := slices.IndexFunc(g.Initializer, func(t *onnxpb.TensorProto) bool { return t.GetName() == name })
	if at < 0 {
		panic("onnx: no default of " + name)
	}
	c := wire.CloneTensor(value)
	c.Name = ir.Str(name)
	g.Initializer = slices.Clone(g.Initializer)
	g.Initializer[at] = c
}

// DefaultDims is the shape of the default of an input; nil if there is none.
func DefaultDims(m *ir.Model, name string) []int64 {
	for _, t := range m.Graph().GetInitializer() {
		if t.GetName() == name {
			return append([]int64{}, t.GetDims()...)
		}
	}
	return nil
}

// DropUnread removes inputs that no node reads from the graph, since they need no data, and returns their names. If no
// node reads any input, it removes none. A written file still declares them.
func DropUnread(m *ir.Model) []string {
	g := m.Graph()
	read := make(map[string]bool)
	for _, n := range g.GetNode() {
		for _, in := range ir.Reads(n) {
			read[in] = true
		}
	}
	for _, v := range g.GetOutput() {
		read[v.GetName()] = true
	}
	inputs := m.Inputs()
	unread := slices.DeleteFunc(slices.Clone(inputs), func(v ir.Value) bool { return read[v.Name] })
	if len(unread) == len(inputs) {
		return nil
	}
	var names []string
	for _, v := range unread {
		keepInput(m, v.Name)
		names = append(names, v.Name)
	}
	return names
}

// keepInput takes an input off the graph and keeps its declaration for files.
func keepInput(m *ir.Model, name string) {
	g := m.Graph()
	if m.Order == nil {
		for _, v := range g.Input {
			m.Order = append(m.Order, v.GetName())
		}
	}
	at := slices.IndexFunc(g.Input, func(v *onnxpb.ValueInfoProto) bool { return v.GetName() == name })
	if at < 0 {
		panic("onnx: no input " + name)
	}
	m.Kept = append(slices.Clone(m.Kept), g.Input[at])
	g.Input = slices.Delete(slices.Clone(g.Input), at, at+1)
}

// AxisName returns the symbolic name of an axis of a graph input; "" if it has none.
func AxisName(m *ir.Model, input string, axis int) string {
	if dims := inputDims(m, input); axis < len(dims) {
		return dims[axis].GetDimParam()
	}
	return ""
}
