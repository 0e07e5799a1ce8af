package qdq

import (
	"slices"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/quantize"
)

// maxForRelu writes what clips in front of a grid of 4 bits as Max and Min, which compute the same. In front of a
// QuantizeLinear of int4 or uint4, from optimization level 2 on, ONNX Runtime leaves a Relu out wherever the zero point
// lies, also where the grid has negative values (1.26 and 1.32), and a Clip with constant bounds may keep the file from
// loading (seen in 1.26). Max and Min are left alone. codes are the types of the grids by the tensor that is quantized,
// of a model that has no quantizers yet.
func maxForRelu(ins *quantize.Insertion, codes map[string]ir.DType) error {
	var narrow []string
	for t, typ := range codes {
		if ir.ElemBits(typ) == 4 {
			narrow = append(narrow, t)
		}
	}
	if len(narrow) == 0 {
		return nil
	}
	x, err := ir.NewIndex(ins.Model)
	if err != nil {
		return err
	}
	clips := make(map[ir.Node]bool)
	for _, t := range narrow {
		for n := clipBefore(x, t); n != nil; n = clipBefore(x, ir.Input(n, 0)) {
			clips[n] = true
		}
	}
	zero := ""
	var nodes []ir.Node
	for _, n := range x.Nodes() {
		switch {
		case !clips[n]:
			nodes = append(nodes, n)
		case n.GetOpType() == "Relu":
			if zero == "" {
				zero = ins.Constant(ir.NewFloats(ins.Names.Fresh("relu_zero"), nil, []float32{0}))
			}
			n.OpType, n.Input = ir.Str("Max"), []string{ir.Input(n, 0), zero}
			nodes = append(nodes, n)
		default:
			nodes = append(nodes, bounded(ins, n)...)
		}
	}
	ins.Model.Graph().Node = nodes
	return nil
}

// bounded is a Clip as a Max and a Min, as far as it has bounds; to the lower one first, as Clip does.
func bounded(ins *quantize.Insertion, n ir.Node) []ir.Node {
	in, low, high, out := ir.Input(n, 0), ir.Input(n, 1), ir.Input(n, 2), ir.Output(n, 0)
	switch {
	case low == "" && high == "":
		return []ir.Node{n}
	case high == "":
		return []ir.Node{ir.NewNode("Max", n.GetName(), []string{in, low}, []string{out})}
	case low == "":
		return []ir.Node{ir.NewNode("Min", n.GetName(), []string{in, high}, []string{out})}
	}
	between := ins.Names.Fresh(out + "_above")
	return []ir.Node{ir.NewNode("Max", ins.Names.Fresh(n.GetName()+"_Max"), []string{in, low}, []string{between}),
		ir.NewNode("Min", n.GetName(), []string{between, high}, []string{out})}
}

// clipBefore is the Relu or Clip that makes a tensor, or would if ONNX Runtime took out what stands between because it
// moves values or changes none, such as an Add of 0; nil without one.
func clipBefore(x *ir.Index, t string) ir.Node {
	for range len(x.Nodes()) {
		n := x.Producer(t)
		switch {
		case n == nil || !ir.Standard(n):
			return nil
		case n.GetOpType() == "Relu" || n.GetOpType() == "Clip":
			return n
		case !x.Moves(n) && !slices.Contains(perhapsNothing, n.GetOpType()):
			return nil
		}
		from := slices.DeleteFunc(slices.Clone(n.GetInput()), func(in string) bool { return in == "" || x.Constant(in) != nil })
		if len(from) == 0 || len(from) > 1 && !x.Moves(n) {
			return nil
		}
		t = from[0]
	}
	return nil
}

// perhapsNothing are operators that with some constants change no value.
var perhapsNothing = []string{"Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "Sum", "Cast"}
