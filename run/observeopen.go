package run

import (
	"context"

	"example.org/demote/backend"
	"example.org/demote/dataset"
	"example.org/demote/internal/variants"
	"example.org/demote/onnx"
)

// An observedView is calibration samples of one shape, and the network with its shapes fixed to a block of them.
type observedView struct {
	data   view
	block  int
	inputs []backend.Tensor
	shapes *shapes
	fixed  *onnx.Model
}

// open makes the views of the samples, and takes the first one at hand.
func (o *observation) open(ctx context.Context) error {
	for _, data := range views(o.all) {
		v, err := o.openView(ctx, data)
		if set, is := data.samples.(*dataset.Set); err != nil && is && data.of != nil {
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
func (o *observation) openView(ctx context.Context, data view) (v *observedView, err error) {
	m := o.network.Model
	v = &observedView{data: data}
	if v.block, err = chooseBlock(m, 0); err != nil {
		return nil, err
	}
	if batchOf(m) == 0 {
		v.block = min(calibrationBlock, data.Len())
	}
	if o.config.alone != "" && batchOf(m) == 0 || alone(m, data) {
		v.block = 1
	}
	if v.inputs, err = blockInputs(m, data, v.block); err != nil {
		return nil, err
	}
	if v.shapes, err = measureShapes(ctx, m, v.inputs, v.block); err != nil {
		return nil, err
	}
	if fits := v.shapes.fitting(o.network.Holders); v.shapes.growing && fits < v.block {
		v.block = fits
		if v.inputs, err = blockInputs(m, data, v.block); err != nil {
			return nil, err
		}
	}
	v.fixed, err = v.shapes.fix(m, v.inputs, v.block, nil)
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
	whole, err := newSource(o.fixed, 0, names)
	if err != nil {
		return nil, err
	}
	names = withOutputs(o.fixed, whole, names)
	model := variants.WithOutputs(o.fixed, variants.WithStates(o.fixed, names...)...)
	src, err := newSource(model, 0, names)
	if err != nil {
		return nil, err
	}
	return src.segment(model)
}

// takes tells whether a tensor is an input of the network.
func (o *observation) takes(tensor string) bool {
	_, is := o.isInput[tensor]
	return is
}
