package ir

import "slices"

// A Place is a graph of a model while its nodes are looked at in order: what is known of its tensors' types, and which of them
// depend on what the network is given. Bodies of If, Loop and Scan are places inside the place of their node.
type Place struct {
	Types  *Typer
	varies map[string]bool
	stored map[string]bool   // its values are those of constants, wherever they are taken from
	values map[string]Tensor // of constants
	node   Node              // whose body this is; nil: the main graph
	outer  *Place
}

// Walk calls f for every node of the main graph and of the bodies inside it, each before what reads its outputs, until f
// returns an error.
func (m *Model) Walk(f func(p *Place, n Node) error) error {
	return walkGraph(m.Graph(), newPlace(nil, nil), f)
}

func newPlace(n Node, outer *Place) *Place {
	return &Place{varies: make(map[string]bool), stored: make(map[string]bool), values: make(map[string]Tensor), node: n, outer: outer}
}

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

// Depends tells whether a tensor's values depend on what the network is given, or on chance.
func (p *Place) Depends(name string) bool {
	for ; p != nil; p = p.outer {
		if varies, ok := p.varies[name]; ok {
			return varies
		}
	}
	return false
}

// Stores tells whether a tensor holds nothing but values of constants, as the rows that an input picks from a table.
func (p *Place) Stores(name string) bool {
	for ; p != nil; p = p.outer {
		if _, ok := p.varies[name]; ok {
			return p.stored[name]
		}
	}
	return false
}

// takes tells whether a node only moves values of constants.
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

// Constant is the value of an initializer or of a Constant node; nil for any other tensor.
func (p *Place) Constant(name string) Tensor {
	for ; p != nil; p = p.outer {
		if _, ok := p.varies[name]; ok {
			return p.values[name]
		}
	}
	return nil
}

// Name says of a node what it is and where it is.
func (p *Place) Name(n Node) string {
	if p.node == nil {
		return NodeName(n)
	}
	return NodeName(n) + " inside " + p.outer.Name(p.node)
}
