package quantize

import (
	"fmt"
	"maps"
	"slices"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/mistake"
	"example.org/demote/quant"
)

// Biases puts the biases of Conv, ConvTranspose, Gemm and MatMul with an Add behind it on int32 grids, after Weights.
// The scale of the layer's input is that of the holder in front of it, so that a bias has two values, between which
// that holder's bit chooses: it becomes one of Followed. It returns a line for each bias that stays float because its
// codes do not fit 32 bits, its scale is no normal number, or it is one number for several channels; one whose input
// has no holder, or whose weights are on no int8 grid, stays float too. Errors match mistake.Err. It panics if there
// is not one record a holder.
func Biases(n *network.Network, records []quant.Record) (notes []string, err error) {
	if err := CheckRecords(n, records); err != nil {
		return nil, err
	}
	x, err := ir.NewIndex(n.Model)
	if err != nil {
		return nil, err
	}
	g := n.Model.Graph()
	holders, at := n.ByTensor(), make(map[string]int)
	for i, t := range g.Initializer {
		at[t.GetName()] = i
	}
	times, fresh := ir.TimesRead(g), ir.NewNames(g)
	n.Biases = make(map[string]*network.Bias)
	for _, nd := range x.Nodes() {
		u, ok := biasOf(n, x, nd)
		if !ok {
			continue
		}
		from := ir.Source(x, u.from, func(t string) bool { _, ok := holders[t]; return ok })
		if from == "" {
			continue
		}
		h := holders[from]
		name := ir.Input(u.node, u.input)
		t, weights := x.Initializer(name), n.Weights[ir.Input(u.layer, 1)]
		if weights == nil {
			continue
		}
		if scales, values := len(weights.Scales), t.GetDims(); scales == 0 || !ir.IsVector(values) || int(values[len(values)-1])%scales != 0 {
			notes = append(notes, fmt.Sprintf("bias %q of %s stays float: its shape %v is not one number a channel", name, ir.NodeName(u.node), values))
			continue
		}
		target := name
		if times[name] > 1 {
			target = fresh.Fresh(name + "_bias")
		}
		high, err := quantizeBias(t, target, records[h].High.Scale, weights)
		var low *network.Bias
		if err == nil {
			low, err = quantizeBias(t, target, records[h].Low.Scale, weights)
		}
		if err != nil {
			return nil, n.Model.InFile(mistake.Errorf("%s, bias %q: %w", ir.NodeName(u.node), name, err))
		}
		if high == nil || low == nil {
			notes = append(notes, fmt.Sprintf("bias %q of %s stays float: at the scale of %s and of the weights it does not fit 32 bits", name, ir.NodeName(u.node), n.Holders[h].Name))
			continue
		}
		n.Biases[target] = high
		f := network.Followed{Name: target, Holder: h, High: tensor(high, t), Low: tensor(low, t), Bias: low}
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
	node  ir.Node
	input int
	layer ir.Node
	from  string
}

// biasOf finds the bias of a node: its third input, or of an Add the vector or number that is added to a MatMul's
// result.
func biasOf(n *network.Network, x *ir.Index, nd ir.Node) (u biasUse, ok bool) {
	if !ir.Standard(nd) {
		return u, false
	}
	constant := func(name string) bool {
		t := x.Initializer(name)
		return t != nil && !x.IsInput(name) && ir.DType(t.GetDataType()) == ir.Float && !slices.Contains(t.GetDims(), 0)
	}
	switch nd.GetOpType() {
	case "Conv", "ConvTranspose":
		u = biasUse{nd, 2, nd, ir.Input(nd, 0)}
	case "Gemm":
		if ir.AttrFloat(nd, "alpha", 1) != 1 || ir.AttrFloat(nd, "beta", 1) != 1 {
			return u, false
		}
		u = biasUse{nd, 2, nd, ir.Input(nd, 0)}
	case "Add":
		for i := range 2 {
			p := x.Producer(ir.Input(nd, 1-i))
			if p != nil && ir.Standard(p) && p.GetOpType() == "MatMul" && len(x.Consumers(ir.Output(p, 0))) == 1 && !x.IsOutput(ir.Output(p, 0)) {
				u = biasUse{nd, i, p, ir.Input(p, 0)}
			}
		}
		if u.node == nil || slices.ContainsFunc(n.Holders, func(h network.Holder) bool { return h.Tensor == ir.Input(nd, 1-u.input) }) {
			return u, false
		}
	default:
		return u, false
	}
	name := ir.Input(nd, u.input)
	if !constant(name) || !constant(ir.Input(u.layer, 1)) {
		return u, false
	}
	dims := x.Initializer(name).GetDims()
	return u, ir.IsVector(dims) || len(dims) == 0
}

// quantizeBias returns a bias for an input's scale; nil if its codes do not fit 32 bits or their scale is no normal
// number.
func quantizeBias(t ir.Tensor, name string, scale float32, w *network.Weight) (*network.Bias, error) {
	values, err := ir.Floats(t)
	if err != nil {
		return nil, err
	}
	weights := w.Scales
	if len(weights) > 1 { // the groups of a ConvTranspose share them
		weights = slices.Repeat(weights, len(values)/len(weights))
	}
	if slices.ContainsFunc(weights, func(w float32) bool { return scale*w < ir.LeastNormal }) {
		return nil, nil
	}
	codes, scales, clipped, err := quant.QuantizeBias(values, scale, weights)
	if err != nil || clipped > 0 {
		return nil, err
	}
	return &network.Bias{Tensor: name, Codes: codes, Scales: scales}, nil
}

// tensor is the bias as floats, with what t says of itself.
func tensor(b *network.Bias, t ir.Tensor) ir.Tensor {
	values := make([]float32, len(b.Codes))
	for i, c := range b.Codes {
		values[i] = float32(float32(c) * b.Scales[i%len(b.Scales)])
	}
	f := ir.TakeFloats(b.Tensor, t.GetDims(), values)
	f.DocString, f.MetadataProps = t.DocString, t.MetadataProps
	return f
}

// Biases replaces quantized biases by their codes behind a DequantizeLinear that makes the tensor of the bias's name.
func (ins *Insertion) Biases(all map[string]*network.Bias) {
	ins.Dequantized(func(t ir.Tensor) (ir.Tensor, []float32, int) {
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
		return ir.NewInts("", ir.Int32, t.GetDims(), codes), b.Scales, axis
	})
}

// ChooseBiases swaps the biases of followed constants for those of the demoted holders.
func ChooseBiases(all map[string]*network.Bias, followed []network.Followed, low []bool) map[string]*network.Bias {
	all = maps.Clone(all)
	for _, f := range followed {
		if low[f.Holder] && f.Bias != nil {
			all[f.Name] = f.Bias
		}
	}
	return all
}
