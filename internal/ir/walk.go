package ir

import "slices"

// A Place is the state of Walk in one graph: the types of its tensors, and which of them depend on the network's
// inputs. The bodies of If, Loop and Scan have places of their own.
type Place struct {
	Types  *Typer            // element types of the whole graph
	varies map[string]bool   // by tensor of this graph: it depends on inputs, or on chance
	stored map[string]bool   // all values are values of constants, perhaps at other places
	values map[string]Tensor // of constants
	node   Node              // whose body this is; nil: the main graph
	outer  *Place
}

// Walk calls f for every node of the main graph and of its bodies, in topological order: a node, then the nodes of its
// bodies, then the next node. What p says of the node's outputs holds already. It stops at the first error of f and
// returns it. p is valid during the call. Functions are not walked.
func (m *Model) Walk(f func(p *Place, n Node) error) error {
	return walkGraph(m.Graph(), newPlace(nil, nil), f)
}

// newPlace is the place of the body of a node, or of the main graph.
func newPlace(n Node, outer *Place) *Place {
	return &Place{varies: make(map[string]bool), stored: make(map[string]bool), values: make(map[string]Tensor), node: n, outer: outer}
}

// walkGraph is Walk for one graph and the bodies in it.
func walkGraph(g Graph, p *Place, f func(p *Place, n Node) error) error {
	p.Types = &Typer{Declared: make(map[string]DType), Own: make(map[string]DType)}
	if p.outer != nil {
		p.Types.Outer = p.outer.Types
	}
	p.Types.Graph(g)
	for _, v := range g.GetInput() {
		p.varies[v.GetName()] = true
	}
	for _, t := range g.GetInitializer() {
		p.varies[t.GetName()], p.stored[t.GetName()], p.values[t.GetName()] = false, true, t
	}
	for _, n := range g.GetNode() {
		varies := Is(n, Random)
		for _, in := range Reads(n) {
			varies = varies || p.Depends(in)
		}
		for _, out := range n.GetOutput() {
			p.varies[out], p.stored[out] = varies, !varies || p.takes(n)
		}
		if Standard(n) && n.GetOpType() == "Constant" {
			p.values[Output(n, 0)] = ConstantValue(n)
		}
		if err := f(p, n); err != nil {
			return err
		}
		for _, body := range Subgraphs(n) {
			if err := walkGraph(body, newPlace(n, p), f); err != nil {
				return err
			}
		}
	}
	return nil
}

// Depends reports whether the values of a tensor, of this graph or of one around it, depend on the network's inputs or
// are random. Inputs of a body always do. It is false for names that are not known.
func (p *Place) Depends(name string) bool {
	for ; p != nil; p = p.outer {
		if varies, ok := p.varies[name]; ok {
			return varies
		}
	}
	return false
}

// Stores reports whether all values of a tensor are values of constants, such as the rows that an input selects from
// a table.
func (p *Place) Stores(name string) bool {
	for ; p != nil; p = p.outer {
		if _, ok := p.varies[name]; ok {
			return p.stored[name]
		}
	}
	return false
}

// takes reports whether a node only moves values of constants.
func (p *Place) takes(n Node) bool {
	operands := n.GetInput()
	switch {
	case Is(n, Moving):
		operands = operands[:min(1, len(operands))]
	case Standard(n) && n.GetOpType() == "Where":
		operands = operands[min(1, len(operands)):]
	case !Standard(n) || n.GetOpType() != "Concat":
		return false
	}
	return len(operands) > 0 && !slices.ContainsFunc(operands, func(t string) bool { return !p.Stores(t) })
}

// Constant returns the value of an initializer or of a Constant node, of this graph or of one around it, or nil for any
// other tensor. The model may own it.
func (p *Place) Constant(name string) Tensor {
	for ; p != nil; p = p.outer {
		if _, ok := p.varies[name]; ok {
			return p.values[name]
		}
	}
	return nil
}

// Name returns the name of a node for messages, with the body that it is in.
func (p *Place) Name(n Node) string {
	if p.node == nil {
		return NodeName(n)
	}
	return NodeName(n) + " inside " + p.outer.Name(p.node)
}
