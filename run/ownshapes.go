package run

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"example.org/demote/backend"
	"example.org/demote/dataset"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/memory"
	"example.org/demote/mistake"
	"example.org/demote/quant"
)

// mostShapes is how many shapes samples may have: each is a network of its own, which is compiled, proven and cut by
// itself.
const mostShapes = 64

// An ownShape is what a run has of the samples of one shape, where they have several.
type ownShape struct {
	dataset.Group
	inputs []backend.Tensor
	block  int
	shapes *blocks.Shapes // of the network's tensors, once they are measured
}

// members are what a run has of each shape: what is prepared, with the samples of the shape alone. Where all samples
// have one shape it is all that is prepared.
func (p *prepared) members() []*prepared {
	if p.groups == nil {
		return []*prepared{p}
	}
	list := make([]*prepared, len(p.groups))
	for i, g := range p.groups {
		q := *p
		q.groups, q.own, q.data, q.inputs, q.block, q.shapes = nil, g, g.Set, g.inputs, g.block, g.shapes
		list[i] = &q
	}
	return list
}

// largest is the member with the largest samples. Where something is asked once, of whatever shape, it is asked of
// that.
func (p *prepared) largest() *prepared {
	return slices.MaxFunc(p.members(), func(a, b *prepared) int {
		return blocks.SampleBytes(a.data, len(a.inputs)) - blocks.SampleBytes(b.data, len(b.inputs))
	})
}

// findShapes finds the shapes of the samples, of those that have been found already only where they are others'.
func (p *prepared) findShapes() error {
	if p.grouped == p.data && p.groups != nil {
		return nil
	}
	if p.groups != nil {
		p.shapes = nil // of another set's samples
	}
	p.groups, p.grouped = nil, p.data
	list := p.data.Groups()
	if list == nil {
		return nil
	}
	p.shapes = nil
	weights := weightBytes(p.model)
	// the float network beside the other one
	if free := memory.Left(); float64(2*weights)*float64(len(list)) > keptShare*float64(free) {
		return mistake.Errorf("samples of %d shapes take as many networks of %s of weights each, and %s of memory are free: resize them to fewer shapes, or give the value that fills up the smaller ones, --pad %s=0",
			len(list), memory.Text(weights), memory.Text(free), p.model.Inputs()[0].Name)
	}
	for _, g := range list {
		p.groups = append(p.groups, &ownShape{Group: g})
	}
	return nil
}

// ofShape says of which samples an error is that the network makes of one shape, where they have several.
func (p *prepared) ofShape(err error) error {
	if p.own == nil {
		return err
	}
	return blocks.OfShape(p.own.Set, len(p.model.Inputs()), err)
}

// fewShapes refuses samples of too many shapes.
func fewShapes(set *dataset.Set, file string) error {
	n := set.Shapes()
	if n <= mostShapes {
		return nil
	}
	return mistake.Errorf("%s: %d samples have %d shapes, and %d is the most, since each is compiled by itself: resize them to fewer shapes, or give the value that fills up the smaller ones, --pad NAME=0",
		file, set.Len(), n, mostShapes)
}

// setBlocks shapes the samples of each shape into blocks, of a size that of says.
func (p *prepared) setBlocks(of func(q *prepared) (int, error)) error {
	for i, q := range p.members() {
		g := p.groups[i]
		block, err := of(q)
		if err != nil {
			return err
		}
		g.block = block
		if g.inputs, err = blocks.Inputs(p.model, g.Set, block); err != nil {
			return err
		}
	}
	q := p.largest()
	p.inputs, p.block = q.inputs, q.block
	return nil
}

// sayShapes tells the user of samples that are run in shapes of their own.
func (p *prepared) sayShapes(say func(string)) {
	if p.groups == nil {
		return
	}
	var list []string
	for _, g := range p.groups {
		list = append(list, fmt.Sprintf("%d of %s", g.Len(), blocks.ShapeText(g.Set, len(g.inputs))))
	}
	if len(list) > mostTold {
		list = append(list[:mostTold], "...")
	}
	say(fmt.Sprintf("samples of %d shapes, each run in its own: %s", len(p.groups), strings.Join(list, ", ")))
}

// mostTold is how many shapes are listed.
const mostTold = 8

// evaluator opens an evaluator of the samples: for each shape that they have by the source and the samples that open
// gives of it, in blocks of the member's size, which open may set.
func (p *prepared) evaluator(ctx context.Context, records []quant.Record, o backend.Options, open func(q *prepared) (backend.Source, backend.Samples, error)) (*backend.Evaluator, error) {
	if p.groups == nil {
		src, samples, err := open(p)
		if err != nil {
			return nil, err
		}
		return backend.New(ctx, src, samples, records, o)
	}
	var list []backend.Shape
	for _, q := range p.members() {
		src, samples, err := open(q)
		if err != nil {
			return nil, err
		}
		list = append(list, backend.Shape{Source: src, Samples: samples, Of: q.own.Of, Block: q.block})
	}
	return backend.NewShaped(ctx, list, records, o)
}

// needOneShape refuses samples of different shapes for what is made for one shape.
func needOneShape(set *dataset.Set, what, file string) error {
	if set.Shapes() == 0 {
		return nil
	}
	return mistake.Errorf("%s: the samples of %s have different shapes: leave it out, or give the value that fills up the smaller ones, --pad NAME=0", what, file)
}
