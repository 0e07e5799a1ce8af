package variants

import (
	"example.org/demote/internal/ir"
	"example.org/demote/onnx/onnxpb"
)

// LooseBiases returns the model with a Sum in place of every Add of a constant bias to a MatMul whose first factor is
// in dynamic; the Sum computes the same. Reason: ONNX Runtime joins MatMul and Add into a Gemm, which adds in another
// order, if it knows all dimensions of a factor of three axes or more. With free axes it does not. So a model with
// fixed shapes computes the same bits as with free axes. It returns the model itself if there is no such Add.
func LooseBiases(m *ir.Model, dynamic func(tensor string) bool) *ir.Model {
	x, err := ir.NewIndex(m)
	if err != nil {
		panic("onnx: a model that was read has a bad graph: " + err.Error())
	}
	found := map[string]bool{} // by the Add's output
	for _, n := range m.Graph().GetNode() {
		if n.GetOpType() != "Add" || !ir.Standard(n) || len(n.GetInput()) != 2 {
			continue
		}
		for i, in := range n.GetInput() {
			product := x.Producer(in)
			if product.GetOpType() == "MatMul" && ir.Standard(product) && fixedBias(x, n.GetInput()[1-i]) && dynamic(product.GetInput()[0]) {
				found[n.GetOutput()[0]] = true
			}
		}
	}
	if len(found) == 0 {
		return m
	}
	c := m.Clone()
	nodes := c.Graph().Node
	for i, n := range nodes {
		if n.GetOpType() == "Add" && len(n.GetOutput()) > 0 && found[n.GetOutput()[0]] {
			nodes[i] = &onnxpb.NodeProto{Name: n.Name, OpType: new("Sum"), Domain: n.Domain, Input: n.Input, Output: n.Output}
		}
	}
	return c
}

// fixedBias reports whether a tensor is a constant, or is made of constants by a DequantizeLinear.
func fixedBias(x *ir.Index, t string) bool {
	if x.Constant(t) != nil {
		return true
	}
	n := x.Producer(t)
	return n.GetOpType() == "DequantizeLinear" && x.Constant(n.GetInput()[0]) != nil
}
