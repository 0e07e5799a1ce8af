package run

import (
	"context"

	"example.org/demote/internal/blocks"
	"example.org/demote/internal/sandbox"
	"example.org/demote/internal/stage"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
	"example.org/demote/quant"
)

// prepareEncodings reads a float network and the two AIMET encodings files beside it, which stand in
// the place of calibration, and the data that it is searched on.
func prepareEncodings(ctx context.Context, c Config) (_ *prepared, err error) {
	p := &prepared{}
	defer func() {
		if err != nil {
			p.Close()
		}
	}()
	if err := c.during(stage.Read, 0, func() error { return p.readEncodings(c) }); err != nil {
		return nil, err
	}
	if p.output, err = blocks.ChooseOutput(p.floatModel, c.Output); err != nil {
		return nil, err
	}
	if _, err = p.openWith(ctx, c, p.floatModel, func() error { return sandbox.Network(ctx, p.floatModel, p.inputs, nil, c.Say) }); err != nil {
		return nil, err
	}
	p.bookModel("model", p.floatModel)
	for _, f := range []struct{ role, path string }{{"encodings-low", c.EncodingsLow}, {"encodings-high", c.EncodingsHigh}} {
		if err := p.bookFile(f.role, f.path); err != nil {
			return nil, err
		}
	}
	return p, p.bookData("data", p.data)
}

// readEncodings reads the float network and its two encodings files and joins them.
func (p *prepared) readEncodings(c Config) (err error) {
	if p.floatModel, err = c.readNetwork(c.Model); err != nil {
		return err
	}
	p.model = p.floatModel
	low, lowGrids, err := encoded(p.floatModel, c.EncodingsLow)
	if err != nil {
		return err
	}
	high, highGrids, err := encoded(p.floatModel, c.EncodingsHigh)
	if err != nil {
		return err
	}
	network, records, report, err := onnx.Pair(low, high, lowGrids, highGrids)
	if err != nil {
		return mistake.Errorf("%s and %s: %w", c.EncodingsLow, c.EncodingsHigh, err)
	}
	p.network, p.records, p.order, p.notes = network, records, report.Order, append(warnings("pair-differs", report.Lines()), c.fixedNotes(p.floatModel)...)
	if !report.Same() {
		p.low, p.lowGrids = low, lowGrids
	}
	return nil
}

// encoded is a float network with the grids of one encodings file.
func encoded(m *onnx.Model, path string) (*onnx.Network, []quant.Grid, error) {
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

// missingEncodings are the inputs of a network with encodings that are missing from a command line.
func (c Config) missingEncodings() error {
	switch {
	case c.EncodingsLow == "" || c.EncodingsHigh == "":
		return mistake.Errorf("encodings come in two: give --encodings-low and --encodings-high")
	case c.Low != "" || c.High != "":
		return mistake.Errorf("--encodings-low and --low exclude each other: encodings go with a float network, --model")
	case c.Model == "":
		return mistake.Errorf("--model is missing: give the float network that the encodings were saved with")
	case c.Calib != "":
		return mistake.Errorf("--calib: encodings bring their own grids; leave it out")
	case c.Bias == "int32":
		return mistake.Errorf("--bias int32: encodings bring their own biases; leave it out")
	case c.Formula != "qdq":
		return mistake.Errorf("--formula %s: encodings compute formula qdq", c.Formula)
	case c.Unroll:
		return c.unrollPair()
	case c.OutputHolder:
		return mistake.Errorf("--output-holder: holders are the tensors that the encodings name; leave it out")
	case c.Weights == "follow":
		return mistake.Errorf("--weights follow: only a pair, --low and --high, has two sets of weights; leave it out")
	case c.Data == "":
		return mistake.Errorf("--data is missing: give the evaluation samples, --data E.npz")
	}
	return nil
}

// encodings tells whether a command line names an encodings file.
func (c Config) encodings() bool { return c.EncodingsLow != "" || c.EncodingsHigh != "" }
