package rewrite

import (
	"math"
	"slices"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/wire"
	"example.org/demote/onnx/onnxpb"
)

// Fused is a switchable model for a device whose FakeQuant clips its input first, by the attribute clip, FLOATS[2]: the
// lowest value and the highest. A Relu or a Clip with constant bounds in front of a FakeQuant, read by nothing else,
// becomes such an attribute; several in a row become one. The outputs are the same bits: NaN passes through all of
// these, and a grid makes -0 and 0 the same. The model itself is left alone.
func Fused(m *ir.Model) *ir.Model {
	nodes := slices.Clone(m.Graph().GetNode())
	f := newFusing(m)
	gone := make(map[ir.Node]bool)
	for i, n := range nodes {
		if n.GetOpType() != ir.FakeQuantOp || n.GetDomain() != ir.FakeQuantDomain {
			continue
		}
		x, clip := ir.Input(n, 0), everything
		for {
			before, first, ok := f.clipping(x)
			if !ok {
				break
			}
			x, clip = ir.Input(before, 0), first.then(clip)
			gone[before] = true
		}
		if x == ir.Input(n, 0) {
			continue
		}
		nodes[i] = wire.Clone(n)
		nodes[i].Input[0] = x
		nodes[i].Attribute = append(nodes[i].Attribute, ir.FloatsAttr("clip", clip.below, clip.above))
	}
	if len(gone) == 0 {
		return m
	}
	return f.without(nodes, gone)
}

// bounds are those of a clip.
type bounds struct{ below, above float32 }

var everything = bounds{float32(math.Inf(-1)), float32(math.Inf(1))}

// of clips a value as Clip does: to the lower bound first.
func (b bounds) of(x float32) float32 { return min(max(x, b.below), b.above) }

// then is the clip that does both, b first.
func (b bounds) then(next bounds) bounds {
	return bounds{next.of(b.of(b.below)), next.of(b.of(b.above))}
}

// fusing finds what can be fused in a model.
type fusing struct {
	m       *ir.Model
	made    map[string]ir.Node
	reads   map[string]int
	outputs map[string]bool
	opset   int64
}

func newFusing(m *ir.Model) *fusing {
	f := &fusing{m: m, made: map[string]ir.Node{}, reads: map[string]int{}, outputs: map[string]bool{}, opset: m.OpsetOf("")}
	for _, n := range m.Graph().GetNode() {
		for _, t := range n.GetOutput() {
			f.made[t] = n
		}
		for _, t := range ir.Reads(n) {
			f.reads[t]++
		}
	}
	for _, v := range m.Graph().GetOutput() {
		f.outputs[v.GetName()] = true
	}
	return f
}

// without is the model with other nodes, without those that are gone and what nobody reads any more.
func (f *fusing) without(nodes []ir.Node, gone map[ir.Node]bool) *ir.Model {
	nodes = slices.DeleteFunc(nodes, func(n ir.Node) bool { return gone[n] })
	left := map[string]bool{}
	for n := range gone {
		for _, t := range append(ir.Reads(n), n.GetOutput()...) {
			left[t] = true
		}
	}
	for _, n := range nodes {
		for _, t := range append(ir.Reads(n), n.GetOutput()...) {
			delete(left, t)
		}
	}
	g := f.m.Graph()
	sub := &onnxpb.GraphProto{Name: g.Name, Node: nodes, Input: g.Input, Output: g.Output}
	for _, t := range g.GetInitializer() {
		if !left[t.GetName()] {
			sub.Initializer = append(sub.Initializer, t)
		}
	}
	for _, v := range g.GetValueInfo() {
		if !left[v.GetName()] {
			sub.ValueInfo = append(sub.ValueInfo, v)
		}
	}
	p := &onnxpb.ModelProto{IrVersion: f.m.Proto.IrVersion, OpsetImport: f.m.Proto.OpsetImport, Functions: f.m.Proto.Functions, Graph: sub}
	return &ir.Model{Proto: p, Dir: f.m.Dir, Path: f.m.Path}
}

// clipping is the node that makes a tensor, with its bounds, if it is a clip that can be fused into the one node that
// reads the tensor.
func (f *fusing) clipping(t string) (n ir.Node, b bounds, ok bool) {
	n = f.made[t]
	if n == nil || !ir.Standard(n) || f.reads[t] != 1 || f.outputs[t] {
		return nil, b, false
	}
	switch n.GetOpType() {
	case "Relu":
		return n, bounds{0, everything.above}, true
	case "Clip":
		b, ok = f.boundsOf(n)
	}
	return n, b, ok
}

// boundsOf are the bounds of a Clip: attributes before operator set 11, inputs that may be left out since.
func (f *fusing) boundsOf(n ir.Node) (b bounds, ok bool) {
	b = everything
	if f.opset < 11 {
		b = bounds{ir.AttrFloat(n, "min", -math.MaxFloat32), ir.AttrFloat(n, "max", math.MaxFloat32)}
	}
	for i, to := range []*float32{&b.below, &b.above} {
		name := ir.Input(n, i+1)
		if name == "" {
			continue
		}
		v, err := f.constant(name)
		if err != nil || len(v) != 1 {
			return b, false
		}
		*to = v[0]
	}
	return b, b.below == b.below && b.above == b.above
}

// constant are the values of a constant tensor; nil if it is none.
func (f *fusing) constant(name string) ([]float32, error) {
	if n := f.made[name]; n != nil && ir.Standard(n) && n.GetOpType() == "Constant" {
		if v := ir.ConstantValue(n); v != nil {
			return ir.Floats(v)
		}
		return nil, nil
	}
	for _, v := range f.m.Graph().GetInput() {
		if v.GetName() == name {
			return nil, nil
		}
	}
	for _, t := range f.m.Graph().GetInitializer() {
		if t.GetName() == name {
			return ir.Floats(t)
		}
	}
	return nil, nil
}
