package run

import (
	"context"

	"example.org/demote/backend"
	"example.org/demote/dataset"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/segments"
	"example.org/demote/internal/variants"
	"example.org/demote/onnx"
)

// An observedView is calibration samples of one shape, and the network with its shapes fixed to a block of them.
type observedView struct {
	data   blocks.View
	block  int
	inputs []backend.Tensor
	shapes *blocks.Shapes
	fixed  *onnx.Model
}

// open makes the views of the samples, and takes the first one at hand.
func (o *observation) open(ctx context.Context) error {
	for _, data := range blocks.Views(o.all) {
		v, err := o.openView(ctx, data)
		if set, is := data.Samples.(*dataset.Set); err != nil && is && data.Of != nil {
			err = ofShape(set, len(o.network.Model.Inputs()), err)
		}
		if err != nil {
			return err
		}
		o.views = append(o.views, v)
	}
	o.observedView, o.isInput = o.views[0], map[string]int{}
	for i, in := range o.inputs {
		o.isInput[in.Name] = i
	}
	return nil
}

// openView chooses the block, and fixes the network's shapes to it.
func (o *observation) openView(ctx context.Context, data blocks.View) (v *observedView, err error) {
	m := o.network.Model
	v = &observedView{data: data}
	if v.block, err = blocks.Choose(m, 0); err != nil {
		return nil, err
	}
	if blocks.Fixed(m) == 0 {
		v.block = min(calibrationBlock, data.Len())
	}
	if o.config.alone != "" && blocks.Fixed(m) == 0 || blocks.Alone(m, data) {
		v.block = 1
	}
	if v.inputs, err = blocks.Inputs(m, data, v.block); err != nil {
		return nil, err
	}
	if v.shapes, err = blocks.Measure(ctx, m, v.inputs, v.block); err != nil {
		return nil, err
	}
	if fits := v.shapes.Fitting(o.network.Holders); v.shapes.Growing && fits < v.block {
		v.block = fits
		if v.inputs, err = blocks.Inputs(m, data, v.block); err != nil {
			return nil, err
		}
	}
	v.fixed, err = v.shapes.Fix(m, v.inputs, v.block, nil)
	return v, err
}

// segment is the network with the tensors of all holders as its outputs, so that nothing is fused across them.
func (o *observation) segment() (*backend.Segment, error) {
	var names []string
	for _, h := range o.network.Holders {
		if !o.takes(h.Tensor) {
			names = append(names, h.Tensor)
		}
	}
	whole, err := segments.New(o.fixed, 0, names)
	if err != nil {
		return nil, err
	}
	names = segments.WithOutputs(o.fixed, whole, names)
	model := variants.WithOutputs(o.fixed, variants.WithStates(o.fixed, names...)...)
	src, err := segments.New(model, 0, names)
	if err != nil {
		return nil, err
	}
	return src.Of(model)
}

// takes tells whether a tensor is an input of the network.
func (o *observation) takes(tensor string) bool {
	_, is := o.isInput[tensor]
	return is
}
