package rewrite

import (
	"fmt"
	"slices"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/variants"
	"example.org/demote/internal/wire"
	"example.org/demote/onnx/onnxpb"
)

// A CodedNetwork is a switchable network that can start at its cuts. Before a cut, FakeQuantCodes replaces FakeQuant
// and also outputs 16-bit codes on its grid; after the cut, FromCodes makes the same values from them. The nodes are
// those of the network as it is, or as ONNX Runtime has optimized it in one piece. Tensors in its blocked layout pass
// the cut in that layout, since codes are element-wise.
type CodedNetwork struct {
	model  *ir.Model
	cuts   []Cut
	fakes  map[int]ir.Node    // by holder
	on     map[string]int     // tensor of a cut -> the holder on whose grid it lies
	made   map[string]ir.Node // tensor -> the node that makes it
	shapes map[string][]int64 // of the tensors at cuts, as codes
}

// Operators at cuts, in FakeQuant's domain and with its attributes.
const (
	fakeQuantCodesOp = "FakeQuantCodes"
	fromCodesOp      = "FromCodes"
)

// Coded makes entries into this switchable network at some of its cuts. optimized is the same network from Blocked;
// nil: this one. measure gets the shapes of tensors of a model from the runtime. The error names a tensor at a cut that
// cannot pass as codes.
func Coded(m *ir.Model, cuts []Cut, optimized *ir.Model, measure func(m *ir.Model, tensors []string) (map[string][]int64, error)) (*CodedNetwork, error) {
	c := &CodedNetwork{model: optimized, cuts: cuts, fakes: map[int]ir.Node{}, on: map[string]int{}, made: map[string]ir.Node{}}
	if optimized == nil {
		c.model = m
	}
	for _, n := range c.model.Graph().GetNode() {
		for _, t := range n.GetOutput() {
			c.made[t] = n
		}
		if n.GetOpType() == ir.FakeQuantOp && n.GetDomain() == ir.FakeQuantDomain {
			c.fakes[int(ir.AttrInt(n, "holder", -1))] = n
		}
	}
	own := FakeQuants(m)
	var stored []string
	for _, cut := range cuts[1 : len(cuts)-1] {
		for _, t := range cut.Tensors {
			h, ok := own[t]
			n := c.fakes[h]
			if !ok || n == nil {
				return nil, fmt.Errorf("tensor %q at a cut lies on no grid", t)
			}
			if _, ok := c.on[t]; !ok {
				c.on[t] = h
				stored = append(stored, ir.Output(n, 0))
			}
		}
	}
	var err error
	c.shapes, err = measure(variants.WithOutputs(c.model, stored...), stored)
	return c, err
}

// Codes has the name and the shape of a cut's tensor as uint16 codes, and the holder whose grid they are on.
func (c *CodedNetwork) Codes(tensor string) (name string, dims []int64, holder int) {
	holder = c.on[tensor]
	return tensor + ":codes", c.shapes[ir.Output(c.fakes[holder], 0)], holder
}

// Entry is the network from one of the cuts to its end. Its inputs are the codes of that cut, and the network's inputs
// and the mask if it reads them. Its outputs are those of the network, followed by the codes of the later cuts that it
// makes.
func (c *CodedNetwork) Entry(from int, later []int) (*ir.Model, error) {
	p := gathering{CodedNetwork: c, inside: map[string]bool{}, given: map[string]string{}}
	if from > 0 {
		for _, t := range c.cuts[from].Tensors {
			p.given[ir.Output(c.fakes[c.on[t]], 0)] = t
		}
	}
	g := c.model.Graph()
	sub := &onnxpb.GraphProto{Name: g.Name}
	for _, t := range c.cuts[len(c.cuts)-1].Tensors {
		p.need(t)
		sub.Output = append(sub.Output, c.model.ValueInfos()[t])
	}
	stored := map[string]ir.Node{} // by tensor: what makes it and its codes
	for _, cut := range later {
		for _, t := range c.cuts[cut].Tensors {
			value := ir.Output(c.fakes[c.on[t]], 0)
			if _, ok := p.given[value]; ok || stored[value] != nil {
				continue
			}
			p.need(value)
			name, dims, h := c.Codes(t)
			n := wire.Clone(c.fakes[h])
			n.OpType, n.Output = ir.Str(fakeQuantCodesOp), []string{value, name}
			stored[value] = n
			sub.Output = append(sub.Output, ir.NewValue(name, ir.Uint16, dims))
		}
	}
	for _, v := range g.GetInput() {
		if p.inside[v.GetName()] {
			sub.Input = append(sub.Input, v)
			delete(p.inside, v.GetName())
		}
	}
	if len(p.read) > 0 {
		p.mask(sub)
	}
	for _, t := range p.read {
		name, dims, h := c.Codes(t)
		sub.Input = append(sub.Input, ir.NewValue(name, ir.Uint16, dims))
		sub.Node = append(sub.Node, c.values(name, ir.Output(c.fakes[h], 0), h))
	}
	for _, n := range g.GetNode() {
		if slices.ContainsFunc(n.GetOutput(), func(t string) bool { return t != "" && p.inside[t] }) {
			for _, t := range n.GetOutput() {
				delete(p.inside, t)
			}
			if s := stored[ir.Output(n, 0)]; s != nil {
				n = s
			}
			sub.Node = append(sub.Node, n)
		}
	}
	for _, t := range g.GetInitializer() {
		if p.inside[t.GetName()] {
			sub.Initializer = append(sub.Initializer, t)
			delete(p.inside, t.GetName())
		}
	}
	for t := range p.inside {
		return nil, fmt.Errorf("behind the cut %q is read, which lies in front of it", t)
	}
	if len(sub.Output) == 0 {
		return nil, fmt.Errorf("no outputs behind the cut")
	}
	model := &onnxpb.ModelProto{IrVersion: c.model.Proto.IrVersion, OpsetImport: c.model.Proto.OpsetImport, Functions: c.model.Proto.Functions, Graph: sub}
	return &ir.Model{Proto: model, Dir: c.model.Dir, Path: c.model.Path}, nil
}

// gathering is a search for what lies behind a cut.
type gathering struct {
	*CodedNetwork
	inside map[string]bool   // tensors that are needed and not handed over as codes
	given  map[string]string // tensor of the model -> that of the network as whose codes it is handed over
	read   []string          // the latter, as far as they are read
}

// need takes a tensor and what it is made from.
func (p *gathering) need(tensor string) {
	todo := []string{tensor}
	for len(todo) > 0 {
		t := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if t == "" || p.inside[t] {
			continue
		}
		if codes, ok := p.given[t]; ok {
			if !slices.Contains(p.read, codes) {
				p.read = append(p.read, codes)
			}
			continue
		}
		p.inside[t] = true
		if n := p.made[t]; n != nil {
			todo = append(todo, ir.Reads(n)...)
		}
	}
}

// mask adds the mask to a graph's inputs, if it is not among them.
func (p *gathering) mask(g *onnxpb.GraphProto) {
	if slices.ContainsFunc(g.Input, func(v *onnxpb.ValueInfoProto) bool { return v.GetName() == ir.MaskInput }) {
		return
	}
	g.Input = append(g.Input, p.model.ValueInfos()[ir.MaskInput])
}

// values is a node that makes values of codes on a holder's grid.
func (c *CodedNetwork) values(codes, y string, holder int) ir.Node {
	n := wire.Clone(c.fakes[holder])
	n.OpType, n.Name, n.Input, n.Output = ir.Str(fromCodesOp), ir.Str(y+":"+fromCodesOp), []string{codes, ir.MaskInput}, []string{y}
	return n
}
