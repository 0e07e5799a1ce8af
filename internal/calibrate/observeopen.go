package calibrate

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
	Block  int
	Inputs []backend.Tensor
	shapes *blocks.Shapes
	fixed  *onnx.Model
}

// open makes the views of the samples, and takes the first one at hand.
func (o *observation) open(ctx context.Context) error {
	for _, data := range blocks.Views(o.All) {
		v, err := o.openView(ctx, data)
		if set, is := data.Samples.(*dataset.Set); err != nil && is && data.Of != nil {
			err = blocks.OfShape(set, len(o.Network.Model.Inputs()), err)
		}
		if err != nil {
			return err
		}
		o.views = append(o.views, v)
	}
	o.observedView, o.isInput = o.views[0], map[string]int{}
	for i, in := range o.Inputs {
		o.isInput[in.Name] = i
	}
	return nil
}

// openView chooses the block, and fixes the network's shapes to it.
func (o *observation) openView(ctx context.Context, data blocks.View) (v *observedView, err error) {
	m := o.Network.Model
	v = &observedView{data: data}
	if v.Block, err = blocks.Choose(m, 0); err != nil {
		return nil, err
	}
	if blocks.Fixed(m) == 0 {
		v.Block = min(calibrationBlock, data.Len())
	}
	if o.how.Alone && blocks.Fixed(m) == 0 || blocks.Alone(m, data) {
		v.Block = 1
	}
	if v.Inputs, err = blocks.Inputs(m, data, v.Block); err != nil {
		return nil, err
	}
	if v.shapes, err = blocks.Measure(ctx, m, v.Inputs, v.Block); err != nil {
		return nil, err
	}
	if fits := min(v.shapes.Fitting(o.Network.Holders), v.shapes.Within(o.Network.Holders, holdersMemory)); v.shapes.Growing && fits < v.Block {
		v.Block = fits
		if v.Inputs, err = blocks.Inputs(m, data, v.Block); err != nil {
			return nil, err
		}
	}
	v.fixed, err = v.shapes.Fix(m, v.Inputs, v.Block, nil)
	return v, err
}

// segment is the network with the tensors of all holders as its outputs, so that nothing is fused across them.
func (o *observation) segment() (*backend.Segment, error) {
	var names []string
	for _, h := range o.Network.Holders {
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

// takes reports whether a tensor is an input of the network.
func (o *observation) takes(tensor string) bool {
	_, is := o.isInput[tensor]
	return is
}
