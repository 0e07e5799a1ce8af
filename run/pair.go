package run

import (
	"context"
	"fmt"

	"example.org/demote/backend"
	"example.org/demote/backend/metric"
	"example.org/demote/dataset"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/pair"
	"example.org/demote/internal/sandbox"
	"example.org/demote/internal/segments"
	"example.org/demote/internal/stage"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
	"example.org/demote/quant"
	"example.org/demote/search"
)

// importFile reads one quantized file, of any of onnx.Formats that files are recognized by.
func (c Config) importFile(path string, formula quant.Formula) (*onnx.Model, *onnx.Network, []quant.Grid, error) {
	m, err := c.readNetwork(path)
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
func preparePair(ctx context.Context, c Config) (_ *prepared, err error) {
	p := &prepared{}
	defer func() {
		if err != nil {
			p.Close()
		}
	}()
	if err := c.during(stage.Read, 0, func() error { return p.readPair(c) }); err != nil {
		return nil, err
	}
	if p.output, err = blocks.ChooseOutput(p.model, c.Output); err != nil {
		return nil, err
	}
	if _, err = p.openWith(ctx, c, p.network.Model, func() error { return p.tryPair(ctx, c.Say) }); err != nil {
		return nil, err
	}
	return p, c.during(stage.Hash, 0, func() error { return p.bookData("data", p.data) })
}

// readPair reads the two files of a pair and joins them.
func (p *prepared) readPair(c Config) error {
	formula, err := quant.ParseFormula(c.Formula)
	if err != nil {
		return err
	}
	lowFile, low, lowGrids, err := c.importFile(c.Low, formula)
	if err != nil {
		return err
	}
	file, high, highGrids, err := c.importFile(c.High, formula)
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
	p.network, p.records, p.order, p.notes = network, records, report.Order, append(warnings("pair-differs", report.Lines()), c.fixedNotes(file)...)
	p.model = file
	p.bookModel("low", lowFile)
	p.bookModel("high", file)
	if !report.Same() {
		p.low, p.lowGrids = low, lowGrids
	}
	return nil
}

// fixedSource is a network that runs on one grid a holder, cut like a switchable one.
func (p *prepared) fixedSource(ctx context.Context, n *onnx.Network, grids []quant.Grid) (*segments.Source, []quant.Record, error) {
	records := fixedRecords(grids)
	q := &prepared{network: n, records: records, inputs: p.inputs, block: p.block, output: p.output, Batching: p.Batching, fixShapes: p.fixShapes}
	src, err := q.source(ctx)
	return src, records, err
}

// fixedRecords are the records of holders with one grid each.
func fixedRecords(grids []quant.Grid) []quant.Record {
	records := make([]quant.Record, len(grids))
	for i, g := range grids {
		records[i] = quant.Record{Low: g, High: g}
	}
	return records
}

// scoreLow scores the 8-bit file's own network, which is another one than the 16-bit file's with
// every holder demoted; nil where they are the same.
func (s *compiled) scoreLow(ctx context.Context) (*search.Score, error) {
	if s.low == nil {
		return nil, nil
	}
	o, records := s.options, fixedRecords(s.lowGrids)
	o.Naive, o.Stream = true, true
	e, err := s.evaluator(ctx, records, o, func(q *prepared) (backend.Source, backend.Samples, error) {
		src, _, err := q.fixedSource(ctx, s.low, s.lowGrids)
		return src, q.data, err
	})
	if err != nil {
		return nil, err
	}
	defer e.Close()
	score, err := e.Score(ctx, search.NewMask(len(records)))
	return &score, err
}

// highReference is the 16-bit network's outputs, which a pair is compared with.
func (s *compiled) highReference(ctx context.Context) error {
	if !s.metric.NeedsReference {
		return nil
	}
	o := s.options
	o.Naive, o.Stream, o.Metric = true, true, metric.OutputsOnly
	e, err := s.evaluator(ctx, s.records, o, func(q *prepared) (backend.Source, backend.Samples, error) {
		src, err := q.source(ctx)
		return src, q.data, err
	})
	if err != nil {
		return err
	}
	defer e.Close()
	s.options.Places = e.Places()
	s.options.Reference, err = e.AllOutputs(ctx, search.NewMask(len(s.records)))
	return err
}

// prepareAny prepares a pair, a float network with encodings, or a float network, in blocks of a size that fits it.
func prepareAny(ctx context.Context, c Config) (p *prepared, err error) {
	switch {
	case c.Low != "" || c.High != "":
		p, err = preparePair(ctx, c)
	case c.encodings():
		p, err = prepareEncodings(ctx, c)
	default:
		p, err = prepare(ctx, c)
	}
	if err != nil {
		return nil, err
	}
	p.fixShapes = c.FixShapes
	if p.Alone != "" {
		return p, nil
	}
	if err := c.during(stage.Shapes, 0, func() error { return p.fitBlock(ctx, c.Block) }); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// sampleFiles are the inputs of a pair or a float network that are missing from a command line.
func (c Config) missing() error {
	pair := c.Low != "" || c.High != ""
	if c.encodings() {
		return c.missingEncodings()
	}
	switch {
	case pair && c.Unroll:
		return c.unrollPair()
	case pair && c.Model != "":
		return mistake.Errorf("--model and --low/--high exclude each other: a pair brings its own grids")
	case pair && (c.Low == "" || c.High == ""):
		return mistake.Errorf("a pair needs --low and --high")
	case pair && c.Bias == "int32":
		return mistake.Errorf("--bias int32: a pair brings its own biases; leave it out")
	case pair && c.Calib != "":
		return mistake.Errorf("--calib: a pair brings its own grids; leave it out")
	case !pair && c.Weights == "follow":
		return mistake.Errorf("--weights follow: only a pair, --low and --high, has two sets of weights; leave it out")
	case !pair && c.Model == "":
		return mistake.Errorf("--model is missing: give --model M.onnx --calib C.npz, or a pair with --low and --high")
	case !pair && c.Calib == "":
		return mistake.Errorf("--calib is missing: the grids of a float network are made from calibration samples")
	case c.Data == "":
		return mistake.Errorf("--data is missing: give the evaluation samples, --data E.npz")
	}
	return nil
}

var _ blocks.Samples = (*dataset.Set)(nil)

// describe names the network in messages.
func (c Config) describe() string {
	if c.Model != "" {
		return c.Model
	}
	return fmt.Sprintf("%s and %s", c.Low, c.High)
}

// tryPair is sandbox.Network for the networks that the files of a pair are imported as.
func (p *prepared) tryPair(ctx context.Context, say func(string)) error {
	err := sandbox.Network(ctx, p.network.Model, p.inputs, nil, say)
	if err == nil && p.low != nil {
		err = sandbox.Network(ctx, p.low.Model, p.inputs, nil, say)
	}
	return err
}
