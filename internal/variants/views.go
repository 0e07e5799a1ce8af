package variants

import (
	"example.org/demote/internal/ir"
	"example.org/demote/onnx/onnxpb"
)

// WithOutputs returns a copy of the model that has these tensors of the main graph as its outputs, and nothing that
// they do not need. It panics if a name is none of a tensor.
func WithOutputs(m *ir.Model, names ...string) *ir.Model {
	c := m.Clone()
	g := c.Graph()
	known := make(map[string]*onnxpb.ValueInfoProto)
	for _, values := range [][]*onnxpb.ValueInfoProto{g.ValueInfo, g.Input, g.Output} {
		for _, v := range values {
			known[v.GetName()] = v
		}
	}
	all := ir.Defined(g)
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
	c.Prune()
	return c
}

// WithShapes returns a copy of the model in which these inputs, outputs and inner tensors have fixed shapes. The
// shapes of other inner tensors are dropped, where they could contradict them; element types stay.
func WithShapes(m *ir.Model, shapes map[string][]int64) *ir.Model {
	c := m.Clone()
	g := c.Graph()
	for _, values := range [][]*onnxpb.ValueInfoProto{g.Input, g.Output} {
		for _, v := range values {
			if dims, ok := shapes[v.GetName()]; ok {
				ir.SetShape(v, dims)
			}
		}
	}
	seen := make(map[string]bool)
	for _, v := range g.ValueInfo {
		seen[v.GetName()] = true
		if dims, ok := shapes[v.GetName()]; ok {
			ir.SetShape(v, dims)
		} else if t := v.GetType().GetTensorType(); t != nil {
			t.Shape = nil
		}
	}
	addShapes(c, shapes, seen)
	return c
}

// OpenOutputs returns a copy of the model whose outputs declare their element types alone, and no shapes.
func OpenOutputs(m *ir.Model) *ir.Model {
	c := m.Clone()
	for _, v := range c.Graph().Output {
		if t := v.GetType().GetTensorType(); t != nil {
			t.Shape = nil
		}
	}
	return c
}

// addShapes adds value infos for tensors that have none yet, in node order, where the element type is known.
func addShapes(m *ir.Model, shapes map[string][]int64, seen map[string]bool) {
	g := m.Graph()
	for _, values := range [][]*onnxpb.ValueInfoProto{g.Input, g.Output} {
		for _, v := range values {
			seen[v.GetName()] = true
		}
	}
	x, err := ir.NewIndex(m)
	if err != nil {
		panic("onnx: a model that was read has a bad graph: " + err.Error())
	}
	for _, n := range g.Node {
		for _, out := range n.GetOutput() {
			if dims, ok := shapes[out]; ok && !seen[out] && x.Type(out) != ir.Undefined {
				g.ValueInfo = append(g.ValueInfo, ir.NewValue(out, x.Type(out), dims))
			}
		}
	}
}
