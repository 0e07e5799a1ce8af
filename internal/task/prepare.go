package task

import (
	"context"

	"example.org/demote/backend"
	"example.org/demote/config"
	"example.org/demote/dataset"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/calibrate"
	"example.org/demote/internal/quantize"
	"example.org/demote/internal/repair"
	"example.org/demote/internal/sandbox"
	"example.org/demote/internal/scan"
	"example.org/demote/internal/sinks"
	"example.org/demote/internal/stage"
	"example.org/demote/onnx"
	"example.org/demote/quant"
	"example.org/demote/result"
	"example.org/demote/search"
)

// Task is a network that is ready to be searched, with the data that it is searched on.
type Task struct {
	Network    *onnx.Network         // weights on their grids
	Records    []quant.Record        // by holder
	first      []quant.Record        // of a ladder's first step, by holder, in its second; else nil
	Seen       []quant.Range         // of each holder's values in the calibration; nil: nothing was calibrated
	Counts     []quant.Counts        // histograms of them, without bins if no range method needed one; nil as Seen
	Model      *onnx.Model           // the file that was read: the float network, or the 16-bit one of a pair
	FloatModel *onnx.Model           // the float network; nil for a pair
	Candidates []calibrate.Candidate // what the low grids may be instead, until they are chosen; nil: they are
	Others     []calibrate.Candidate // what they were chosen among; nil: there was no choice
	Order      []int                 // holders in the 8-bit file's order; nil: their own
	Low        *onnx.Network         // the 8-bit file's network where it is another one; else nil
	LowGrids   []quant.Grid          // of its holders
	Data       *dataset.Set
	// the hold-out: what its share takes out of data, or its file once it is open; nil without one
	Held    *dataset.Set
	Streams *stream        // how samples are read that are not kept in memory; nil: they are kept
	Once    bool           // samples are read once, and streamed whatever they take
	Shapes  *blocks.Shapes // of network's tensors, see measured
	// of samples of different shapes: those of each; nil: all have one. Then inputs, block and shapes are those of
	// the largest
	Groups          []*ownShape
	grouped         *dataset.Set // whose samples groups has
	Own             *ownShape    // that this is of, see members; nil: it is of all samples
	Block           int
	blocks.Batching          // of the output's samples, see FindBatch
	FixShapes       bool     // files are written with the axes of the search
	Output          string   // that the metric reads
	Beside          []string // further ones that it reads
	Inputs          []backend.Tensor
	Layout          search.Layout // units and what is held, see arrange
	Files           []result.Input
	Notes           []result.Warning
	Unknown         []FixedInput // of --input, that the file does not have: a reference may

	bare *onnx.Network               // the network before its weights were rounded; nil: nothing is to be repaired
	how  config.Config               // of the calibration
	seen map[string][]repair.Channel // the channels of the bare network's tensors, once they are known
	// grids of the bare network with scaled channels, by the kinds of scaling
	again map[string]*calibrate.Grids

	CalibScan *scan.Scan // of the calibration samples; nil: nothing was calibrated
	ScanTime  float64    // seconds that it took
}

// floatTask reads network and data, calibrates, and puts the weights on their grids.
func floatTask(ctx context.Context, c config.Config) (_ *Task, err error) {
	p := &Task{}
	defer func() {
		if err != nil {
			p.Close()
		}
	}()
	err = c.During(stage.Read, 0, func() (err error) {
		if p.FloatModel, err = ReadNetwork(c, c.Model); err != nil {
			return err
		}
		p.Model = p.FloatModel
		// First what no choice of an output can mend.
		if p.Network, err = PrepareFloat(ctx, p.FloatModel, c); err != nil {
			return err
		}
		err = p.ChooseOutputs(p.FloatModel, c)
		return err
	})
	if err != nil {
		return nil, err
	}
	c, err = p.openWith(ctx, c, p.FloatModel, func() error { return sandbox.Network(ctx, p.FloatModel, p.Inputs, nil, c.Say) })
	if err != nil {
		return nil, err
	}
	calib, err := OpenCalib(p.FloatModel, c)
	if err != nil {
		return nil, err
	}
	defer calib.Close()
	p.how = c
	if c.SearchWeights {
		if err := HoldWeights(p.Network); err != nil {
			return nil, err
		}
	}
	if c.DryRun {
		p.Records, err = assumed(p.Network, c)
	} else if r, ok := recordedGrids(p.Network, c); ok {
		p.Records, p.first = r.records, r.first
		p.keepBare(c)
		err = p.putWeights(c, r.unchosen)
	} else {
		err = p.calibrate(ctx, calib, c)
	}
	if err == nil && len(c.Repaired) > 0 && !c.DryRun {
		err = p.repairAgain(ctx, calib, c)
	}
	if err != nil {
		return nil, err
	}
	p.Notes = append(append(p.Notes, FixedNotes(c, p.FloatModel)...), PreparedNotes(c, p.Network)...)
	return p, c.During(stage.Hash, 0, func() error {
		p.bookModel("model", p.FloatModel)
		if err := p.BookData("calib", calib); err != nil {
			return err
		}
		return p.BookData("data", p.Data)
	})
}

// HoldWeights makes holders of the weights of layers, between 4 bits and the width that they have otherwise.
func HoldWeights(n *onnx.Network) error { return quantize.HoldWeights(n, quant.W4) }

// openWith opens the data for a network that has been read, has a child process try it, and finds how samples lie in
// a block. The configuration that it returns says so to what is done next.
func (p *Task) openWith(ctx context.Context, c config.Config, m *onnx.Model, try func() error) (config.Config, error) {
	var err error
	c.Lists = true
	if p.Block, err = blocks.Choose(p.Model, c.Block); err != nil {
		return c, err
	}
	if err := c.ReadData(p.Open); err != nil {
		return c, err
	}
	if err := c.During(stage.Try, 0, try); err != nil {
		return c, err
	}
	err = c.During(stage.Batch, 0, func() (err error) {
		if c, err = p.tellBatch(ctx, c, m); err != nil {
			return err
		}
		return p.tellPadding(ctx, c, m)
	})
	return c, err
}

// calibrate makes the records, and puts the weights on their grids.
func (p *Task) calibrate(ctx context.Context, calib *dataset.Set, c config.Config) (err error) {
	grids, err := CalibrateAndTell(ctx, p.Network, calib, c)
	if err != nil {
		return err
	}
	p.Records, p.Seen, p.Counts, p.first = grids.Records, grids.Seen, grids.Counts, grids.First
	p.Candidates = grids.Candidates
	p.keepBare(c)
	unchosen := p.Records
	if low, ok := p.LowBy(c.Ranges); ok {
		p.Records, p.Candidates = p.WithLow(low), nil
	}
	if err := c.During(stage.Scan, 0, func() error { return p.scanCalibration(calib) }); err != nil {
		return err
	}
	return p.putWeights(c, unchosen)
}

// putWeights puts the weights on their grids, which follow the records as they are before low grids are chosen, and
// biases on theirs unless that is yet to come.
func (p *Task) putWeights(c config.Config, records []quant.Record) error {
	return c.During(stage.Weights, 0, func() error {
		if p.first != nil { // both steps of a ladder have the same weights
			records = p.first
		}
		if err := quantize.WeightsFor(p.Network, records); err != nil || p.Candidates != nil {
			return err
		}
		notes, err := biasesOnGrids(p.Network, p.Records, c)
		p.Notes = append(p.Notes, notes...)
		return err
	})
}

// First are the records of a ladder's first step, by holder, in its second; nil in any other search.
func (p *Task) First() []quant.Record { return p.first }

// Quantized is the part of prepare that needs no evaluation data: the network with its weights on
// their grids, and its records.
func Quantized(ctx context.Context, c config.Config) (*onnx.Network, []quant.Record, error) {
	m, err := ReadNetwork(c, c.Model)
	if err != nil {
		return nil, nil, err
	}
	n, err := PrepareFloat(ctx, m, c)
	if err != nil {
		return nil, nil, err
	}
	PreparedNotes(c, n)
	calib, err := OpenCalib(m, c)
	if err != nil {
		return nil, nil, err
	}
	defer calib.Close()
	if err := sandbox.Float(ctx, m, calib, c.Say); err != nil {
		return nil, nil, err
	}
	if c, err = AloneCalibrated(ctx, m, calib, c); err != nil {
		return nil, nil, err
	}
	if err := tellCalibPadding(ctx, m, calib, c); err != nil {
		return nil, nil, err
	}
	grids, err := CalibrateAndTell(ctx, n, calib, c)
	if err != nil {
		return nil, nil, err
	}
	_, err = onGrids(n, grids.Records, c)
	return n, grids.Records, err
}

// onGrids puts weights, and biases where it is asked for, on their grids. The notes, which it says, are of biases
// that stay float.
func onGrids(n *onnx.Network, records []quant.Record, c config.Config) ([]result.Warning, error) {
	if err := quantize.WeightsFor(n, records); err != nil {
		return nil, err
	}
	return biasesOnGrids(n, records, c)
}

func biasesOnGrids(n *onnx.Network, records []quant.Record, c config.Config) ([]result.Warning, error) {
	if c.Bias != "int32" {
		return nil, nil
	}
	texts, err := quantize.Biases(n, records)
	notes := warnings("bias-stays-float", texts)
	for _, note := range notes {
		c.Say("warning: " + note.String())
	}
	return notes, err
}

// Open opens the evaluation data and shapes it into blocks.
func (p *Task) Open(c config.Config) error {
	share, limit := c.HoldoutShare(), c.Limit
	if share > 0 {
		limit = 0
	}
	var err error
	if p.Data, err = openSet(c.Data, c.Labels, p.Model, c, limit, false); err != nil {
		return err
	}
	if err := p.keepOrStream(c); err != nil {
		return err
	}
	if err := p.Data.CheckFinite(sinks.MaskInputs(p.Model)...); err != nil {
		return err
	}
	if share > 0 {
		if p.Held, err = splitData(p.Data, share, c); err != nil {
			return err
		}
	}
	if err := checkAlone(p.Model, p.Data, c); err != nil {
		return err
	}
	if c.FixShapes {
		if err := needOneShape(p.Data, "--fix-shapes", c.Data); err != nil {
			return err
		}
	}
	if err := p.SetBlock(p.Block); err != nil {
		return err
	}
	p.sayShapes(c.Say)
	return nil
}

// Close gives the data back. It may be called more than once.
func (p *Task) Close() {
	if p != nil && p.Data != nil {
		p.Data.Close()
		p.Data = nil
	}
}
