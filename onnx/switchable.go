package onnx

import (
	"fmt"

	"demote/onnx/onnxpb"
	"demote/quant"
)

// FakeQuantOp is the operator of a holder in a switchable network, in the domain "demote", version 1: inputs x (float)
// and the mask (uint8, one element a holder), output y, attributes `holder` (index in the mask; 0 there = high grid, else
// low), `low` and `high` (the six numbers of quant.Params.Floats). MaskInput is the graph input that holds the mask.
const (
	FakeQuantOp     = "FakeQuant"
	MaskInput       = "demote.mask"
	fakeQuantDomain = "demote"
)

// Switchable returns the network with a FakeQuant node per holder, records[i] being holder i's grids. The tensor t of a
// holder keeps its name and the FakeQuant makes t+":fq"; where t is an output of the graph, the producer makes t+":raw"
// and the FakeQuant t. The error is that of a grid which cannot be used, with its holder. It panics if there is not one
// record a holder.
func (n *Network) Switchable(records []quant.Record) (*Model, error) {
	if err := n.checkRecords(records); err != nil {
		return nil, err
	}
	ins := n.newInsertion()
	mask := ins.names.fresh(MaskInput)
	if mask != MaskInput {
		return nil, n.Model.in(badf("a tensor is called %q, which is the mask's name", MaskInput))
	}
	ins.atHolders(n.Holders, ":raw", ":fq", func(h Holder, in, out string) []node {
		low, high := records[h.Index].Low.Params().Floats(), records[h.Index].High.Params().Floats()
		fq := newNode(FakeQuantOp, ins.names.fresh(h.Tensor+":FakeQuant"), []string{in, mask}, []string{out},
			intAttr("holder", int64(h.Index)), floatsAttr("low", low[:]...), floatsAttr("high", high[:]...))
		fq.Domain = str(fakeQuantDomain)
		return []node{fq}
	})
	g := ins.model.Graph()
	g.Input = append(g.Input, newValue(mask, Uint8, []int64{int64(len(n.Holders))}))
	p := ins.model.Proto
	p.OpsetImport = append(p.OpsetImport, &onnxpb.OperatorSetIdProto{Domain: str(fakeQuantDomain), Version: new(int64(1))})
	return ins.model, nil
}

func (n *Network) checkRecords(records []quant.Record) error {
	if len(records) != len(n.Holders) {
		panic(fmt.Sprintf("onnx: %d records for %d holders", len(records), len(n.Holders)))
	}
	for i, r := range records {
		for _, g := range []quant.Grid{r.Low, r.High} {
			if err := g.Check(); err != nil {
				return n.Model.in(badf("holder %q: %w", n.Holders[i].Name, err))
			}
		}
	}
	return nil
}
