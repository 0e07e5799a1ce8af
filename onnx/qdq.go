package onnx

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	"demote/onnx/onnxpb"
	"demote/quant"
)

// QDQ returns the network as an ordinary ONNX file at operator set 21 that computes exactly what the switchable network
// computes for a mask: behind every holder a QuantizeLinear and a DequantizeLinear with its low grid where low[i], else
// its high one, every quantized weight as int8 behind a DequantizeLinear per channel, biases float, or int32 behind one where they are
// quantized. Scales and zero
// points of holders are 0-dimensional.
//
// The DequantizeLinear of a holder's tensor t makes t_DequantizeLinear_Output; where t is an output of the graph it makes
// t and the producer t_QuantizeLinear_Input. A weight's makes the tensor that was the weight. An error that matches
// ErrInput names a holder whose grid is no whole integer type of 4, 8 or 16 bits: QuantizeLinear knows no others. It
// panics if there is not one record and one bit a holder.
func (n *Network) QDQ(records []quant.Record, low []bool) (*Model, error) {
	if err := n.checkRecords(records); err != nil {
		return nil, err
	}
	if len(low) != len(n.Holders) {
		panic(fmt.Sprintf("onnx: a mask of %d for %d holders", len(low), len(n.Holders)))
	}
	ins := n.newInsertion()
	ins.apart = ins.clipped()
	var err error
	ins.atHolders(n.Holders, "_QuantizeLinear_Input", "_DequantizeLinear_Output", func(h Holder, in, out string) []node {
		grid := records[h.Index].High
		if low[h.Index] {
			grid = records[h.Index].Low
		}
		nodes, e := ins.pair(h.Tensor, in, out, grid)
		if e != nil && err == nil {
			err = n.Model.in(badf("holder %q: %w", h.Name, e))
		}
		return nodes
	})
	if err != nil {
		return nil, err
	}
	ins.weights(n.Weights)
	ins.biases(n.Biases)
	return ins.model, nil
}

// pair makes the two nodes that put a tensor on a grid.
func (ins *insertion) pair(t, in, out string, grid quant.Grid) ([]node, error) {
	typ, err := gridType(grid)
	if err != nil {
		return nil, err
	}
	scale := ins.constant(NewFloats(ins.names.fresh(t+"_scale"), nil, []float32{grid.Scale}))
	zero := ins.constant(newScalar(ins.names.fresh(t+"_zero_point"), typ, grid.Zero))
	codes := ins.names.fresh(t + "_QuantizeLinear_Output")
	if v := ins.infos[t]; v.GetType() != nil {
		c := &onnxpb.ValueInfoProto{Name: &codes, Type: proto.CloneOf(v.GetType())}
		if tt := c.Type.GetTensorType(); tt != nil {
			tt.ElemType = (*int32)(typ.Enum())
			ins.model.Graph().ValueInfo = append(ins.model.Graph().ValueInfo, c)
		}
	}
	return []node{
		newNode("QuantizeLinear", ins.names.fresh(t+"_QuantizeLinear"), []string{in, scale, zero}, []string{codes}),
		newNode("DequantizeLinear", ins.names.fresh(t+"_DequantizeLinear"), []string{codes, scale, zero}, []string{out}),
	}, nil
}

// gridType returns the integer type whose codes are exactly a grid's.
func gridType(g quant.Grid) (DType, error) {
	types := map[int][2]DType{
		4:  {onnxpb.TensorProto_UINT4, onnxpb.TensorProto_INT4},
		8:  {Uint8, Int8},
		16: {Uint16, Int16},
	}
	pair, ok := types[g.Bits]
	lo, hi, typ := int32(0), int32(1)<<g.Bits-1, pair[0]
	if g.Signed {
		lo, hi, typ = -1<<(g.Bits-1), 1<<(g.Bits-1)-1, pair[1]
	}
	if !ok || g.Min != lo || g.Max != hi {
		return Undefined, badf("codes %d to %d are not all of a 4, 8 or 16 bit integer, to which QuantizeLinear saturates",
			g.Min, g.Max)
	}
	return typ, nil
}

// newScalar makes an integer tensor without dimensions; one of 4 bits lies in the lower half of its byte.
func newScalar(name string, t DType, v int32) tensor {
	if elemBits(t) == 4 {
		return newTensor(name, t, nil, []byte{byte(v) & 0xf})
	}
	return NewInts(name, t, nil, []int64{int64(v)})
}

// weights replaces quantized weights by their codes behind a DequantizeLinear that makes the tensor of the weight's name.
func (ins *insertion) weights(all map[string]*Weight) {
	ins.dequantized(func(t tensor) (codes tensor, scales []float32, axis int) {
		w := all[t.GetName()]
		if w == nil {
			return nil, nil, 0
		}
		raw := make([]byte, len(w.Codes))
		for i, c := range w.Codes {
			raw[i] = byte(c)
		}
		return newTensor("", Int8, w.Dims, raw), w.Scales, w.Axis
	})
}

// dequantized replaces constants by codes behind a DequantizeLinear that makes the tensor of the constant's name. of gives a
// constant's codes, whose name does not matter, and their scales: one for each place on the axis, or where that is negative one for all;
// without codes the constant stays.
func (ins *insertion) dequantized(of func(t tensor) (codes tensor, scales []float32, axis int)) {
	g := ins.model.Graph()
	var nodes []node
	var kept, added []tensor
	for _, t := range g.Initializer {
		codes, scales, axis := of(t)
		if codes == nil {
			kept = append(kept, t)
			continue
		}
		name := t.GetName()
		codes.Name, codes.DocString, codes.MetadataProps = str(ins.names.fresh(name+"_quantized")), t.DocString, t.MetadataProps
		channels, attrs := []int64{int64(len(scales))}, []*onnxpb.AttributeProto{intAttr("axis", int64(axis))}
		if axis < 0 {
			channels, attrs = nil, nil
		}
		scale := NewFloats(ins.names.fresh(name+"_scale"), channels, scales)
		zero := NewInts(ins.names.fresh(name+"_zero_point"), DType(codes.GetDataType()), channels, make([]int64, len(scales)))
		added = append(added, codes, scale, zero)
		nodes = append(nodes, newNode("DequantizeLinear", ins.names.fresh(name+"_DequantizeLinear"),
			[]string{codes.GetName(), scale.GetName(), zero.GetName()}, []string{name}, attrs...))
	}
	g.Initializer = append(kept, added...)
	g.Node = append(nodes, g.Node...)
}
