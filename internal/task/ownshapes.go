package task

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
	"example.org/demote/onnx"
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

// Members are what a run has of each shape: what is prepared, with the samples of the shape alone. Where all samples
// have one shape it is all that is prepared.
func (p *Task) Members() []*Task {
	if p.Groups == nil {
		return []*Task{p}
	}
	list := make([]*Task, len(p.Groups))
	for i, g := range p.Groups {
		q := *p
		q.Groups, q.Own, q.Data, q.Inputs, q.Block, q.Shapes = nil, g, g.Set, g.inputs, g.block, g.shapes
		list[i] = &q
	}
	return list
}

// Largest is the member with the largest samples. Where something is asked once, of whatever shape, it is asked of
// that.
func (p *Task) Largest() *Task {
	return slices.MaxFunc(p.Members(), func(a, b *Task) int {
		return blocks.SampleBytes(a.Data, len(a.Inputs)) - blocks.SampleBytes(b.Data, len(b.Inputs))
	})
}

// findShapes finds the shapes of the samples, of those that have been found already only where they are others'.
func (p *Task) findShapes() error {
	if p.grouped == p.Data && p.Groups != nil {
		return nil
	}
	if p.Groups != nil {
		p.Shapes = nil // of another set's samples
	}
	p.Groups, p.grouped = nil, p.Data
	list := p.Data.Groups()
	if list == nil {
		return nil
	}
	p.Shapes = nil
	weights := WeightBytes(p.Model)
	// the float network beside the other one
	if free := memory.Left(); float64(2*weights)*float64(len(list)) > keptShare*float64(free) {
		return mistake.Errorf("samples of %d shapes take as many networks of %s of weights each, and %s of memory are free: resize them to fewer shapes, or give the value that fills up the smaller ones, --pad %s=0",
			len(list), memory.Text(weights), memory.Text(free), p.Model.Inputs()[0].Name)
	}
	for _, g := range list {
		p.Groups = append(p.Groups, &ownShape{Group: g})
	}
	return nil
}

// OfShape says of which samples an error is that the network makes of one shape, where they have several.
func (p *Task) OfShape(err error) error {
	if p.Own == nil {
		return err
	}
	return blocks.OfShape(p.Own.Set, len(p.Model.Inputs()), err)
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
func (p *Task) setBlocks(of func(q *Task) (int, error)) error {
	for i, q := range p.Members() {
		g := p.Groups[i]
		block, err := of(q)
		if err != nil {
			return err
		}
		g.block = block
		if g.inputs, err = blocks.Inputs(p.Model, g.Set, block); err != nil {
			return err
		}
	}
	q := p.Largest()
	p.Inputs, p.Block = q.Inputs, q.Block
	return nil
}

// sayShapes tells the user of samples that are run in shapes of their own.
func (p *Task) sayShapes(say func(string)) {
	if p.Groups == nil {
		return
	}
	var list []string
	for _, g := range p.Groups {
		list = append(list, fmt.Sprintf("%d of %s", g.Len(), blocks.ShapeText(g.Set, len(g.inputs))))
	}
	if len(list) > mostTold {
		list = append(list[:mostTold], "...")
	}
	say(fmt.Sprintf("samples of %d shapes, each run in its own: %s", len(p.Groups), strings.Join(list, ", ")))
}

// mostTold is how many shapes are listed.
const mostTold = 8

// Evaluator opens an evaluator of the samples: for each shape that they have by the source and the samples that open
// gives of it, in blocks of the member's size, which open may set.
func (p *Task) Evaluator(ctx context.Context, records []quant.Record, o backend.Options, open func(q *Task) (backend.Source, backend.Samples, error)) (*backend.Evaluator, error) {
	if p.Groups == nil {
		src, samples, err := open(p)
		if err != nil {
			return nil, err
		}
		return backend.New(ctx, src, samples, records, o)
	}
	var list []backend.Shape
	for _, q := range p.Members() {
		src, samples, err := open(q)
		if err != nil {
			return nil, err
		}
		list = append(list, backend.Shape{Source: src, Samples: samples, Of: q.Own.Of, Block: q.Block})
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

// WeightBytes is what the constants of a model take.
func WeightBytes(m *onnx.Model) (bytes int64) {
	for _, t := range m.Graph().GetInitializer() {
		bytes += int64(len(t.GetRawData())) + 4*int64(len(t.GetFloatData()))
	}
	return bytes
}
