package onnx

import (
	"google.golang.org/protobuf/proto"

	"demote/onnx/onnxpb"
)

// insertion is a copy of a network's model that gets nodes at its holders.
type insertion struct {
	model *Model
	names *names
	infos map[string]*onnxpb.ValueInfoProto
	apart map[string]bool // outputs of the graph that nothing reads inside: an Identity makes them of what the nodes make
}

func (n *Network) newInsertion() *insertion {
	m := n.Model.Clone()
	ins := &insertion{model: m, names: newNames(m.Graph()), infos: make(map[string]*onnxpb.ValueInfoProto)}
	g := m.Graph()
	for _, values := range [][]*onnxpb.ValueInfoProto{g.ValueInfo, g.Input, g.Output} {
		for _, v := range values {
			ins.infos[v.GetName()] = v
		}
	}
	return ins
}

// atHolders puts nodes behind every holder's tensor t and lets its consumers read what they make. nodes is called with a
// holder, the tensor that the nodes must read and the one that they must write. A tensor keeps its name where the graph
// has it as an output: then the producer writes t+before and the nodes write t, or t+after where t is apart. Else the nodes write
// t+after.
func (ins *insertion) atHolders(holders []Holder, before, after string, nodes func(h Holder, in, out string) []node) {
	g := ins.model.Graph()
	outputs, inputs := make(map[string]bool), make(map[string]bool)
	for _, v := range g.Output {
		outputs[v.GetName()] = true
	}
	for _, v := range g.Input {
		inputs[v.GetName()] = true
	}
	made := make(map[string][]node) // by the holder's tensor
	readers, producers := make(map[string]string), make(map[string]string)
	var first []node // behind graph inputs
	for _, h := range holders {
		t := h.Tensor
		in := t
		var out string
		if outputs[t] && !inputs[t] {
			in, out = ins.names.fresh(t+before), t
			producers[t] = in
			ins.copyInfo(t, in)
			if ins.apart[t] {
				out = ins.names.fresh(t + after)
				readers[t] = out
				ins.copyInfo(t, out)
				made[t] = append(nodes(h, in, out), newNode("Identity", ins.names.fresh(t+"_Identity"), []string{out}, []string{t}))
				continue
			}
		} else {
			out = ins.names.fresh(t + after)
			readers[t] = out
			ins.copyInfo(t, out)
		}
		if inputs[t] {
			first = append(first, nodes(h, in, out)...)
		} else {
			made[t] = nodes(h, in, out)
		}
	}
	rewire(g.Node, readers)
	all := append(make([]node, 0, len(g.Node)+2*len(holders)), first...)
	for _, n := range g.Node {
		all = append(all, n)
		for i, t := range n.Output {
			all = append(all, made[t]...)
			if name, ok := producers[t]; ok {
				n.Output[i] = name
			}
		}
	}
	g.Node = all
}

// clipped are the outputs of the graph that a Relu or Clip inside reads. ONNX Runtime leaves such a node out in front of a
// QuantizeLinear whose grid begins where it cuts off; where the DequantizeLinear in front of it has the same grid and writes an
// output, the file does not load any more.
func (ins *insertion) clipped() map[string]bool {
	read := make(map[string]bool)
	for _, n := range ins.model.Graph().Node {
		if op := n.GetOpType(); op == "Relu" || op == "Clip" {
			for _, t := range n.Input {
				read[t] = true
			}
		}
	}
	list := make(map[string]bool)
	for _, v := range ins.model.Graph().Output {
		if read[v.GetName()] {
			list[v.GetName()] = true
		}
	}
	return list
}

// copyInfo declares a new tensor with the type and shape of another one, where these are known.
func (ins *insertion) copyInfo(of, name string) {
	v := ins.infos[of]
	if v.GetType() == nil {
		return
	}
	c := &onnxpb.ValueInfoProto{Name: &name, Type: proto.CloneOf(v.GetType())}
	ins.model.Graph().ValueInfo = append(ins.model.Graph().ValueInfo, c)
}

// constant adds an initializer and returns its name.
func (ins *insertion) constant(t tensor) string {
	g := ins.model.Graph()
	g.Initializer = append(g.Initializer, t)
	return t.GetName()
}
