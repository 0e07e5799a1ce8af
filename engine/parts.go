package engine

import (
	"context"

	"example.org/demote/backend"
	"example.org/demote/dataset"
	"example.org/demote/internal/blocks"
	"example.org/demote/quant"
)

// A part is the samples of one shape, and how the network takes them.
type part struct {
	set    *dataset.Set
	of     []int // the number of each sample among all; nil: the data have one shape
	inputs []backend.Tensor
	block  int
	shapes *blocks.Shapes
}

// parts shapes the samples into blocks, those of each shape for themselves.
func (e *opening) parts(ctx context.Context) ([]part, error) {
	list := []part{{set: e.data}}
	if groups := e.data.Groups(); groups != nil {
		list = nil
		for _, g := range groups {
			list = append(list, part{set: g.Set, of: g.Of})
		}
	}
	for i := range list {
		err := e.shape(ctx, &list[i])
		if err != nil && list[i].of == nil {
			return nil, err
		}
		if err != nil {
			return nil, blocks.OfShape(list[i].set, len(e.network.Model.Inputs()), err)
		}
	}
	return list, nil
}

// shape chooses a part's block and measures the network's tensors for it.
func (e *opening) shape(ctx context.Context, p *part) error {
	m := e.network.Model
	fixed := blocks.Fixed(m)
	alone := blocks.Alone(m, p.set) || e.batching.Alone != "" && fixed == 0
	block, err := blocks.Choose(m, e.opts.Block)
	if err != nil {
		return err
	}
	measure := func(block int) error {
		p.block = block
		if p.inputs, err = blocks.Inputs(m, p.set, block); err == nil {
			p.shapes, err = blocks.Measure(ctx, m, p.inputs, block)
		}
		return err
	}
	switch {
	case alone:
		return measure(1)
	case fixed > 0:
		return measure(block)
	case e.opts.Block > 0:
		return measure(max(1, min(block, p.set.Len())))
	}
	if err := measure(max(1, min(block, p.set.Len()))); err != nil {
		return err
	}
	return measure(p.shapes.Block(p.set.Len(), e.network.Holders))
}

// evaluator opens an evaluator of all parts, each with the source and the samples that open gives of it.
func (e *opening) evaluator(ctx context.Context, parts []part, records []quant.Record, o backend.Options, open func(part) (backend.Source, backend.Samples, error)) (*backend.Evaluator, error) {
	var list []backend.Shape
	for _, p := range parts {
		src, samples, err := open(p)
		if err != nil {
			return nil, err
		}
		if p.of == nil {
			o.Block = p.block
			return backend.New(ctx, src, samples, records, o)
		}
		list = append(list, backend.Shape{Source: src, Samples: samples, Of: p.of, Block: p.block})
	}
	return backend.NewShaped(ctx, list, records, o)
}
