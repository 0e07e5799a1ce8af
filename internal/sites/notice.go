package sites

import (
	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/shapes"
	"example.org/demote/mistake"
)

// omitHidden adds the tensors inside a node to the tensors without a holder: those in the bodies of If, Loop and Scan,
// and the states of recurrent operators.
func (f *finder) omitHidden(n ir.Node) {
	if shapes.RecurrentOps[n.GetOpType()] && ir.Standard(n) {
		f.omitted = append(f.omitted, network.Omitted{
			Producer: ir.Label(n), Op: n.GetOpType(),
			Reason: "inside " + ir.NodeName(n) + ", which is one black box: its gates and states stay float, only its outputs are quantized; " + mistake.Text("--unroll opens it"),
		})
	}
	for _, body := range ir.Subgraphs(n) {
		f.omitBody(body, ir.NodeName(n))
	}
}

// omitBody adds the outputs of the nodes of a body. Tensors that are not float are left out if their type is known: the
// file declares it, or the operator has one type only.
func (f *finder) omitBody(body ir.Graph, owner string) {
	declared := make(map[string]ir.DType)
	for _, v := range body.GetValueInfo() {
		declared[v.GetName()] = ir.ValueOf(v).Type
	}
	for _, v := range body.GetOutput() {
		declared[v.GetName()] = ir.ValueOf(v).Type
	}
	for _, n := range body.GetNode() {
		typ := ir.FixedTypes[n.GetOpType()]
		for _, t := range n.GetOutput() {
			if d := declared[t]; d != ir.Undefined {
				typ = d
			}
			if t == "" || typ != ir.Undefined && typ != ir.Float || n.GetOpType() == "Constant" {
				continue
			}
			f.omit(t, n, "inside the body of "+owner+": bodies stay float")
		}
		for _, inner := range ir.Subgraphs(n) {
			f.omitBody(inner, owner)
		}
	}
}
