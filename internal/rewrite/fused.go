package rewrite

import (
	"slices"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/wire"
	"example.org/demote/onnx/onnxpb"
)

// Fused is a switchable model for a device whose holders do what stands in front of them, so that a tensor is read and
// written once for all of it. What is read by nothing else becomes a part of the FakeQuant: a Relu or a Clip with
// constant bounds, the attribute clip, FLOATS[2], the lowest value and the highest; a Sigmoid, x times its Sigmoid, a
// HardSigmoid or HardSwish in any form (its attribute line), a sum or product of two tensors, the bias of a
// convolution: a FakeQuantOf with the bits of these as its attribute does, the other tensor as its third input, and how
// many elements in a row each of its elements is for as its attribute inner (cgo/cuda_op.c). Each step is rounded to
// float32 as the operators of their own are; a grid makes -0 and 0 the same. The model itself is left alone.
func Fused(m *ir.Model) *ir.Model {
	nodes := slices.Clone(m.Graph().GetNode())
	f := newFusing(m)
	for i, n := range nodes {
		if n.GetOpType() != ir.FakeQuantOp || n.GetDomain() != ir.FakeQuantDomain {
			continue
		}
		if front := f.front(n); front.x != ir.Input(n, 0) || front.does != 0 {
			nodes[i] = front.of(n)
		}
	}
	if len(f.gone)+len(f.without) == 0 {
		return m
	}
	return f.rest(nodes)
}

// The operations of FakeQuantOf, as bits (kernels.cu).
const (
	frontAdd = 1 << iota
	frontMul
	frontSigmoid
	frontGate
	frontLine
	frontTimes
	frontOfLine
	frontOfValue
	frontDivides
)

// front is what a holder does before its grid, in this order: adds or multiplies by other, takes the sigmoid, x times
// the sigmoid or a line, clips.
type front struct {
	x     string
	does  int64
	other string
	inner int64 // elements in a row that each element of other is for
	line  *line
	clip  bounds
}

// of is the holder's node with its front.
func (t front) of(n ir.Node) ir.Node {
	n = wire.Clone(n)
	n.Input[0] = t.x
	if t.clip != everything {
		n.Attribute = append(n.Attribute, ir.FloatsAttr("clip", t.clip.below, t.clip.above))
	}
	if t.does != 0 {
		n.OpType = ir.Str(ir.FakeQuantOp + "Of")
		n.Attribute = append(n.Attribute, ir.IntAttr("does", t.does), ir.IntAttr("inner", t.inner))
	}
	if t.line != nil {
		n.Attribute = append(n.Attribute, ir.FloatsAttr("line", t.line.numbers()...))
	}
	if t.other != "" {
		n.Input = append(n.Input, t.other)
	}
	return n
}

// fusing finds what can be fused in a model.
type fusing struct {
	m       *ir.Model
	made    map[string]ir.Node
	readBy  map[string][]ir.Node
	outputs map[string]bool
	dims    map[string][]int64
	opset   int64
	gone    map[ir.Node]bool    // what is part of a holder
	without map[ir.Node]ir.Node // convolutions, and what they are without their bias
}

func newFusing(m *ir.Model) *fusing {
	f := &fusing{m: m, made: map[string]ir.Node{}, readBy: map[string][]ir.Node{}, outputs: map[string]bool{}, dims: map[string][]int64{}, opset: m.OpsetOf(""),
		gone: map[ir.Node]bool{}, without: map[ir.Node]ir.Node{}}
	for _, n := range m.Graph().GetNode() {
		for _, t := range n.GetOutput() {
			f.made[t] = n
		}
		for _, t := range ir.Reads(n) {
			f.readBy[t] = append(f.readBy[t], n)
		}
	}
	for _, v := range m.Graph().GetOutput() {
		f.outputs[v.GetName()] = true
	}
	for name, v := range m.ValueInfos() {
		f.dims[name] = ir.ValueOf(v).Dims
	}
	for _, t := range m.Graph().GetInitializer() {
		f.dims[t.GetName()] = t.GetDims()
	}
	return f
}

// rest is the model with other nodes, without those that are gone and what nobody reads any more.
func (f *fusing) rest(nodes []ir.Node) *ir.Model {
	nodes = slices.DeleteFunc(nodes, func(n ir.Node) bool { return f.gone[n] })
	left := map[string]bool{}
	for n := range f.gone {
		for _, t := range append(ir.Reads(n), n.GetOutput()...) {
			left[t] = true
		}
	}
	for i, n := range nodes {
		if w := f.without[n]; w != nil {
			nodes[i], n = w, w
		}
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
