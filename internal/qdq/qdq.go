package qdq

import (
	"encoding/binary"
	"fmt"

	"google.golang.org/protobuf/proto"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/quantize"
	"example.org/demote/mistake"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/quant"
)

// Write returns the network as an ordinary ONNX file at operator set 21 that computes exactly what the switchable
// network computes for a mask: behind every holder a QuantizeLinear and a DequantizeLinear with its low grid where
// low[i], else its high one (of bfloat16 two Cast nodes), every quantized weight as int8 behind a DequantizeLinear per
// channel, biases float, or int32 behind one where they are quantized. Scales and zero points of holders are
// 0-dimensional. A Relu or Clip in front of a grid of 4 bits is a Max and a Min, see maxForRelu. The weights of holders
// have been chosen already, see pair.Chosen.
//
// The DequantizeLinear of a holder's tensor t makes t_DequantizeLinear_Output; where t is an output of the graph it
// makes t and the producer t_QuantizeLinear_Input. A weight's makes the tensor that was the weight. An error that
// matches mistake.Err names a holder whose grid is no whole integer type of 4, 8 or 16 bits: QuantizeLinear knows no
// others. It panics if there is not one record and one bit a holder.
func Write(n *network.Network, records []quant.Record, low []bool) (*ir.Model, error) {
	if err := quantize.CheckRecords(n, records); err != nil {
		return nil, err
	}
	if len(low) != len(n.Holders) {
		panic(fmt.Sprintf("onnx: a mask of %d for %d holders", len(low), len(n.Holders)))
	}
	ins := quantize.NewInsertion(n)
	ins.Apart = ins.Clipped()
	codes := make(map[string]ir.DType)
	for _, h := range n.Activations() {
		if typ, err := quantize.GridType(chosen(records[h.Index], low[h.Index])); err == nil { // else the pair says so
			codes[h.Tensor] = typ
		}
	}
	err := maxForRelu(ins, codes)
	if err != nil {
		return nil, n.Model.InFile(err)
	}
	ins.AtHolders(n.Activations(), "_QuantizeLinear_Input", "_DequantizeLinear_Output", func(h network.Holder, in, out string) []ir.Node {
		nodes, e := pair(ins, h.Tensor, in, out, chosen(records[h.Index], low[h.Index]))
		if e != nil && err == nil {
			err = n.Model.InFile(mistake.Errorf("holder %q: %w", h.Name, e))
		}
		return nodes
	})
	if err != nil {
		return nil, err
	}
	weights(ins, n.Weights)
	ins.Biases(n.Biases)
	if ins.Model.MixedCodes() {
		unnameAxes(ins.Model)
	}
	return ins.Model, nil
}

// unnameAxes takes the names of free axes away. ONNX Runtime 1.26 takes an element of 4 bits for a byte when it plans
// memory, and lets a tensor of bytes have that of a tensor of 4 bits of the same shape, half of what it needs. It does
// so only where it knows that shapes are equal, by their sizes or by names.
func unnameAxes(m *ir.Model) {
	g := m.Graph()
	for _, values := range [][]*onnxpb.ValueInfoProto{g.Input, g.Output, g.ValueInfo} {
		for i, v := range values {
			free := false
			for _, d := range v.GetType().GetTensorType().GetShape().GetDim() {
				free = free || d.GetDimParam() != ""
			}
			if !free {
				continue
			}
			v = proto.CloneOf(v)
			for _, d := range v.GetType().GetTensorType().GetShape().GetDim() {
				if d.GetDimParam() != "" {
					d.Value = nil
				}
			}
			values[i] = v
		}
	}
}

// chosen is the grid of a record that a bit of the mask says.
func chosen(r quant.Record, low bool) quant.Grid {
	if low {
		return r.Low
	}
	return r.High
}

// pair makes the two nodes that put a tensor on a grid.
func pair(ins *quantize.Insertion, t, in, out string, grid quant.Grid) ([]ir.Node, error) {
	if grid.Width() == quant.Half {
		return castPair(ins, t, in, out), nil
	}
	typ, err := quantize.GridType(grid)
	if err != nil {
		return nil, err
	}
	scale := ins.Constant(ir.NewFloats(ins.Names.Fresh(t+"_scale"), nil, []float32{grid.Scale}))
	zero := ins.Constant(newScalar(ins.Names.Fresh(t+"_zero_point"), typ, grid.Zero))
	codes := ins.Names.Fresh(t + "_QuantizeLinear_Output")
	if v := ins.Infos[t]; v.GetType() != nil {
		c := &onnxpb.ValueInfoProto{Name: &codes, Type: proto.CloneOf(v.GetType())}
		if tt := c.Type.GetTensorType(); tt != nil {
			tt.ElemType = (*int32)(typ.Enum())
			ins.Model.Graph().ValueInfo = append(ins.Model.Graph().ValueInfo, c)
		}
	}
	return []ir.Node{
		ir.NewNode("QuantizeLinear", ins.Names.Fresh(t+"_QuantizeLinear"), []string{in, scale, zero}, []string{codes}),
		ir.NewNode("DequantizeLinear", ins.Names.Fresh(t+"_DequantizeLinear"), []string{codes, scale, zero}, []string{out}),
	}, nil
}

// castPair makes the two nodes that put a tensor on bfloat16: QuantizeLinear knows integers and 8-bit floats alone.
func castPair(ins *quantize.Insertion, t, in, out string) []ir.Node {
	half := ins.Names.Fresh(t + "_bf16")
	if v := ins.Infos[t]; v.GetType().GetTensorType() != nil {
		c := &onnxpb.ValueInfoProto{Name: &half, Type: proto.CloneOf(v.GetType())}
		c.Type.GetTensorType().ElemType = (*int32)(onnxpb.TensorProto_BFLOAT16.Enum())
		ins.Model.Graph().ValueInfo = append(ins.Model.Graph().ValueInfo, c)
	}
	return []ir.Node{
		ir.NewNode("Cast", ins.Names.Fresh(t+"_ToBF16"), []string{in}, []string{half}, ir.IntAttr("to", int64(onnxpb.TensorProto_BFLOAT16))),
		ir.NewNode("Cast", ins.Names.Fresh(t+"_FromBF16"), []string{half}, []string{out}, ir.IntAttr("to", int64(ir.Float))),
	}
}

// newScalar makes an integer tensor without dimensions.
func newScalar(name string, t ir.DType, v int32) ir.Tensor {
	return ir.NewInts(name, t, nil, []int64{int64(v)})
}

// weights replaces quantized weights by their codes behind a DequantizeLinear that makes the tensor of the weight's
// name.
func weights(ins *quantize.Insertion, all map[string]*network.Weight) {
	ins.Dequantized(func(t ir.Tensor) (codes ir.Tensor, scales []float32, axis int) {
		w := all[t.GetName()]
		if w == nil {
			return nil, nil, 0
		}
		return codesTensor(w), w.Scales, w.Axis
	})
}

// codesTensor is a tensor of a weight's codes; two of 4 bits share a byte, the first one in its lower half.
func codesTensor(w *network.Weight) ir.Tensor {
	switch w.Bits() {
	case 16:
		raw := make([]byte, 0, 2*len(w.Wide))
		for _, c := range w.Wide {
			raw = binary.LittleEndian.AppendUint16(raw, uint16(c))
		}
		return ir.NewTensor("", ir.Int16, w.Dims, raw)
	case 4:
		raw := make([]byte, (len(w.Codes)+1)/2)
		for i, c := range w.Codes {
			raw[i/2] |= byte(c) & 0xf << (i % 2 * 4)
		}
		return ir.NewTensor("", onnxpb.TensorProto_INT4, w.Dims, raw)
	}
	raw := make([]byte, len(w.Codes))
	for i, c := range w.Codes {
		raw[i] = byte(c)
	}
	return ir.NewTensor("", ir.Int8, w.Dims, raw)
}
