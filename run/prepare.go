package run

import (
	"context"

	"example.org/demote/backend"
	"example.org/demote/backend/metric"
	"example.org/demote/dataset"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/quantize"
	"example.org/demote/internal/sandbox"
	"example.org/demote/internal/segments"
	"example.org/demote/internal/sinks"
	"example.org/demote/internal/stage"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
	"example.org/demote/quant"
	"example.org/demote/result"
	"example.org/demote/search"
)

// prepared is a network that is ready to be searched, with the data that it is searched on.
type prepared struct {
	network    *onnx.Network  // weights on their grids
	records    []quant.Record // by holder
	seen       []quant.Range  // of each holder's values in the calibration; nil: nothing was calibrated
	model      *onnx.Model    // the file that was read: the float network, or the 16-bit one of a pair
	floatModel *onnx.Model    // the float network; nil for a pair
	order      []int          // holders in the 8-bit file's order; nil: their own
	low        *onnx.Network  // the 8-bit file's network where it is another one; else nil
	lowGrids   []quant.Grid   // of its holders
	data       *dataset.Set
	// the hold-out: what its share takes out of data, or its file once it is open; nil without one
	held    *dataset.Set
	streams *stream        // how samples are read that are not kept in memory; nil: they are kept
	once    bool           // samples are read once, and streamed whatever they take
	shapes  *blocks.Shapes // of network's tensors, see measured
	// of samples of different shapes: those of each; nil: all have one. Then inputs, block and shapes are those of
	// the largest
	groups          []*ownShape
	grouped         *dataset.Set // whose samples groups has
	own             *ownShape    // that this is of, see members; nil: it is of all samples
	block           int
	blocks.Batching        // of the output's samples, see findBatch
	fixShapes       bool   // files are written with the axes of the search
	output          string // that the metric reads
	inputs          []backend.Tensor
	layout          search.Layout // units and what is held, see arrange
	files           []result.Input
	notes           []result.Warning
	unknown         []fixedInput // of --input, that the file does not have: a reference may

	calibScan *scan   // of the calibration samples; nil: nothing was calibrated
	scanTime  float64 // seconds that it took
}

// prepare reads network and data, calibrates, and puts the weights on their grids.
func prepare(ctx context.Context, c Config) (_ *prepared, err error) {
	p := &prepared{}
	defer func() {
		if err != nil {
			p.Close()
		}
	}()
	err = c.during(stage.Read, 0, func() (err error) {
		if p.floatModel, err = c.readNetwork(c.Model); err != nil {
			return err
		}
		p.model = p.floatModel
		// First what no choice of an output can mend.
		if p.network, err = prepareFloat(ctx, p.floatModel, c); err != nil {
			return err
		}
		p.output, err = blocks.ChooseOutput(p.floatModel, c.Output)
		return err
	})
	if err != nil {
		return nil, err
	}
	c, err = p.openWith(ctx, c, p.floatModel, func() error { return sandbox.Network(ctx, p.floatModel, p.inputs, nil, c.Say) })
	if err != nil {
		return nil, err
	}
	calib, err := openData(c.Calib, "", p.floatModel, c, 0)
	if err != nil {
		return nil, err
	}
	defer calib.Close()
	if c.DryRun {
		p.records, err = assumed(p.network, c)
	} else if records, ok := recordedGrids(p.network, c.Recorded, c); ok {
		p.records = records
		err = p.putWeights(c)
	} else {
		err = p.calibrate(ctx, calib, c)
	}
	if err != nil {
		return nil, err
	}
	p.notes = append(append(p.notes, c.fixedNotes(p.floatModel)...), c.preparedNotes(p.network)...)
	return p, c.during(stage.Hash, 0, func() error {
		p.bookModel("model", p.floatModel)
		if err := p.bookData("calib", calib); err != nil {
			return err
		}
		return p.bookData("data", p.data)
	})
}

// openWith opens the data for a network that has been read, has a child process try it, and finds how samples lie in
// a block. The configuration that it returns says so to what is done next.
func (p *prepared) openWith(ctx context.Context, c Config, m *onnx.Model, try func() error) (Config, error) {
	var err error
	c.Lists = true
	if p.block, err = blocks.Choose(p.model, c.Block); err != nil {
		return c, err
	}
	if err := c.readData(p.open); err != nil {
		return c, err
	}
	if err := c.during(stage.Try, 0, try); err != nil {
		return c, err
	}
	err = c.during(stage.Batch, 0, func() (err error) {
		if c, err = p.tellBatch(ctx, c, m); err != nil {
			return err
		}
		return p.tellPadding(ctx, c, m)
	})
	return c, err
}

// calibrate makes the records, and puts the weights on their grids.
func (p *prepared) calibrate(ctx context.Context, calib *dataset.Set, c Config) (err error) {
	if p.records, p.seen, err = calibrateAndTell(ctx, p.network, calib, c); err != nil {
		return err
	}
	if err := c.during(stage.Scan, 0, func() error { return p.scanCalibration(calib) }); err != nil {
		return err
	}
	return p.putWeights(c)
}

// putWeights puts the weights on their grids, as the records have them.
func (p *prepared) putWeights(c Config) error {
	return c.during(stage.Weights, 0, func() error {
		notes, err := onGrids(p.network, p.records, c)
		p.notes = append(p.notes, notes...)
		return err
	})
}

// quantized is the part of prepare that needs no evaluation data: the network with its weights on
// their grids, and its records.
func quantized(ctx context.Context, c Config) (*onnx.Network, []quant.Record, error) {
	m, err := c.readNetwork(c.Model)
	if err != nil {
		return nil, nil, err
	}
	n, err := prepareFloat(ctx, m, c)
	if err != nil {
		return nil, nil, err
	}
	c.preparedNotes(n)
	calib, err := openData(c.Calib, "", m, c, 0)
	if err != nil {
		return nil, nil, err
	}
	defer calib.Close()
	if err := sandbox.Float(ctx, m, calib, c.Say); err != nil {
		return nil, nil, err
	}
	if c, err = aloneCalibrated(ctx, m, calib, c); err != nil {
		return nil, nil, err
	}
	if err := tellCalibPadding(ctx, m, calib, c); err != nil {
		return nil, nil, err
	}
	records, _, err := calibrateAndTell(ctx, n, calib, c)
	if err != nil {
		return nil, nil, err
	}
	_, err = onGrids(n, records, c)
	return n, records, err
}

// onGrids puts weights, and biases where it is asked for, on their grids. The notes, which it says, are of biases
// that stay float.
func onGrids(n *onnx.Network, records []quant.Record, c Config) ([]result.Warning, error) {
	if err := quantize.WeightsFor(n, records); err != nil || c.Bias != "int32" {
		return nil, err
	}
	texts, err := quantize.Biases(n, records)
	notes := warnings("bias-stays-float", texts)
	for _, note := range notes {
		c.Say("warning: " + note.String())
	}
	return notes, err
}

// open opens the evaluation data and shapes it into blocks.
func (p *prepared) open(c Config) error {
	share, limit := c.holdoutShare(), c.Limit
	if share > 0 {
		limit = 0
	}
	var err error
	if p.data, err = openSet(c.Data, c.Labels, p.model, c, limit); err != nil {
		return err
	}
	if err := p.keepOrStream(c); err != nil {
		return err
	}
	if err := p.data.CheckFinite(sinks.MaskInputs(p.model)...); err != nil {
		return err
	}
	if share > 0 {
		if p.held, err = splitData(p.data, share, c); err != nil {
			return err
		}
	}
	if err := checkAlone(p.model, p.data, c); err != nil {
		return err
	}
	if c.FixShapes {
		if err := needOneShape(p.data, "--fix-shapes", c.Data); err != nil {
			return err
		}
	}
	if err := p.setBlock(p.block); err != nil {
		return err
	}
	p.sayShapes(c.Say)
	return nil
}

// openData opens samples for a network, with labels from another file or without, and sees that they are numbers.
func openData(path, labels string, m *onnx.Model, c Config, limit int) (*dataset.Set, error) {
	set, err := openSet(path, labels, m, c, limit)
	if err == nil {
		err = set.CheckFinite(sinks.MaskInputs(m)...)
	}
	if err != nil && set != nil {
		set.Close()
		return nil, err
	}
	return set, err
}

// openSet opens samples for a network without reading more of them than that takes.
func openSet(path, labels string, m *onnx.Model, c Config, limit int) (*dataset.Set, error) {
	alike, err := c.alike(m)
	if err != nil {
		return nil, err
	}
	pad, err := c.padding(m)
	if err != nil {
		return nil, err
	}
	set, err := dataset.Open(path, blocks.DataInputs(m), dataset.Options{Spool: c.Spool, Alike: alike, Defaults: defaultNames(m), Begin: blocks.ZeroStates(m), StepLabels: len(m.States) > 0, Pad: pad, Decoded: decoding(path, c), Every: decodeEvery, Labels: labels, Only: c.onlyKnown(), Scale: c.Scale, Mean: c.Mean, Std: c.Std, Limit: limit, Seed: c.seed(),
		Kind: c.labelKind(), Ignore: c.IgnoreLabel})
	if err == nil {
		if err := fewShapes(set, path); err != nil {
			set.Close()
			return nil, err
		}
	}
	if err == nil && c.Lists {
		set.HashAside()
	}
	return set, err
}

// needLabels refuses data without labels for a metric that needs them.
func (p *prepared) needLabels(m *metric.Metric, c Config) error {
	missing := !p.classLabels()
	switch m.Labels {
	case metric.PixelLabels:
		missing = p.data.Pixels() == nil
	case metric.ValueLabels:
		missing = p.data.Values() == nil
	case metric.OwnLabels:
		missing = p.data.Own() == nil
	}
	if m.NeedsLabels && missing {
		return mistake.Errorf("%s: metric %s needs labels, and the data has none: add an array y, name a file with --labels, or choose --metric agreement", c.Data, m.Name)
	}
	return nil
}

// checkLabels refuses labels that the network's output has no class for.
func (p *prepared) checkLabels(m *metric.Metric, src *segments.Source) error {
	if err := p.checkClasses(m, src); err != nil {
		return err
	}
	out, known := src.Tensors[p.output]
	if !m.ChecksClasses() || !known || len(out.Dims) == 0 && p.Axis == 0 {
		return nil
	}
	classes := 1
	for _, d := range backend.SampleFirst(out.Dims, p.Axis)[1:] {
		classes *= int(d)
	}
	if p.held != nil {
		if err := p.held.CheckLabels(classes); err != nil {
			return err
		}
	}
	return p.data.CheckLabels(classes)
}

// Close gives the data back. It may be called more than once.
func (p *prepared) Close() {
	if p != nil && p.data != nil {
		p.data.Close()
		p.data = nil
	}
}
