package onnx

import "slices"

// A place is a graph of a model while its nodes are looked at in order: what is known of its tensors' types, and which of them
// depend on what the network is given. Bodies of If, Loop and Scan are places inside the place of their node.
type place struct {
	types  *typer
	varies map[string]bool
	stored map[string]bool   // its values are those of constants, wherever they are taken from
	values map[string]tensor // of constants
	node   node              // whose body this is; nil: the main graph
	outer  *place
}

// walk calls f for every node of the main graph and of the bodies inside it, each before what reads its outputs, until f
// returns an error.
func (m *Model) walk(f func(p *place, n node) error) error {
	return walkGraph(m.Graph(), newPlace(nil, nil), f)
}

func newPlace(n node, outer *place) *place {
	return &place{varies: make(map[string]bool), stored: make(map[string]bool), values: make(map[string]tensor), node: n, outer: outer}
}

func walkGraph(g graph, p *place, f func(p *place, n node) error) error {
	p.types = &typer{declared: make(map[string]DType), own: make(map[string]DType)}
	if p.outer != nil {
		p.types.outer = p.outer.types
	}
	p.types.graph(g)
	for _, v := range g.GetInput() {
		p.varies[v.GetName()] = true
	}
	for _, t := range g.GetInitializer() {
		p.varies[t.GetName()], p.stored[t.GetName()], p.values[t.GetName()] = false, true, t
	}
	for _, n := range g.GetNode() {
		varies := is(n, random)
		for _, in := range reads(n) {
			varies = varies || p.depends(in)
		}
		for _, out := range n.GetOutput() {
			p.varies[out], p.stored[out] = varies, !varies || p.takes(n)
		}
		if standard(n) && n.GetOpType() == "Constant" {
			p.values[output(n, 0)] = constantValue(n)
		}
		if err := f(p, n); err != nil {
			return err
		}
		for _, body := range subgraphs(n) {
			if err := walkGraph(body, newPlace(n, p), f); err != nil {
				return err
			}
		}
	}
	return nil
}

// depends tells whether a tensor's values depend on what the network is given, or on chance.
func (p *place) depends(name string) bool {
	for ; p != nil; p = p.outer {
		if varies, ok := p.varies[name]; ok {
			return varies
		}
	}
	return false
}

// stores tells whether a tensor holds nothing but values of constants, as the rows that an input picks from a table.
func (p *place) stores(name string) bool {
	for ; p != nil; p = p.outer {
		if _, ok := p.varies[name]; ok {
			return p.stored[name]
		}
	}
	return false
}

// takes tells whether a node only moves values of constants.
func (p *place) takes(n node) bool {
	operands := n.GetInput()
	switch {
	case is(n, moving):
		operands = operands[:min(1, len(operands))]
	case standard(n) && n.GetOpType() == "Where":
		operands = operands[min(1, len(operands)):]
	case !standard(n) || n.GetOpType() != "Concat":
		return false
	}
	return len(operands) > 0 && !slices.ContainsFunc(operands, func(t string) bool { return !p.stores(t) })
}

// constant is the value of an initializer or of a Constant node; nil for any other tensor.
func (p *place) constant(name string) tensor {
	for ; p != nil; p = p.outer {
		if _, ok := p.varies[name]; ok {
			return p.values[name]
		}
	}
	return nil
}

// name says of a node what it is and where it is.
func (p *place) name(n node) string {
	if p.node == nil {
		return nodeName(n)
	}
	return nodeName(n) + " inside " + p.outer.name(p.node)
}
