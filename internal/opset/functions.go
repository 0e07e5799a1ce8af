package opset

import (
	"slices"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/wire"
	"example.org/demote/mistake"
	"example.org/demote/onnx/onnxpb"
)

// Inline replaces the calls of the model's own functions by their bodies, at operator set version Opset, so that their
// nodes are visible. The inner tensors of a call get the names call/tensor. The model has no functions afterwards.
func Inline(m *ir.Model) error {
	if len(m.Proto.GetFunctions()) == 0 {
		return nil
	}
	in := &inliner{m, ir.NewFunctions(m), ir.NewNames(m.Graph())}
	if _, err := in.functions.Size(m.Graph().GetNode()); err != nil {
		return err
	}
	if err := in.graph(m.Graph()); err != nil {
		return err
	}
	m.Proto.Functions = nil
	return nil
}

type inliner struct {
	model     *ir.Model
	functions *ir.Functions
	names     *ir.Names
}

func (in *inliner) graph(g ir.Graph) error {
	nodes, err := in.nodes(g.GetNode())
	g.Node = nodes
	return err
}

func (in *inliner) nodes(nodes []ir.Node) ([]ir.Node, error) {
	var out []ir.Node
	for _, n := range nodes {
		for _, g := range ir.Subgraphs(n) {
			if err := in.graph(g); err != nil {
				return nil, err
			}
		}
		f := in.functions.Of(n)
		if f == nil {
			out = append(out, n)
			continue
		}
		body, err := in.call(f, n)
		if err != nil {
			return nil, mistake.Errorf("%s: %w", ir.NodeName(n), err)
		}
		if body, err = in.nodes(body); err != nil {
			return nil, err
		}
		out = append(out, body...)
	}
	return out, nil
}

// call returns the nodes of one call of a function.
func (in *inliner) call(f *onnxpb.FunctionProto, call ir.Node) ([]ir.Node, error) {
	if len(call.GetInput()) > len(f.GetInput()) || len(call.GetOutput()) > len(f.GetOutput()) {
		return nil, mistake.Errorf("%d inputs and %d outputs for a function with %d and %d",
			len(call.GetInput()), len(call.GetOutput()), len(f.GetInput()), len(f.GetOutput()))
	}
	prefix := call.GetName()
	if prefix == "" {
		prefix = f.GetName()
	}
	to := make(map[string]string)
	for i, name := range f.GetInput() {
		to[name] = ir.Input(call, i)
	}
	var body []ir.Node
	for i, name := range f.GetOutput() {
		target := ir.Output(call, i)
		if target == "" {
			continue
		}
		if from, ok := to[name]; ok { // an input, or an output that was there already
			body = append(body, ir.NewNode("Identity", in.names.Fresh(target+"_Identity"), []string{from}, []string{target}))
			continue
		}
		to[name] = target
	}
	identities := len(body)
	for _, n := range f.GetNode() {
		for _, out := range n.GetOutput() {
			if _, ok := to[out]; !ok && out != "" {
				to[out] = in.names.Fresh(prefix + "/" + out)
			}
		}
		body = append(body, wire.Clone(n))
	}
	inner := body[identities:]
	for _, n := range inner {
		bindAttributes(n, f, call)
		for i, out := range n.Output {
			n.Output[i] = to[out]
		}
		n.Name = ir.Str(in.names.Fresh(prefix + "/" + n.GetName()))
	}
	ir.Rewire(inner, to)
	from := ir.OpsetOf(f.GetOpsetImport(), "")
	if from != 0 && from != ir.Opset {
		var err error
		if from < ir.MinOpset || from > ir.MaxOpset {
			return nil, mistake.Errorf("opset %d of the function is not supported: %d to %d are", from, ir.MinOpset, ir.MaxOpset)
		}
		for _, c := range converters(in.names, from, ir.Opset) {
			c.used = usedNames(&onnxpb.GraphProto{Node: inner})
			for _, out := range f.GetOutput() {
				c.used[to[out]] = true
			}
			if inner, err = c.nodes(inner); err != nil {
				return nil, err
			}
		}
		body = append(slices.Clone(inner), body[:identities]...)
	} else {
		body = append(slices.Clone(inner), body[:identities]...)
	}
	return body, in.imports(f)
}

// imports adds the function's domains to the model's.
func (in *inliner) imports(f *onnxpb.FunctionProto) error {
	p := in.model.Proto
	for _, o := range f.GetOpsetImport() {
		have := ir.OpsetOf(p.OpsetImport, o.GetDomain())
		switch {
		case o.GetDomain() == "" || o.GetDomain() == "ai.onnx" || have == o.GetVersion():
		case have == 0:
			p.OpsetImport = append(p.OpsetImport, wire.Clone(o))
		default:
			return mistake.Errorf("the function wants version %d of domain %q, the model has %d", o.GetVersion(), o.GetDomain(), have)
		}
	}
	return nil
}

// bindAttributes gives the attributes of a function's node that refer to the call's their values, or those of the
// function's declaration; where neither has one the node goes without.
func bindAttributes(n ir.Node, f *onnxpb.FunctionProto, call ir.Node) {
	var bound []*onnxpb.AttributeProto
	for _, a := range n.GetAttribute() {
		ref := a.GetRefAttrName()
		if ref == "" {
			bound = append(bound, a)
			continue
		}
		value := ir.Attr(call, ref)
		for _, def := range f.GetAttributeProto() {
			if value == nil && def.GetName() == ref {
				value = def
			}
		}
		if value != nil {
			value = wire.Clone(value)
			value.Name = a.Name
			bound = append(bound, value)
		}
	}
	n.Attribute = bound
	for _, g := range ir.Subgraphs(n) {
		for _, inner := range g.GetNode() {
			bindAttributes(inner, f, call)
		}
	}
}
