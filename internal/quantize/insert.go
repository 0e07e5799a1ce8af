package quantize

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/mistake"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/quant"
)

// Insertion is a copy of a network's model that gets nodes at its holders.
type Insertion struct {
	Model *ir.Model
	Names *ir.Names
	Infos map[string]*onnxpb.ValueInfoProto
	// outputs of the graph that nothing reads inside: an Identity makes them of what the nodes make
	Apart map[string]bool
}

// NewInsertion begins with a copy of the network's model.
func NewInsertion(n *network.Network) *Insertion {
	m := n.Model.Clone()
	ins := &Insertion{Model: m, Names: ir.NewNames(m.Graph()), Infos: make(map[string]*onnxpb.ValueInfoProto)}
	g := m.Graph()
	for _, values := range [][]*onnxpb.ValueInfoProto{g.ValueInfo, g.Input, g.Output} {
		for _, v := range values {
			ins.Infos[v.GetName()] = v
		}
	}
	return ins
}

// AtHolders puts nodes behind every holder's tensor t and lets its consumers read what they make. nodes is called
// with a holder, the tensor that the nodes must read and the one that they must write. A tensor keeps its name where
// the graph has it as an output: then the producer writes t+before and the nodes write t, or t+after where t is
// apart. Else the nodes write t+after.
func (ins *Insertion) AtHolders(holders []network.Holder, before, after string, nodes func(h network.Holder, in, out string) []ir.Node) {
	g := ins.Model.Graph()
	outputs, inputs := make(map[string]bool), make(map[string]bool)
	for _, v := range g.Output {
		outputs[v.GetName()] = true
	}
	for _, v := range g.Input {
		inputs[v.GetName()] = true
	}
	made := make(map[string][]ir.Node) // by the holder's tensor
	readers, producers := make(map[string]string), make(map[string]string)
	var first []ir.Node // behind graph inputs
	for _, h := range holders {
		t := h.Tensor
		in := t
		var out string
		if outputs[t] && !inputs[t] {
			in, out = ins.Names.Fresh(t+before), t
			producers[t] = in
			ins.copyInfo(t, in)
			if ins.Apart[t] {
				out = ins.Names.Fresh(t + after)
				readers[t] = out
				ins.copyInfo(t, out)
				made[t] = append(nodes(h, in, out), ir.NewNode("Identity", ins.Names.Fresh(t+"_Identity"), []string{out}, []string{t}))
				continue
			}
		} else {
			out = ins.Names.Fresh(t + after)
			readers[t] = out
			ins.copyInfo(t, out)
		}
		if inputs[t] {
			first = append(first, nodes(h, in, out)...)
		} else {
			made[t] = nodes(h, in, out)
		}
	}
	ir.Rewire(g.Node, readers)
	all := append(make([]ir.Node, 0, len(g.Node)+2*len(holders)), first...)
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

// Clipped are the outputs of the graph that a Relu or Clip inside reads. ONNX Runtime leaves such a node out in front
// of a QuantizeLinear whose grid begins where it cuts off; where the DequantizeLinear in front of it has the same
// grid and writes an output, the file does not load any more.
func (ins *Insertion) Clipped() map[string]bool {
	read := make(map[string]bool)
	for _, n := range ins.Model.Graph().Node {
		if op := n.GetOpType(); op == "Relu" || op == "Clip" {
			for _, t := range n.Input {
				read[t] = true
			}
		}
	}
	list := make(map[string]bool)
	for _, v := range ins.Model.Graph().Output {
		if read[v.GetName()] {
			list[v.GetName()] = true
		}
	}
	return list
}

// copyInfo declares a new tensor with the type and shape of another one, where these are known.
func (ins *Insertion) copyInfo(of, name string) {
	v := ins.Infos[of]
	if v.GetType() == nil {
		return
	}
	c := &onnxpb.ValueInfoProto{Name: &name, Type: proto.CloneOf(v.GetType())}
	ins.Model.Graph().ValueInfo = append(ins.Model.Graph().ValueInfo, c)
}

// Constant adds an initializer and returns its name.
func (ins *Insertion) Constant(t ir.Tensor) string {
	g := ins.Model.Graph()
	g.Initializer = append(g.Initializer, t)
	return t.GetName()
}

// CheckRecords returns the error of the first grid that cannot be used, with its holder. It panics if there is not
// one record a holder.
func CheckRecords(n *network.Network, records []quant.Record) error {
	if len(records) != len(n.Holders) {
		panic(fmt.Sprintf("onnx: %d records for %d holders", len(records), len(n.Holders)))
	}
	for i, r := range records {
		for _, g := range []quant.Grid{r.Low, r.High} {
			if err := g.Check(); err != nil {
				return n.Model.InFile(mistake.Errorf("holder %q: %w", n.Holders[i].Name, err))
			}
		}
	}
	return nil
}

// Dequantized replaces constants by codes behind a DequantizeLinear that makes the tensor of the constant's name. of
// gives a constant's codes, whose name does not matter, and their scales: one for each place on the axis, or where
// that is negative one for all; without codes the constant stays.
func (ins *Insertion) Dequantized(of func(t ir.Tensor) (codes ir.Tensor, scales []float32, axis int)) {
	g := ins.Model.Graph()
	var nodes []ir.Node
	var kept, added []ir.Tensor
	for _, t := range g.Initializer {
		codes, scales, axis := of(t)
		if codes == nil {
			kept = append(kept, t)
			continue
		}
		name := t.GetName()
		codes.Name, codes.DocString, codes.MetadataProps = ir.Str(ins.Names.Fresh(name+"_quantized")), t.DocString, t.MetadataProps
		channels, attrs := []int64{int64(len(scales))}, []*onnxpb.AttributeProto{ir.IntAttr("axis", int64(axis))}
		if axis < 0 {
			channels, attrs = nil, nil
		}
		scale := ir.NewFloats(ins.Names.Fresh(name+"_scale"), channels, scales)
		zero := ir.NewInts(ins.Names.Fresh(name+"_zero_point"), ir.DType(codes.GetDataType()), channels, make([]int64, len(scales)))
		added = append(added, codes, scale, zero)
		nodes = append(nodes, ir.NewNode("DequantizeLinear", ins.Names.Fresh(name+"_DequantizeLinear"),
			[]string{codes.GetName(), scale.GetName(), zero.GetName()}, []string{name}, attrs...))
	}
	g.Initializer = append(kept, added...)
	g.Node = append(nodes, g.Node...)
}

// GridType returns the integer type whose codes are exactly a grid's.
func GridType(g quant.Grid) (ir.DType, error) {
	if g.Width() == quant.Half {
		return ir.Undefined, mistake.Errorf("bf16 is no integer, and this format has no other activations")
	}
	types := map[int][2]ir.DType{
		4:  {onnxpb.TensorProto_UINT4, onnxpb.TensorProto_INT4},
		8:  {ir.Uint8, ir.Int8},
		16: {ir.Uint16, ir.Int16},
	}
	pair, ok := types[g.Bits]
	lo, hi, typ := int32(0), int32(1)<<g.Bits-1, pair[0]
	if g.Signed {
		lo, hi, typ = -1<<(g.Bits-1), 1<<(g.Bits-1)-1, pair[1]
	}
	if !ok || g.Min != lo || g.Max != hi {
		return ir.Undefined, mistake.Errorf("codes %d to %d are not all of a 4, 8 or 16 bit integer, to which QuantizeLinear saturates",
			g.Min, g.Max)
	}
	return typ, nil
}
