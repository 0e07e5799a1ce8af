package onnx

import (
	"slices"

	"demote/onnx/onnxpb"
)

// inlineFunctions puts the bodies of the model's own functions in the place of their calls, at operator set Opset, so
// that what they compute is seen. The inner tensors of a call are named call/tensor. The functions are gone afterwards.
func inlineFunctions(m *Model) error {
	if len(m.Proto.GetFunctions()) == 0 {
		return nil
	}
	in := newInliner(m)
	if _, err := in.size(m.Graph().GetNode()); err != nil {
		return err
	}
	if err := in.graph(m.Graph()); err != nil {
		return err
	}
	m.Proto.Functions = nil
	return nil
}

func newInliner(m *Model) *inliner {
	in := &inliner{
		model: m, functions: make(map[functionKey]*onnxpb.FunctionProto),
		names: newNames(m.Graph()), sizes: make(map[functionKey]int), limit: inlineLimit(m),
	}
	for _, f := range m.Proto.GetFunctions() {
		in.functions[functionKey{f.GetDomain(), f.GetName(), f.GetOverload()}] = f
	}
	return in
}

type functionKey struct{ domain, name, overload string }

type inliner struct {
	model     *Model
	functions map[functionKey]*onnxpb.FunctionProto
	names     *names
	sizes     map[functionKey]int // what a call becomes, in nodes; -1 while it is counted
	limit     int                 // of what all calls become
}

func keyOf(n node) functionKey { return functionKey{n.GetDomain(), n.GetOpType(), n.GetOverload()} }

func (in *inliner) graph(g graph) error {
	nodes, err := in.nodes(g.GetNode())
	g.Node = nodes
	return err
}

func (in *inliner) nodes(nodes []node) ([]node, error) {
	var out []node
	for _, n := range nodes {
		for _, g := range subgraphs(n) {
			if err := in.graph(g); err != nil {
				return nil, err
			}
		}
		f := in.functions[keyOf(n)]
		if f == nil {
			out = append(out, n)
			continue
		}
		body, err := in.call(f, n)
		if err != nil {
			return nil, badf("%s: %w", nodeName(n), err)
		}
		if body, err = in.nodes(body); err != nil {
			return nil, err
		}
		out = append(out, body...)
	}
	return out, nil
}

// call returns the nodes of one call of a function.
func (in *inliner) call(f *onnxpb.FunctionProto, call node) ([]node, error) {
	if len(call.GetInput()) > len(f.GetInput()) || len(call.GetOutput()) > len(f.GetOutput()) {
		return nil, badf("%d inputs and %d outputs for a function with %d and %d",
			len(call.GetInput()), len(call.GetOutput()), len(f.GetInput()), len(f.GetOutput()))
	}
	prefix := call.GetName()
	if prefix == "" {
		prefix = f.GetName()
	}
	to := make(map[string]string)
	for i, name := range f.GetInput() {
		to[name] = input(call, i)
	}
	var body []node
	for i, name := range f.GetOutput() {
		target := output(call, i)
		if target == "" {
			continue
		}
		if from, ok := to[name]; ok { // an input, or an output that was there already
			body = append(body, newNode("Identity", in.names.fresh(target+"_Identity"), []string{from}, []string{target}))
			continue
		}
		to[name] = target
	}
	identities := len(body)
	for _, n := range f.GetNode() {
		for _, out := range n.GetOutput() {
			if _, ok := to[out]; !ok && out != "" {
				to[out] = in.names.fresh(prefix + "/" + out)
			}
		}
		body = append(body, clone(n))
	}
	inner := body[identities:]
	for _, n := range inner {
		bindAttributes(n, f, call)
		for i, out := range n.Output {
			n.Output[i] = to[out]
		}
		n.Name = str(in.names.fresh(prefix + "/" + n.GetName()))
	}
	rewire(inner, to)
	from := opsetOf(f.GetOpsetImport(), "")
	if from != 0 && from != Opset {
		var err error
		if from < MinOpset || from > MaxOpset {
			return nil, badf("opset %d of the function is not supported: %d to %d are", from, MinOpset, MaxOpset)
		}
		for _, c := range converters(in.names, from, Opset) {
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
		have := opsetOf(p.OpsetImport, o.GetDomain())
		switch {
		case o.GetDomain() == "" || o.GetDomain() == "ai.onnx" || have == o.GetVersion():
		case have == 0:
			p.OpsetImport = append(p.OpsetImport, clone(o))
		default:
			return badf("the function wants version %d of domain %q, the model has %d", o.GetVersion(), o.GetDomain(), have)
		}
	}
	return nil
}

// bindAttributes gives the attributes of a function's node that refer to the call's their values, or those of the
// function's declaration; where neither has one the node goes without.
func bindAttributes(n node, f *onnxpb.FunctionProto, call node) {
	var bound []*onnxpb.AttributeProto
	for _, a := range n.GetAttribute() {
		ref := a.GetRefAttrName()
		if ref == "" {
			bound = append(bound, a)
			continue
		}
		value := attr(call, ref)
		for _, def := range f.GetAttributeProto() {
			if value == nil && def.GetName() == ref {
				value = def
			}
		}
		if value != nil {
			value = clone(value)
			value.Name = a.Name
			bound = append(bound, value)
		}
	}
	n.Attribute = bound
	for _, g := range subgraphs(n) {
		for _, inner := range g.GetNode() {
			bindAttributes(inner, f, call)
		}
	}
}
