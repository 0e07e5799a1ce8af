package run

import (
	"context"

	"demote/backend"
)

// open chooses the block, and fixes the network's shapes to it.
func (o *observation) open(ctx context.Context) (err error) {
	m := o.network.Model
	if o.block, err = chooseBlock(m, 0); err != nil {
		return err
	}
	if batchOf(m) == 0 {
		o.block = min(calibrationBlock, o.data.Len())
	}
	if o.config.alone != "" && batchOf(m) == 0 || alone(m, o.data) {
		o.block = 1
	}
	if o.inputs, err = blockInputs(m, o.data, o.block); err != nil {
		return err
	}
	o.isInput = map[string]int{}
	for i, in := range o.inputs {
		o.isInput[in.Name] = i
	}
	if o.shapes, err = measureShapes(ctx, m, o.inputs, o.block); err != nil {
		return err
	}
	if fits := o.shapes.fitting(o.network.Holders); o.shapes.growing && fits < o.block {
		o.block = fits
		if o.inputs, err = blockInputs(m, o.data, o.block); err != nil {
			return err
		}
	}
	o.fixed, err = o.shapes.fix(m, o.inputs, o.block, nil)
	return err
}

// stretch is the network with the tensors of all holders as its outputs, so that nothing is fused across them.
func (o *observation) stretch() (*backend.Stretch, error) {
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
	model := o.fixed.WithOutputs(o.fixed.WithStates(names...)...)
	src, err := newSource(model, 0, names)
	if err != nil {
		return nil, err
	}
	return src.stretch(model)
}

// takes tells whether a tensor is an input of the network.
func (o *observation) takes(tensor string) bool {
	_, is := o.isInput[tensor]
	return is
}
