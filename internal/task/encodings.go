package task

import (
	"context"

	"example.org/demote/config"
	"example.org/demote/internal/sandbox"
	"example.org/demote/internal/stage"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
	"example.org/demote/quant"
)

// prepareEncodings reads a float network and the two AIMET encodings files beside it, which stand in
// the place of calibration, and the data that it is searched on.
func prepareEncodings(ctx context.Context, c config.Config) (_ *Task, err error) {
	p := &Task{}
	defer func() {
		if err != nil {
			p.Close()
		}
	}()
	if err := c.During(stage.Read, 0, func() error { return p.ReadEncodings(c) }); err != nil {
		return nil, err
	}
	if err = p.ChooseOutputs(p.FloatModel, c); err != nil {
		return nil, err
	}
	if _, err = p.openWith(ctx, c, p.FloatModel, func() error { return sandbox.Network(ctx, p.FloatModel, p.Inputs, nil, c.Say) }); err != nil {
		return nil, err
	}
	p.bookModel("model", p.FloatModel)
	for _, f := range []struct{ role, path string }{{"encodings-low", c.EncodingsLow}, {"encodings-high", c.EncodingsHigh}} {
		if err := p.BookFile(f.role, f.path); err != nil {
			return nil, err
		}
	}
	return p, p.BookData("data", p.Data)
}

// ReadEncodings reads the float network and its two encodings files and joins them.
func (p *Task) ReadEncodings(c config.Config) (err error) {
	if p.FloatModel, err = ReadNetwork(c, c.Model); err != nil {
		return err
	}
	p.Model = p.FloatModel
	low, lowGrids, err := Encoded(p.FloatModel, c.EncodingsLow)
	if err != nil {
		return err
	}
	high, highGrids, err := Encoded(p.FloatModel, c.EncodingsHigh)
	if err != nil {
		return err
	}
	network, records, report, err := onnx.Pair(low, high, lowGrids, highGrids)
	if err != nil {
		return mistake.Errorf("%s and %s: %w", c.EncodingsLow, c.EncodingsHigh, err)
	}
	p.Network, p.Records, p.Order, p.Notes = network, records, report.Order, append(warnings("pair-differs", report.Lines()), FixedNotes(c, p.FloatModel)...)
	if !report.Same() {
		p.Low, p.LowGrids = low, lowGrids
	}
	return nil
}

// Encoded is a float network with the grids of one encodings file.
func Encoded(m *onnx.Model, path string) (*onnx.Network, []quant.Grid, error) {
	e, err := onnx.ReadEncodings(path)
	if err != nil {
		return nil, nil, err
	}
	n, grids, err := e.Apply(m)
	if err != nil {
		return nil, nil, mistake.Errorf("%s: %w", path, err)
	}
	return n, grids, nil
}
