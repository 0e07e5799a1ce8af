package calibrate

import (
	"context"
	"math"

	"example.org/demote/backend/direct"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/network"
	"example.org/demote/internal/repair"
	"example.org/demote/onnx"
)

// Channels runs the float network over the calibration samples, and returns the largest absolute value and the mean of
// each channel of some tensors that it computes, by name. axes has the axis of the channels, -1 for the last. Values that
// are not finite are left out.
func Channels(ctx context.Context, n *onnx.Network, data blocks.Samples, c How, axes map[string]int) (map[string][]repair.Channel, error) {
	of := &onnx.Network{Model: n.Model}
	for t := range axes {
		of.Holders = append(of.Holders, network.Holder{Tensor: t})
	}
	o := &observation{Network: of, All: data, how: c}
	if err := o.open(ctx); err != nil {
		return nil, err
	}
	seen, counts := map[string][]repair.Channel{}, map[string]float64{}
	for _, v := range o.views {
		o.observedView = v
		segment, err := o.segment()
		if err != nil {
			return nil, err
		}
		err = direct.PassSteps(ctx, segment, v.data, blocks.Optimization, func(first, count, _ int, outputs [][]float32) error {
			for i, out := range segment.Outputs {
				axis, asked := axes[out.Name]
				dims := v.shapes.At(out.Name, v.Block)
				if axis < 0 {
					axis += len(dims)
				}
				if !asked || axis < 0 || axis >= len(dims) {
					continue
				}
				inner := 1
				for _, d := range dims[axis+1:] {
					inner *= int(d)
				}
				channels := int(dims[axis])
				if seen[out.Name] == nil {
					seen[out.Name] = make([]repair.Channel, channels)
				}
				list := seen[out.Name]
				rows := v.shapes.Rows(out.Name, v.Block)
				for slot := range count {
					values := rows.Of(outputs[i], slot)
					for at := 0; at < len(values); at += inner {
						one, sum := &list[at/inner%channels], 0.0
						for _, x := range values[at:min(at+inner, len(values))] {
							if x-x == 0 {
								one.Most = max(one.Most, math.Abs(float64(x)))
								sum += float64(x)
							}
						}
						one.Mean += sum
					}
					counts[out.Name] += float64(len(values) / channels)
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	for t, list := range seen {
		for c := range list {
			list[c].Mean /= max(1, counts[t])
		}
	}
	return seen, nil
}
