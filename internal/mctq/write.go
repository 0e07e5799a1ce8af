package mctq

import (
	"fmt"
	"slices"
	"strings"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/opset"
	"example.org/demote/internal/quantize"
	"example.org/demote/internal/wire"
	"example.org/demote/mistake"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/quant"
)

// What annotated files are written for: the toolkit exports at operator set 17, IR version 8.
const (
	mctqOpset, mctqIR = 17, 8
	mctqVersion       = "1.7.0"
	holderSuffix      = "_activation_holder_quantizer"
)

// annotate returns the network as a file of the Model Compression Toolkit, at operator set 17. After every holder it
// has one of the toolkit's activation quantizers, with the low grid if low[i], else the high one. Before every weight
// on an int8 grid it has a WeightsSymmetricQuantizer. A grid with its zero at an end or in the middle is written as a
// threshold, another one as a range. The toolkit computes scale and zero point from the ends of the range, so
// neighbouring floats of the ends are tried until the exact grid comes back. inexact lists the holders for which none
// does (or whose grid does not use all codes of its width); the file has the nearest range for them.
//
// read reads such a file with holders called HOLDER_activation_holder_quantizer, with slashes of the name replaced.
// Errors match mistake.Err and name an operator that operator set 17 does not have. annotate panics unless there are
// one record and one bit for each holder.
func annotate(n *network.Network, records []quant.Record, low []bool) (m *ir.Model, inexact []string, err error) {
	if err := quantize.CheckRecords(n, records); err != nil {
		return nil, nil, err
	}
	if len(low) != len(n.Holders) {
		panic(fmt.Sprintf("onnx: a mask of %d for %d holders", len(low), len(n.Holders)))
	}
	for i, h := range n.Activations() {
		if !low[i] && records[i].High.Width() == quant.Half {
			return nil, nil, n.Model.InFile(mistake.Errorf("holder %q: the toolkit's files have no bf16", h.Name))
		}
	}
	ins := quantize.NewInsertion(n)
	taken := make(map[string]bool)
	ins.AtHolders(n.Activations(), "_quantizer_input", "_quantizer_output", func(h network.Holder, in, out string) []ir.Node {
		grid := records[h.Index].High
		if low[h.Index] {
			grid = records[h.Index].Low
		}
		op, attrs, ok := mctqAttributes(grid)
		if !ok {
			inexact = append(inexact, h.Name)
		}
		name := holderName(h.Name, taken)
		q := ir.NewNode(op, ins.Names.Fresh("/"+name+"/"+op), []string{in}, []string{out}, attrs...)
		q.Domain = ir.Str(ir.MCTQDomain)
		return []ir.Node{q}
	})
	insertWeights(ins, n.Weights)
	if err := opset.Lower(ins.Model, mctqOpset); err != nil {
		return nil, nil, n.Model.InFile(err)
	}
	p := ins.Model.Proto
	p.OpsetImport = append(p.OpsetImport, &onnxpb.OperatorSetIdProto{Domain: ir.Str(ir.MCTQDomain), Version: new(int64(1))})
	p.IrVersion = new(int64(mctqIR))
	return ins.Model, inexact, nil
}

// holderName makes a name such as the toolkit's, without slashes, that no other holder has.
func holderName(name string, taken map[string]bool) string {
	name = strings.TrimSuffix(strings.Trim(strings.ReplaceAll(name, "/", "_"), "_"), holderSuffix)
	out := name + holderSuffix
	for i := 1; taken[out]; i++ {
		out = fmt.Sprintf("%s_%d%s", name, i, holderSuffix)
	}
	taken[out] = true
	return out
}

// insertWeights puts a WeightsSymmetricQuantizer between every weight on a grid and its readers. Its threshold is
// 2^(bits-1) times the scale, which is exact, and so it gives the very values again: rint(code*s/s)*s.
func insertWeights(ins *quantize.Insertion, all map[string]*network.Weight) {
	g := ins.Model.Graph()
	var nodes []ir.Node
	for i, t := range g.Initializer {
		w := all[t.GetName()]
		if w == nil {
			continue
		}
		half := float32(int32(1) << (w.Bits() - 1))
		if slices.ContainsFunc(w.Scales, func(s float32) bool { return s*half > maxThreshold }) {
			continue
		}
		stored := wire.CloneTensor(t)
		stored.Name = ir.Str(ins.Names.Fresh(w.Tensor + "_float"))
		g.Initializer[i] = stored
		thresholds := make([]float32, len(w.Scales))
		for c, s := range w.Scales {
			thresholds[c] = s * half
		}
		value := ir.NewFloats("", []int64{int64(len(thresholds))}, thresholds)
		value.Name = nil
		threshold := ins.Names.Fresh(w.Tensor + "_threshold")
		nodes = append(nodes, ir.NewNode("Constant", ins.Names.Fresh(w.Tensor+"/Constant"), nil, []string{threshold},
			&onnxpb.AttributeProto{Name: ir.Str("value"), Type: onnxpb.AttributeProto_TENSOR.Enum(), T: value}))
		perChannel := int64(1)
		if w.Axis < 0 {
			perChannel = 0
		}
		q := ir.NewNode("WeightsSymmetricQuantizer", ins.Names.Fresh(w.Tensor+"/WeightsSymmetricQuantizer"),
			[]string{stored.GetName(), threshold}, []string{w.Tensor},
			ir.IntAttr("channel_axis", int64(max(w.Axis, 0))), ir.StringAttr("mctq_version", mctqVersion), ir.IntAttr("num_bits", int64(w.Bits())),
			ir.IntAttr("per_channel", perChannel), ir.IntAttr("signed", 1))
		q.Domain = ir.Str(ir.MCTQDomain)
		nodes = append(nodes, q)
	}
	g.Node = append(nodes, g.Node...)
}
