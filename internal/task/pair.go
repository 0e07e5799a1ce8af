package task

import (
	"context"

	"example.org/demote/config"
	"example.org/demote/internal/pair"
	"example.org/demote/internal/sandbox"
	"example.org/demote/internal/segments"
	"example.org/demote/internal/stage"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
	"example.org/demote/quant"
)

// importFile reads one quantized file, of any of onnx.Formats that files are recognized by.
func importFile(c config.Config, path string, formula quant.Formula) (*onnx.Model, *onnx.Network, []quant.Grid, error) {
	m, err := ReadNetwork(c, path)
	if err != nil {
		return nil, nil, nil, err
	}
	f, quantized := onnx.FormatOf(m)
	if quantized && f.Formula == quant.QDQ && formula != quant.QDQ {
		return nil, nil, nil, mistake.Errorf("%s: a QDQ file computes formula qdq, not %s", path, formula)
	}
	n, grids, err := onnx.ReadQuantized(m, formula)
	if err != nil && !quantized {
		err = mistake.Errorf("%w with --model and --calib", err)
	}
	return m, n, grids, err
}

// preparePair reads a pair and the data that it is searched on.
func preparePair(ctx context.Context, c config.Config) (_ *Task, err error) {
	p := &Task{}
	defer func() {
		if err != nil {
			p.Close()
		}
	}()
	if err := c.During(stage.Read, 0, func() error { return p.ReadPair(c) }); err != nil {
		return nil, err
	}
	if err = p.ChooseOutputs(p.Model, c); err != nil {
		return nil, err
	}
	if _, err = p.openWith(ctx, c, p.Network.Model, func() error { return p.tryPair(ctx, c.Say) }); err != nil {
		return nil, err
	}
	return p, c.During(stage.Hash, 0, func() error { return p.BookData("data", p.Data) })
}

// ReadPair reads the two files of a pair and joins them.
func (p *Task) ReadPair(c config.Config) error {
	formula, err := quant.ParseFormula(c.Formula)
	if err != nil {
		return err
	}
	lowFile, low, lowGrids, err := importFile(c, c.Low, formula)
	if err != nil {
		return err
	}
	file, high, highGrids, err := importFile(c, c.High, formula)
	if err != nil {
		return err
	}
	network, records, report, err := onnx.Pair(low, high, lowGrids, highGrids)
	if err != nil {
		return mistake.Errorf("%s and %s: %w", c.Low, c.High, err)
	}
	if c.Weights == "follow" {
		pair.Follow(network, low, report)
	}
	p.Network, p.Records, p.Order, p.Notes = network, records, report.Order, append(warnings("pair-differs", report.Lines()), FixedNotes(c, file)...)
	p.Model = file
	p.bookModel("low", lowFile)
	p.bookModel("high", file)
	if !report.Same() {
		p.Low, p.LowGrids = low, lowGrids
	}
	return nil
}

// FixedSource is a network that runs on one grid a holder, cut like a switchable one.
func (p *Task) FixedSource(ctx context.Context, n *onnx.Network, grids []quant.Grid) (*segments.Source, []quant.Record, error) {
	records := FixedRecords(grids)
	q := &Task{Network: n, Records: records, Inputs: p.Inputs, Block: p.Block, Output: p.Output, Beside: p.Beside, Batching: p.Batching, FixShapes: p.FixShapes}
	src, err := q.Source(ctx)
	return src, records, err
}

// FixedRecords are the records of holders with one grid each.
func FixedRecords(grids []quant.Grid) []quant.Record {
	records := make([]quant.Record, len(grids))
	for i, g := range grids {
		records[i] = quant.Record{Low: g, High: g}
	}
	return records
}

// Prepare prepares a pair, a float network with encodings, or a float network, in blocks of a size that fits it.
func Prepare(ctx context.Context, c config.Config) (p *Task, err error) {
	switch {
	case c.Low != "" || c.High != "":
		p, err = preparePair(ctx, c)
	case c.HasEncodings():
		p, err = prepareEncodings(ctx, c)
	default:
		p, err = floatTask(ctx, c)
	}
	if err != nil {
		return nil, err
	}
	p.FixShapes = c.FixShapes
	if p.Alone != "" {
		return p, nil
	}
	if err := c.During(stage.Shapes, 0, func() error { return p.FitBlock(ctx, c.Block) }); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// tryPair is sandbox.Network for the networks that the files of a pair are imported as.
func (p *Task) tryPair(ctx context.Context, say func(string)) error {
	err := sandbox.Network(ctx, p.Network.Model, p.Inputs, nil, say)
	if err == nil && p.Low != nil {
		err = sandbox.Network(ctx, p.Low.Model, p.Inputs, nil, say)
	}
	return err
}
