package quantize

import (
	"slices"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/quant"
)

// Quantizer is what puts an activation tensor on a grid in a file that is already quantized: one node of an MCTQ
// file, or the QuantizeLinear and DequantizeLinear nodes of one tensor.
type Quantizer struct {
	Name  string    // of the holder, "": that of its tensor
	In    string    // the tensor that is quantized
	Outs  []string  // the tensors that hold the quantized values
	Nodes []ir.Node // that disappear; the first says where in the graph
	Grid  quant.Grid
}

// Strip takes the quantizers out of the network's model and makes holders of them, in their order. A holder's tensor
// is the one that the quantizer read, so that a FakeQuant can replace it; with three exceptions. Where the
// quantized values are an output of the graph, the tensor has that output's name. Where something else reads the
// tensor unquantized too, or another quantizer, or where it is a constant, an Identity node makes a tensor of its own
// for the holder.
func Strip(n *network.Network, all []Quantizer) error {
	x, err := ir.NewIndex(n.Model)
	if err != nil {
		return err
	}
	s := &stripping{index: x, mine: make(map[ir.Node]bool), made: make(map[string]bool), to: make(map[string]string), instead: make(map[ir.Node][]ir.Node)}
	for _, q := range all {
		for _, nd := range q.Nodes {
			s.mine[nd] = true
		}
		for _, out := range q.Outs {
			s.made[out] = true
		}
		s.readers(q.In)
	}
	tensors := make([]string, len(all))
	for i, q := range all {
		tensors[i] = s.take(q)
	}
	s.rewrite(n.Model.Graph())
	for i, t := range tensors {
		name := all[i].Name
		if name == "" {
			name = t
		}
		n.Holders = append(n.Holders, network.Holder{Name: name, Tensor: t, Index: i})
	}
	return Describe(n)
}

// stripping is the work of strip.
type stripping struct {
	index   *ir.Index
	mine    map[ir.Node]bool      // nodes of quantizers
	made    map[string]bool       // what quantizers make
	to      map[string]string     // new names of tensors that are read
	instead map[ir.Node][]ir.Node // what takes the place of a removed node
	times   map[string]int        // quantizers that read a tensor
}

func (s *stripping) readers(t string) {
	if s.times == nil {
		s.times = make(map[string]int)
	}
	s.times[t]++
}

// take decides on the holder's tensor of one quantizer and notes what has to change for it.
func (s *stripping) take(q Quantizer) string {
	x := s.index
	var final []string // quantized values that are outputs of the graph: they keep their names
	for _, out := range q.Outs {
		if x.IsOutput(out) {
			final = append(final, out)
		}
	}
	raw := slices.ContainsFunc(x.Consumers(q.In), func(c ir.Node) bool { return !s.mine[c] })
	producer := x.Producer(q.In)
	own := raw || s.times[q.In] > 1 || x.IsOutput(q.In) || s.made[q.In] || producer == nil && !x.IsInput(q.In)
	t := q.In
	switch {
	case own || len(final) > 0 && producer == nil:
		t = q.Outs[0]
		if len(final) > 0 {
			t = final[0]
		}
		s.identity(q, q.In, t)
	case len(final) > 0:
		t = final[0]
		for i, out := range producer.Output {
			if out == q.In {
				producer.Output[i] = t
			}
		}
	}
	for _, out := range q.Outs {
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

func (s *stripping) identity(q Quantizer, from, to string) {
	at := q.Nodes[0]
	s.instead[at] = append(s.instead[at], ir.NewNode("Identity", to+":Identity", []string{from}, []string{to}))
}

// rewrite changes the graph as noted. Descriptions of tensors that are gone go too.
func (s *stripping) rewrite(g ir.Graph) {
	for from, to := range s.to { // a quantizer behind a quantizer
		for next, ok := s.to[to]; ok; next, ok = s.to[to] {
			to = next
		}
		s.to[from] = to
	}
	var nodes []ir.Node
	for _, nd := range g.Node {
		if !s.mine[nd] {
			nodes = append(nodes, nd)
		}
		nodes = append(nodes, s.instead[nd]...)
	}
	g.Node = nodes
	ir.Rewire(g.Node, s.to)
	left := ir.Defined(g)
	g.ValueInfo = slices.DeleteFunc(g.ValueInfo, func(v *onnxpb.ValueInfoProto) bool { return !left[v.GetName()] })
}

// Describe fills in what the graph says about every holder's tensor.
func Describe(n *network.Network) error {
	x, err := ir.NewIndex(n.Model)
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

// DropDomain removes the import of a domain that no node is of any more.
func DropDomain(m *ir.Model, domain string) {
	used := false
	var look func(nodes []ir.Node)
	look = func(nodes []ir.Node) {
		for _, n := range nodes {
			used = used || n.GetDomain() == domain
			for _, g := range ir.Subgraphs(n) {
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
