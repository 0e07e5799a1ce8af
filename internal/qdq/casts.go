package qdq

import (
	"slices"

	"example.org/demote/internal/ir"
	"example.org/demote/onnx/onnxpb"
)

// joinedCast is the operator that a pair of Casts becomes while a file is read, which computes in no other type.
const joinedCast = "BF16"

func isJoined(n ir.Node) bool {
	return n.GetOpType() == joinedCast && n.GetDomain() == ir.FakeQuantDomain
}

// joinCasts makes one node of a Cast from float to bfloat16 and those back to float that alone read it: an activation
// on bfloat16, as castPair writes it.
func joinCasts(m *ir.Model) error {
	x, err := ir.NewIndex(m)
	if err != nil {
		return err
	}
	casts := func(n ir.Node, to ir.DType) bool {
		return ir.Standard(n) && n.GetOpType() == "Cast" && ir.DType(ir.AttrInt(n, "to", 0)) == to
	}
	gone, same := map[ir.Node]bool{}, map[string]string{}
	for _, n := range x.Nodes() {
		half := ir.Output(n, 0)
		back := x.Consumers(half)
		if !casts(n, onnxpb.TensorProto_BFLOAT16) || len(back) == 0 || x.IsOutput(half) ||
			slices.ContainsFunc(back, func(c ir.Node) bool { return !casts(c, ir.Float) || x.IsOutput(ir.Output(c, 0)) && len(back) > 1 }) {
			continue
		}
		n.OpType, n.Domain, n.Attribute = ir.Str(joinedCast), ir.Str(ir.FakeQuantDomain), nil
		n.Output = []string{ir.Output(back[0], 0)}
		for _, c := range back {
			gone[c] = true
			if out := ir.Output(c, 0); out != n.Output[0] {
				same[out] = n.Output[0]
			}
		}
	}
	g := m.Graph()
	g.Node = slices.DeleteFunc(slices.Clone(g.Node), func(n ir.Node) bool { return gone[n] })
	ir.Rewire(g.Node, same)
	return nil
}
