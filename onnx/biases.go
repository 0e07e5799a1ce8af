package onnx

import (
	"fmt"
	"maps"
	"slices"

	"demote/quant"
)

// Bias is a bias on the int32 grid of integer convolutions, whose scale is that of the layer's input times that of the channel's
// weights: value = float32(Codes[i]) * Scales[i], or Scales[0] where there is one.
type Bias struct {
	Tensor string // the initializer of Network.Model that holds the values
	Codes  []int32
	Scales []float32
}

// QuantizeBiases puts the biases of Conv, ConvTranspose, Gemm and MatMul with an Add behind it on int32 grids, after
// QuantizeWeights. The scale of the layer's input is that of the holder in front of it, so that a bias has two values, between
// which that holder's bit chooses: it becomes one of Followed. It returns a line for each bias that stays float
// because its codes do not fit 32 bits, its scale is no normal number, or it is one number for several channels; one whose
// input has no holder, or whose weights are on no int8 grid, stays float too. Errors match ErrInput. It panics if there is not one record a holder.
func (n *Network) QuantizeBiases(records []quant.Record) (notes []string, err error) {
	if err := n.checkRecords(records); err != nil {
		return nil, err
	}
	x, err := NewIndex(n.Model)
	if err != nil {
		return nil, err
	}
	g := n.Model.Graph()
	holders, at := n.byTensor(), make(map[string]int)
	for i, t := range g.Initializer {
		at[t.GetName()] = i
	}
	times, fresh := timesRead(g), newNames(g)
	n.Biases = make(map[string]*Bias)
	for _, nd := range x.Nodes() {
		u, ok := n.biasOf(x, nd)
		if !ok {
			continue
		}
		from := source(x, u.from, func(t string) bool { _, ok := holders[t]; return ok })
		if from == "" {
			continue
		}
		h := holders[from]
		name := input(u.node, u.input)
		t, weights := x.Initializer(name), n.Weights[input(u.layer, 1)]
		if weights == nil {
			continue
		}
		if scales, values := len(weights.Scales), t.GetDims(); scales == 0 || !isVector(values) || int(values[len(values)-1])%scales != 0 {
			notes = append(notes, fmt.Sprintf("bias %q of %s stays float: its shape %v is not one number a channel", name, nodeName(u.node), values))
			continue
		}
		target := name
		if times[name] > 1 {
			target = fresh.fresh(name + "_bias")
		}
		high, err := quantizeBias(t, target, records[h].High.Scale, weights)
		var low *Bias
		if err == nil {
			low, err = quantizeBias(t, target, records[h].Low.Scale, weights)
		}
		if err != nil {
			return nil, n.Model.in(badf("%s, bias %q: %w", nodeName(u.node), name, err))
		}
		if high == nil || low == nil {
			notes = append(notes, fmt.Sprintf("bias %q of %s stays float: at the scale of %s and of the weights it does not fit 32 bits", name, nodeName(u.node), n.Holders[h].Name))
			continue
		}
		n.Biases[target] = high
		f := Followed{Name: target, Holder: h, High: high.tensor(t), Low: low.tensor(t), bias: low}
		if target == name {
			g.Initializer[at[name]] = f.High
		} else {
			g.Initializer = append(g.Initializer, f.High)
			u.node.Input[u.input] = target
			times[name]--
		}
		if !n.Holders[h].Fixed {
			n.Followed = append(n.Followed, f)
		}
	}
	return notes, nil
}

// biasUse is a node's input that is a bias, with the layer, whose second input is its weights, and the layer's input.
type biasUse struct {
	node  node
	input int
	layer node
	from  string
}

// biasOf finds the bias of a node: its third input, or of an Add the vector or number that is added to a MatMul's result.
func (n *Network) biasOf(x *Index, nd node) (u biasUse, ok bool) {
	if !standard(nd) {
		return u, false
	}
	constant := func(name string) bool {
		t := x.Initializer(name)
		return t != nil && !x.IsInput(name) && DType(t.GetDataType()) == Float && !slices.Contains(t.GetDims(), 0)
	}
	switch nd.GetOpType() {
	case "Conv", "ConvTranspose":
		u = biasUse{nd, 2, nd, input(nd, 0)}
	case "Gemm":
		if attrFloat(nd, "alpha", 1) != 1 || attrFloat(nd, "beta", 1) != 1 {
			return u, false
		}
		u = biasUse{nd, 2, nd, input(nd, 0)}
	case "Add":
		for i := range 2 {
			p := x.Producer(input(nd, 1-i))
			if p != nil && standard(p) && p.GetOpType() == "MatMul" && len(x.Consumers(output(p, 0))) == 1 && !x.IsOutput(output(p, 0)) {
				u = biasUse{nd, i, p, input(p, 0)}
			}
		}
		if u.node == nil || slices.ContainsFunc(n.Holders, func(h Holder) bool { return h.Tensor == input(nd, 1-u.input) }) {
			return u, false
		}
	default:
		return u, false
	}
	name := input(nd, u.input)
	if !constant(name) || !constant(input(u.layer, 1)) {
		return u, false
	}
	dims := x.Initializer(name).GetDims()
	return u, isVector(dims) || len(dims) == 0
}

// quantizeBias returns a bias for an input's scale; nil if its codes do not fit 32 bits or their scale is no normal number.
func quantizeBias(t tensor, name string, scale float32, w *Weight) (*Bias, error) {
	values, err := Floats(t)
	if err != nil {
		return nil, err
	}
	weights := w.Scales
	if len(weights) > 1 { // the groups of a ConvTranspose share them
		weights = slices.Repeat(weights, len(values)/len(weights))
	}
	if slices.ContainsFunc(weights, func(w float32) bool { return scale*w < leastNormal }) {
		return nil, nil
	}
	codes, scales, clipped, err := quant.QuantizeBias(values, scale, weights)
	if err != nil || clipped > 0 {
		return nil, err
	}
	return &Bias{Tensor: name, Codes: codes, Scales: scales}, nil
}

// tensor is the bias as floats, with what t says of itself.
func (b *Bias) tensor(t tensor) tensor {
	values := make([]float32, len(b.Codes))
	for i, c := range b.Codes {
		values[i] = float32(float32(c) * b.Scales[i%len(b.Scales)])
	}
	f := takeFloats(b.Tensor, t.GetDims(), values)
	f.DocString, f.MetadataProps = t.DocString, t.MetadataProps
	return f
}

// biases replaces quantized biases by their codes behind a DequantizeLinear that makes the tensor of the bias's name.
func (ins *insertion) biases(all map[string]*Bias) {
	ins.dequantized(func(t tensor) (tensor, []float32, int) {
		b := all[t.GetName()]
		if b == nil {
			return nil, nil, 0
		}
		codes := make([]int64, len(b.Codes))
		for i, c := range b.Codes {
			codes[i] = int64(c)
		}
		axis := len(t.GetDims()) - 1
		if len(b.Scales) == 1 {
			axis = -1
		}
		return NewInts("", Int32, t.GetDims(), codes), b.Scales, axis
	})
}

// chooseBiases swaps the biases of followed constants for those of the demoted holders.
func chooseBiases(all map[string]*Bias, followed []Followed, low []bool) map[string]*Bias {
	all = maps.Clone(all)
	for _, f := range followed {
		if low[f.Holder] && f.bias != nil {
			all[f.Name] = f.bias
		}
	}
	return all
}
