package onnx

import (
	"fmt"
	"slices"
	"strings"

	"demote/onnx/onnxpb"
	"demote/quant"
)

// What annotated files are written for: the toolkit exports at operator set 17, IR version 8.
const (
	mctqOpset, mctqIR = 17, 8
	mctqVersion       = "1.7.0"
	holderSuffix      = "_activation_holder_quantizer"
)

// MCTQ returns the network as a file like the Model Compression Toolkit's: at operator set 17, behind every holder one of its
// activation quantizers with the low grid where low[i], else the high one, and in front of every weight on an int8 grid a
// WeightsSymmetricQuantizer. A grid with its zero at an end or in the middle becomes a threshold, another one a range. The
// toolkit computes scale and zero point from the ends of the range, so neighbouring floats of them are tried until the
// very grid comes back; inexact lists the holders for which none does (or whose codes are not all of their width), with the
// nearest range in the file.
//
// ReadMCTQ reads such a file with holders called HOLDER_activation_holder_quantizer, slashes of the name replaced. Errors match
// ErrInput and name an operator that does not exist at operator set 17. It panics if there is not one record and one bit a holder.
func (n *Network) MCTQ(records []quant.Record, low []bool) (m *Model, inexact []string, err error) {
	if err := n.checkRecords(records); err != nil {
		return nil, nil, err
	}
	if len(low) != len(n.Holders) {
		panic(fmt.Sprintf("onnx: a mask of %d for %d holders", len(low), len(n.Holders)))
	}
	ins := n.newInsertion()
	taken := make(map[string]bool)
	ins.atHolders(n.Holders, "_quantizer_input", "_quantizer_output", func(h Holder, in, out string) []node {
		grid := records[h.Index].High
		if low[h.Index] {
			grid = records[h.Index].Low
		}
		op, attrs, ok := mctqAttributes(grid)
		if !ok {
			inexact = append(inexact, h.Name)
		}
		name := holderName(h.Name, taken)
		q := newNode(op, ins.names.fresh("/"+name+"/"+op), []string{in}, []string{out}, attrs...)
		q.Domain = str(mctqDomain)
		return []node{q}
	})
	ins.mctqWeights(n.Weights)
	if err := ins.model.lower(mctqOpset); err != nil {
		return nil, nil, n.Model.in(err)
	}
	p := ins.model.Proto
	p.OpsetImport = append(p.OpsetImport, &onnxpb.OperatorSetIdProto{Domain: str(mctqDomain), Version: new(int64(1))})
	p.IrVersion = new(int64(mctqIR))
	return ins.model, inexact, nil
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

// mctqWeights puts a WeightsSymmetricQuantizer between every weight on an int8 grid and its readers. Its threshold is 128 times the scale,
// which is exact, and so it gives the very values again: rint(code*s/s)*s.
func (ins *insertion) mctqWeights(all map[string]*Weight) {
	g := ins.model.Graph()
	var nodes []node
	for i, t := range g.Initializer {
		w := all[t.GetName()]
		if w == nil || slices.ContainsFunc(w.Scales, func(s float32) bool { return s*128 > maxThreshold }) {
			continue
		}
		stored := cloneTensor(t)
		stored.Name = str(ins.names.fresh(w.Tensor + "_float"))
		g.Initializer[i] = stored
		thresholds := make([]float32, len(w.Scales))
		for c, s := range w.Scales {
			thresholds[c] = s * 128
		}
		value := NewFloats("", []int64{int64(len(thresholds))}, thresholds)
		value.Name = nil
		threshold := ins.names.fresh(w.Tensor + "_threshold")
		nodes = append(nodes, newNode("Constant", ins.names.fresh(w.Tensor+"/Constant"), nil, []string{threshold},
			&onnxpb.AttributeProto{Name: str("value"), Type: onnxpb.AttributeProto_TENSOR.Enum(), T: value}))
		perChannel := int64(1)
		if w.Axis < 0 {
			perChannel = 0
		}
		q := newNode("WeightsSymmetricQuantizer", ins.names.fresh(w.Tensor+"/WeightsSymmetricQuantizer"),
			[]string{stored.GetName(), threshold}, []string{w.Tensor},
			intAttr("channel_axis", int64(max(w.Axis, 0))), stringAttr("mctq_version", mctqVersion), intAttr("num_bits", 8),
			intAttr("per_channel", perChannel), intAttr("signed", 1))
		q.Domain = str(mctqDomain)
		nodes = append(nodes, q)
	}
	g.Node = append(nodes, g.Node...)
}
