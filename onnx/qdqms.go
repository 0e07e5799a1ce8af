package onnx

import (
	"slices"

	"demote/onnx/onnxpb"
	"demote/quant"
)

// QDQMicrosoft is QDQ for runtimes and compilers that do not know operator set 21: the file is at the operator set of the file that
// the network was made from (21 where that is newer), and all its QuantizeLinear and DequantizeLinear nodes are those of the domain
// com.microsoft, which know 16 bits at every operator set. Errors match ErrInput; beside those of QDQ they name an operator that
// does not exist at that operator set. It panics where QDQ does.
func (n *Network) QDQMicrosoft(records []quant.Record, low []bool) (*Model, error) {
	m, err := n.QDQ(records, low)
	if err != nil {
		return nil, err
	}
	for _, nd := range m.Graph().GetNode() {
		if isQ(nd) || isDQ(nd) {
			nd.Domain = str(contribDomain)
		}
	}
	opset := min(n.Opset, Opset)
	if err := m.lower(opset); err != nil {
		return nil, n.Model.in(err)
	}
	p := m.Proto
	if opsetOf(p.OpsetImport, contribDomain) == 0 {
		p.OpsetImport = append(p.OpsetImport, &onnxpb.OperatorSetIdProto{Domain: str(contribDomain), Version: new(int64(1))})
	}
	if narrow := func(t tensor) bool { return elemBits(DType(t.GetDataType())) == 4 }; !slices.ContainsFunc(m.Graph().Initializer, narrow) {
		p.IrVersion = new(irOf(opset))
	}
	return m, nil
}

// irOf returns the IR version that came with an operator set, so that a runtime which knows the one reads the other: the table of
// ONNX's Versioning.md. Tensors of 4 bits need IR version 10 whatever the operator set.
func irOf(opset int64) int64 {
	switch {
	case opset <= 14:
		return 7
	case opset <= 18:
		return 8
	case opset <= 20:
		return 9
	}
	return IR
}
