package onnx

import (
	"slices"

	"demote/onnx/onnxpb"
	"demote/quant"
)

// quantizer is what puts an activation tensor on a grid in a file that is already quantized: one node of an MCTQ file, or the
// QuantizeLinear and DequantizeLinear nodes of one tensor.
type quantizer struct {
	name  string   // of the holder, "": that of its tensor
	in    string   // the tensor that is quantized
	outs  []string // the tensors that hold the quantized values
	nodes []node   // that disappear; the first says where in the graph
	grid  quant.Grid
}

// strip takes the quantizers out of the network's model and makes holders of them, in their order. A holder's tensor is the one
// that the quantizer read, so that a FakeQuant can stand in its place; with three exceptions. Where the quantized values are an
// output of the graph, the tensor has that output's name. Where something else reads the tensor unquantized too, or another
// quantizer, or where it is a constant, an Identity node makes a tensor of its own for the holder.
func (n *Network) strip(all []quantizer) error {
	x, err := NewIndex(n.Model)
	if err != nil {
		return err
	}
	s := &stripping{index: x, mine: make(map[node]bool), made: make(map[string]bool), to: make(map[string]string), instead: make(map[node][]node)}
	for _, q := range all {
		for _, nd := range q.nodes {
			s.mine[nd] = true
		}
		for _, out := range q.outs {
			s.made[out] = true
		}
		s.readers(q.in)
	}
	tensors := make([]string, len(all))
	for i, q := range all {
		tensors[i] = s.take(q)
	}
	s.rewrite(n.Model.Graph())
	for i, t := range tensors {
		name := all[i].name
		if name == "" {
			name = t
		}
		n.Holders = append(n.Holders, Holder{Name: name, Tensor: t, Index: i})
	}
	return n.describe()
}

// stripping is the work of strip.
type stripping struct {
	index   *Index
	mine    map[node]bool     // nodes of quantizers
	made    map[string]bool   // what quantizers make
	to      map[string]string // new names of tensors that are read
	instead map[node][]node   // what takes the place of a removed node
	times   map[string]int    // quantizers that read a tensor
}

func (s *stripping) readers(t string) {
	if s.times == nil {
		s.times = make(map[string]int)
	}
	s.times[t]++
}

// take decides on the holder's tensor of one quantizer and notes what has to change for it.
func (s *stripping) take(q quantizer) string {
	x := s.index
	var final []string // quantized values that are outputs of the graph: they keep their names
	for _, out := range q.outs {
		if x.IsOutput(out) {
			final = append(final, out)
		}
	}
	raw := slices.ContainsFunc(x.Consumers(q.in), func(c node) bool { return !s.mine[c] })
	producer := x.Producer(q.in)
	own := raw || s.times[q.in] > 1 || x.IsOutput(q.in) || s.made[q.in] || producer == nil && !x.IsInput(q.in)
	t := q.in
	switch {
	case own || len(final) > 0 && producer == nil:
		t = q.outs[0]
		if len(final) > 0 {
			t = final[0]
		}
		s.identity(q, q.in, t)
	case len(final) > 0:
		t = final[0]
		for i, out := range producer.Output {
			if out == q.in {
				producer.Output[i] = t
			}
		}
	}
	for _, out := range q.outs {
		switch {
		case out == t:
		case x.IsOutput(out):
			s.identity(q, t, out)
		default:
			s.to[out] = t
		}
	}
	return t
}

func (s *stripping) identity(q quantizer, from, to string) {
	at := q.nodes[0]
	s.instead[at] = append(s.instead[at], newNode("Identity", to+":Identity", []string{from}, []string{to}))
}

// rewrite changes the graph as noted. Descriptions of tensors that are gone go too.
func (s *stripping) rewrite(g graph) {
	for from, to := range s.to { // a quantizer behind a quantizer
		for next, ok := s.to[to]; ok; next, ok = s.to[to] {
			to = next
		}
		s.to[from] = to
	}
	var nodes []node
	for _, nd := range g.Node {
		if !s.mine[nd] {
			nodes = append(nodes, nd)
		}
		nodes = append(nodes, s.instead[nd]...)
	}
	g.Node = nodes
	rewire(g.Node, s.to)
	left := defined(g)
	g.ValueInfo = slices.DeleteFunc(g.ValueInfo, func(v *onnxpb.ValueInfoProto) bool { return !left[v.GetName()] })
}

// describe fills in what the graph says about every holder's tensor.
func (n *Network) describe() error {
	x, err := NewIndex(n.Model)
	if err != nil {
		return err
	}
	for i := range n.Holders {
		h := &n.Holders[i]
		p := x.Producer(h.Tensor)
		h.Producer, h.Op, h.Consumers = p.GetName(), p.GetOpType(), nil
		for _, c := range x.Consumers(h.Tensor) {
			h.Consumers = append(h.Consumers, c.GetName())
		}
	}
	return nil
}

// dropDomain removes the import of a domain that no node is of any more.
func dropDomain(m *Model, domain string) {
	used := false
	var look func(nodes []node)
	look = func(nodes []node) {
		for _, n := range nodes {
			used = used || n.GetDomain() == domain
			for _, g := range subgraphs(n) {
				look(g.GetNode())
			}
		}
	}
	look(m.Graph().GetNode())
	for _, f := range m.Proto.GetFunctions() {
		look(f.GetNode())
	}
	if !used {
		m.Proto.OpsetImport = slices.DeleteFunc(m.Proto.OpsetImport, func(o *onnxpb.OperatorSetIdProto) bool { return o.GetDomain() == domain })
	}
}
