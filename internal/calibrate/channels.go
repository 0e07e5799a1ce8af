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
// each channel of some tensors that it computes, by name. axes has the axis of the channels, -1 for the last. Values
// that are not finite are left out, and so is a tensor without that axis.
func Channels(ctx context.Context, n *onnx.Network, data blocks.Samples, c How, axes map[string]int) (map[string][]repair.Channel, error) {
	seen := make(map[string][]repair.Channel)
	if len(axes) == 0 {
		return seen, nil
	}
	tensors := &onnx.Network{Model: n.Model}
	for t := range axes {
		tensors.Holders = append(tensors.Holders, network.Holder{Tensor: t})
	}
	o := &observation{Network: tensors, All: data, how: c}
	if err := o.open(ctx); err != nil {
		return nil, err
	}
	counts := make(map[string]float64) // values of a channel
	for _, v := range o.views {
		o.observedView = v
		segment, err := o.segment()
		if err != nil {
			return nil, err
		}
		err = direct.PassSteps(ctx, segment, v.data, blocks.Optimization, func(_, count, _ int, outputs [][]float32) error {
			for i, out := range segment.Outputs {
				channels, inner := v.channels(out.Name, axes)
				if channels == 0 {
					continue
				}
				if seen[out.Name] == nil {
					seen[out.Name] = make([]repair.Channel, channels)
				}
				rows := v.shapes.Rows(out.Name, v.Block)
				for slot := range count {
					values := rows.Of(outputs[i], slot)
					addChannels(seen[out.Name], values, inner)
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

// channels are the number of a tensor's channels, and of values of one that stand together; 0: it has none.
func (v *observedView) channels(tensor string, axes map[string]int) (channels, inner int) {
	axis, asked := axes[tensor]
	dims := v.shapes.At(tensor, v.Block)
	if axis < 0 {
		axis += len(dims)
	}
	if !asked || axis < 0 || axis >= len(dims) {
		return 0, 0
	}
	inner = 1
	for _, d := range dims[axis+1:] {
		inner *= int(d)
	}
	return int(dims[axis]), inner
}

// addChannels adds a sample's values, of which inner of a channel stand together, to channels whose means are sums.
func addChannels(list []repair.Channel, values []float32, inner int) {
	for at, c := 0, 0; at < len(values); at, c = at+inner, (c+1)%len(list) {
		for _, x := range values[at:min(at+inner, len(values))] {
			if x-x == 0 { // neither NaN nor infinite
				list[c].Most = max(list[c].Most, math.Abs(float64(x)))
				list[c].Mean += float64(x)
			}
		}
	}
}
