package run

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"example.org/demote/backend"
	"example.org/demote/backend/metric"
	"example.org/demote/config"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/sandbox"
	"example.org/demote/internal/segments"
	"example.org/demote/internal/task"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
	"example.org/demote/quant"
	"example.org/demote/result"
	"example.org/demote/search"
)

// evalBatch is FindBatch for a file that is scored as it is.
func evalBatch(p *task.Task, ctx context.Context, c config.Config, m *onnx.Model, settings map[string]string) (_ config.Config, notes []result.Warning, err error) {
	f, quantized := onnx.FormatOf(m)
	if f.Foreign {
		formula, err := quant.ParseFormula(c.Formula)
		if err != nil {
			return c, nil, err
		}
		n, _, err := f.Read(m, formula)
		if err != nil {
			return c, nil, err
		}
		m, quantized = n.Model, false
	}
	if err := sandbox.Network(ctx, m, p.Inputs, settings, c.Say); err != nil {
		return c, nil, err
	}
	c, note, err := p.FindBatch(ctx, c, m, quantized)
	if note != nil {
		notes = append(notes, *note)
	}
	if err != nil || quantized {
		return c, notes, err
	}
	if note, err = task.CheckPadding(ctx, m, p.Data, p.Output, c.Data); note != nil {
		notes = append(notes, *note)
	}
	return c, notes, err
}

// besideReference has the samples run alone where another network, that the file is compared with, must have them so.
// axis is that of the samples in its output.
func besideReference(p *task.Task, ctx context.Context, c config.Config, m *onnx.Model, output string) (_ *result.Warning, axis int, err error) {
	if p.Alone != "" {
		return nil, 0, nil
	}
	var found blocks.Batching
	for i, q := range p.Members() {
		if i > 0 && q.Data.Len() < 2 {
			continue // it shares no block
		}
		if found, err = blocks.Find(ctx, m, blocks.Reordered(q.Data, q.Inputs, m), m.IsQDQ(), output); err != nil {
			return nil, found.Axis, err
		}
		if found.Alone != "" {
			break
		}
	}
	if found.Alone == "" {
		return nil, found.Axis, nil
	}
	found.Alone = "the reference: " + found.Alone
	_, err = p.RunAlone(c, found.Alone)
	return new(found.Warning()), 0, err
}

// feeds refuses a reference with an input that the network which it goes with does not have.
func feeds(p *task.Task, reference *onnx.Model) error {
	inputs := reference.Inputs()
	if len(inputs) <= len(p.Inputs) {
		return nil
	}
	for _, v := range inputs {
		if !slices.ContainsFunc(p.Inputs, func(t backend.Tensor) bool { return t.Name == v.Name }) {
			return mistake.Errorf("%s: %s has no input %s, which the reference reads: give its value, --input %s=VALUE", reference.Path, p.Model.Path, v.Name, v.Name)
		}
	}
	return nil
}

// tryEval has a child process try what is run.
func tryEval(p *task.Task, ctx context.Context, m *onnx.Model, n *onnx.Network, c config.Config, settings map[string]string) error {
	if f, _ := onnx.FormatOf(m); !f.Foreign {
		return sandbox.Network(ctx, m, p.Inputs, settings, c.Say)
	}
	return sandbox.Network(ctx, n.Model, p.Inputs, settings, c.Say)
}

// referenceOutputs runs another network on the same samples; at says where the rows lie. Where its samples must be
// run alone, the file's are too: note says so.
func referenceOutputs(ctx context.Context, c config.Config, file string, p *task.Task, o backend.Options) (rows []float32, at []int, note *result.Warning, err error) {
	m, unknown, err := task.ReadFixed(c, file)
	if err == nil {
		unknown = slices.DeleteFunc(unknown, func(in task.FixedInput) bool { return !task.Lacks(p.Unknown, in.Name) })
		err = task.UnknownInput(unknown, m)
	}
	if err == nil {
		err = onnx.CheckConstants(m)
	}
	if err != nil {
		return nil, nil, nil, err
	}
	if err := feeds(p, m); err != nil {
		return nil, nil, nil, err
	}
	if err := sameTypes(p, c, m); err != nil {
		return nil, nil, nil, err
	}
	if err := sameBatch(p, c, m); err != nil {
		return nil, nil, nil, err
	}
	if o.Output, err = blocks.ChooseOutput(m, c.Output); err != nil { // a metric with a reference reads one
		return nil, nil, nil, err
	}
	if err := sandbox.Network(ctx, m, p.Inputs, o.Config, c.Say); err != nil {
		return nil, nil, nil, err
	}
	var axis int
	if note, axis, err = besideReference(p, ctx, c, m, o.Output); err != nil {
		return nil, nil, nil, err
	}
	o.Block, o.Axis = p.Block, axis
	o.Metric = metric.OutputsOnly
	e, err := p.Evaluator(ctx, nil, o, func(q *task.Task) (backend.Source, backend.Samples, error) {
		src, err := segments.Plain(ctx, m, q.Inputs, q.Block, o.Output)
		if err != nil {
			return nil, nil, q.OfShape(err)
		}
		return src, blocks.InOrder(q.Data, q.Inputs, src.Inputs()), nil
	})
	if err != nil {
		return nil, nil, nil, err
	}
	defer e.Close()
	rows, err = e.AllOutputs(ctx, search.NewMask(0))
	return rows, e.Places(), note, err
}

// sameTypes sees that a reference takes the samples as they are read for the file. One that takes them in another
// floating-point type computes in float32 from then on; any other type is refused.
func sameTypes(p *task.Task, c config.Config, reference *onnx.Model) error {
	for i, v := range reference.Inputs() {
		at := slices.IndexFunc(p.Inputs, func(t backend.Tensor) bool { return t.Name == v.Name })
		if at < 0 {
			at = i // by its place, see blocks.InOrder
		}
		if at >= len(p.Inputs) || ir.DType(p.Inputs[at].Type) == v.Type {
			continue
		}
		own, other := strings.ToLower(ir.DType(p.Inputs[at].Type).String()), strings.ToLower(v.Type.String())
		if ir.DType(p.Inputs[at].Type) != ir.Float || v.Type != ir.Float16 && v.Type != ir.BFloat16 && v.Type != ir.Double {
			return mistake.Errorf("%s: input %s is of type %s, and that of %s is %s: compare files that take one type", p.Model.Path, p.Inputs[at].Name, own, reference.Path, other)
		}
		c.Say(fmt.Sprintf("warning: %s takes %s and computes in it: it is run in float32, as %s is", reference.Path, other, p.Model.Path))
		if err := onnx.Widen(reference, v.Type); err != nil {
			return err
		}
	}
	return nil
}

// sameBatch goes over to the blocks of a reference whose batch is fixed, where that of the file is free.
func sameBatch(p *task.Task, c config.Config, reference *onnx.Model) error {
	fixed, own := blocks.Fixed(reference), blocks.Fixed(p.Model)
	if fixed == 0 || fixed == p.Block || blocks.Alone(p.Model, p.Data) {
		return nil
	}
	if own == 0 && c.Block == 0 && p.Groups == nil && p.Alone == "" && fixed <= p.Data.Len() {
		return p.SetBlock(fixed)
	}
	return mistake.Errorf("%s: its batch is fixed to %d, and %s is run in blocks of %d: compare files of one batch, or with a free one", reference.Path, fixed, p.Model.Path, p.Block)
}
