package rewrite

import (
	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/quantize"
	"example.org/demote/mistake"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/quant"
)

// Switchable returns the network with a FakeQuant node for each activation holder, which reads its bit of the mask at
// run time; constants that follow a holder are its caller's.
// records[i] has the grids of holder i. The tensor t of a holder keeps its name, and the FakeQuant makes t+":fq". If t
// is an output of the graph, its producer makes t+":raw" and the FakeQuant t. The error is that of an unusable grid,
// with its holder. Switchable panics unless there is one record for each holder.
func Switchable(n *network.Network, records []quant.Record) (*ir.Model, error) {
	if err := quantize.CheckRecords(n, records); err != nil {
		return nil, err
	}
	ins := quantize.NewInsertion(n)
	mask := ins.Names.Fresh(ir.MaskInput)
	if mask != ir.MaskInput {
		return nil, n.Model.InFile(mistake.Errorf("a tensor is called %q, which is the mask's name", ir.MaskInput))
	}
	ins.AtHolders(n.Activations(), ":raw", ":fq", func(h network.Holder, in, out string) []ir.Node {
		low, high := records[h.Index].Low.Params().Floats(), records[h.Index].High.Params().Floats()
		fq := ir.NewNode(ir.FakeQuantOp, ins.Names.Fresh(h.Tensor+":FakeQuant"), []string{in, mask}, []string{out},
			ir.IntAttr("holder", int64(h.Index)), ir.FloatsAttr("low", low[:]...), ir.FloatsAttr("high", high[:]...))
		fq.Domain = ir.Str(ir.FakeQuantDomain)
		return []ir.Node{fq}
	})
	g := ins.Model.Graph()
	g.Input = append(g.Input, ir.NewValue(mask, ir.Uint8, []int64{int64(len(n.Holders))}))
	p := ins.Model.Proto
	p.OpsetImport = append(p.OpsetImport, &onnxpb.OperatorSetIdProto{Domain: ir.Str(ir.FakeQuantDomain), Version: new(int64(1))})
	return ins.Model, nil
}
