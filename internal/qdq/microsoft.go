package qdq

import (
	"slices"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/opset"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/quant"
)

// writeMicrosoft is QDQ for runtimes and compilers that do not know operator set 21: the file is at the operator set
// of the file that the network was made from (21 where that is newer), and all its QuantizeLinear and
// DequantizeLinear nodes are those of the domain com.microsoft, which know 16 bits at every operator set. Errors
// match mistake.Err; beside those of QDQ they name an operator that does not exist at that operator set. It panics
// where QDQ does.
func writeMicrosoft(n *network.Network, records []quant.Record, low []bool) (*ir.Model, error) {
	m, err := Write(n, records, low)
	if err != nil {
		return nil, err
	}
	for _, nd := range m.Graph().GetNode() {
		if ir.IsQ(nd) || ir.IsDQ(nd) {
			nd.Domain = ir.Str(ir.ContribDomain)
		}
	}
	version := min(n.Opset, ir.Opset)
	for _, r := range records {
		if r.High.Width() == quant.Half {
			version = max(version, leastBF16)
		}
	}
	if err := opset.Lower(m, version); err != nil {
		return nil, n.Model.InFile(err)
	}
	p := m.Proto
	if ir.OpsetOf(p.OpsetImport, ir.ContribDomain) == 0 {
		p.OpsetImport = append(p.OpsetImport, &onnxpb.OperatorSetIdProto{Domain: ir.Str(ir.ContribDomain), Version: new(int64(1))})
	}
	if narrow := func(t ir.Tensor) bool { return ir.ElemBits(ir.DType(t.GetDataType())) == 4 }; !slices.ContainsFunc(m.Graph().Initializer, narrow) {
		p.IrVersion = new(irOf(version))
	}
	return m, nil
}

// leastBF16 is the operator set since which Cast knows bfloat16.
const leastBF16 = 13

// irOf returns the IR version that came with an operator set, so that a runtime which knows the one reads the other:
// the table of ONNX's Versioning.md. Tensors of 4 bits need IR version 10 whatever the operator set.
func irOf(opset int64) int64 {
	switch {
	case opset <= 14:
		return 7
	case opset <= 18:
		return 8
	case opset <= 20:
		return 9
	}
	return ir.IR
}
