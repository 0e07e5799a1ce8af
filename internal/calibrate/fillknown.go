package calibrate

import (
	"maps"
	"math"
	"slices"

	"example.org/demote/internal/blocks"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/sinks"
	"example.org/demote/internal/sites"
	"example.org/demote/internal/variants"
	"example.org/demote/onnx"
)

// surelyFill is the size from which a value of an input is a mask's, whatever other values the input has.
const surelyFill = 1e9

// knownInputs finds masks among the network's float inputs, from their samples: inputs with at most two values, or with
// values larger than any measurement. It stops reading an input that cannot be a mask.
func knownInputs(m *onnx.Model, data blocks.Samples) (map[string]sites.Known, error) {
	masks, known := sinks.MaskInputs(m), make(map[string]sites.Known)
	var buffer []float32
	for i, v := range m.Inputs() {
		if v.Type != ir.Float || variants.FedBy(m, v.Name) != "" { // of a state the samples have the first value alone
			continue
		}
		k, f, mask := sites.Known{}, &fill{}, slices.Contains(masks, v.Name)
		for _, part := range blocks.Views(data) {
			for s := 0; s < part.Len() && (mask || len(f.values) < maxFillValues); s++ {
				err := observeInput(part, i, s, 1, &buffer, func(x []float32) {
					for _, v := range x {
						f.count(v)
						if math.Abs(float64(v)) >= surelyFill && len(k.Values) <= maxSureFills && !slices.Contains(k.Values, v) {
							k.Values = append(k.Values, v)
						}
					}
				})
				if err != nil {
					return nil, err
				}
			}
		}
		switch {
		case f.few():
			known[v.Name] = sites.Known{Values: f.values, All: true}
		case mask && len(k.Values) > 0 && len(k.Values) <= maxSureFills:
			known[v.Name] = k
		}
	}
	return known, nil
}

// maxSureFills is how many values of that size are a mask's; of more, the input has such values by nature.
const maxSureFills = 16

// learnt returns the known values of the inputs, and of the holders with at most two values.
func (all fills) learnt(n *onnx.Network, known map[string]sites.Known) map[string]sites.Known {
	more := maps.Clone(known)
	for i, f := range all {
		t := n.Holders[i].Tensor
		if _, ok := known[t]; !ok && f.few() {
			if more == nil {
				more = map[string]sites.Known{}
			}
			more[t] = sites.Known{Values: f.values, All: true}
		}
	}
	return more
}

// again is what the graph tells of fills together with what the holders have shown, and lists the holders whose
// values are to be observed again, since other values were left out than that; none where the fills are as they were.
func (all fills) again(n *onnx.Network, known map[string]sites.Known) (fills, []int, error) {
	list, err := sites.FindFills(n, fillLimit, all.learnt(n, known))
	if err != nil {
		return nil, nil, err
	}
	var concerned []int
	fresh, differs := fillsOf(list), false
	for i, f := range all {
		if f == nil {
			fresh[i] = nil
			continue
		}
		concerned = append(concerned, i)
		differs = differs || !slices.Equal(f.Values, list[i].Values) || f.Exact != list[i].Exact && len(f.Values) > 0
	}
	if !differs {
		return all, nil, nil
	}
	return fresh, concerned, nil
}

// anew are the same fills, which have seen nothing.
func (all fills) anew() fills {
	fresh := make(fills, len(all))
	for i, f := range all {
		if f != nil {
			fresh[i] = &fill{Fill: f.Fill}
		}
	}
	return fresh
}
