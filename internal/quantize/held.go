package quantize

import (
	"math"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/mistake"
	"example.org/demote/quant"
)

// HoldWeights makes a holder, behind all others, of every weight that n.WeightWidths has wider than low: Weights then
// puts it on two grids, and the holder's bit chooses. Its name is that of the weight's initializer, or of the copy that
// Weights makes; layers that read one weight in one form are one holder. It is done once, before Weights. Errors match
// mistake.Err: no weight is wider.
func HoldWeights(n *network.Network, low quant.Width) error {
	x, err := ir.NewIndex(n.Model)
	if err != nil {
		return err
	}
	type form struct {
		weight string
		weightForm
	}
	uses, fresh, at := allUses(n, x), ir.NewNames(n.Model.Graph()), map[form]int{}
	first := len(n.Holders)
	for _, u := range uses {
		one := form{ir.Input(u.node, u.input), u.weightForm}
		i, known := at[one]
		if !known {
			name := one.weight
			if !onlyAs(x, uses, name, u.weightForm) {
				name = fresh.Fresh(name + "_weight")
			}
			if i = -1; u.width.Bits() > low.Bits() {
				i = len(n.Holders)
				n.Holders = append(n.Holders, network.Holder{Name: name, Tensor: one.weight, Index: i,
					Weights: &network.HeldWeights{Dims: x.Initializer(one.weight).GetDims(), Low: low, High: u.width}})
			}
			at[one] = i
		}
		if i < 0 {
			continue
		}
		h := &n.Holders[i]
		h.Consumers = append(h.Consumers, ir.Label(u.node))
		h.Weights.Ops, h.Weights.Places = append(h.Weights.Ops, u.node.GetOpType()), append(h.Weights.Places, u.place())
	}
	if len(n.Holders) == first {
		return n.Model.InFile(mistake.Errorf("--search-weights: no layer of this network has weights of more than %d bits; leave it out", low.Bits()))
	}
	return nil
}

// HeldRecords are the records of a network's holders of weights, in their order: the two grids of the channel with the
// largest weight, before any repair has scaled or fitted it.
func HeldRecords(n *network.Network) ([]quant.Record, []quant.Range, error) {
	x, err := ir.NewIndex(n.Model)
	if err != nil {
		return nil, nil, err
	}
	var records []quant.Record
	var seen []quant.Range
	for _, h := range n.Holders[len(n.Activations()):] {
		place := h.Weights.Places[0] // a repair may have given the weight another name
		values, err := ir.Floats(x.Initializer(ir.Input(x.Producer(place.Output), place.Input)))
		if err != nil {
			return nil, nil, n.Model.InFile(mistake.Errorf("weight %q: %w", h.Tensor, err))
		}
		r := quant.Range{Min: values[0], Max: values[0]}
		for _, v := range values {
			r.Min, r.Max = min(r.Min, v), max(r.Max, v)
		}
		seen = append(seen, r)
		records = append(records, quant.Record{Low: gridOf(r, h.Weights.Low), High: gridOf(r, h.Weights.High)})
	}
	return records, seen, nil
}

// gridOf is the grid of weights between two numbers. One of no values but zeros, or of none that is finite, has scale
// 1.
func gridOf(r quant.Range, width quant.Width) quant.Grid {
	most := int32(1)<<(width.Bits()-1) - 1
	scale := float32(max(math.Abs(float64(r.Min)), math.Abs(float64(r.Max))) / float64(most))
	if !(scale >= ir.LeastNormal) || scale > math.MaxFloat32 {
		scale = 1
	}
	return quant.Grid{Formula: quant.QDQ, Bits: width.Bits(), Signed: true, Scale: scale, Min: -most, Max: most}
}
