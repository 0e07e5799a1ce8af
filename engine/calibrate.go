package engine

import (
	"cmp"
	"context"
	"errors"

	"example.org/demote/dataset"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/calibrate"
	"example.org/demote/onnx"
	"example.org/demote/quant"
)

// A Calibration says how the grids of a network are made. The zero value makes asymmetric grids of 8 and 16 bits over
// the lowest and highest values that the samples show.
type Calibration struct {
	Low, High           quant.Width   // of the grids; 0: quant.W8 and quant.W16
	KindLow, KindHigh   quant.Kind    // of the grids; empty: quant.Asymmetric
	RangeLow, RangeHigh quant.Method  // that finds their ends; empty: quant.MinMax
	Formula             quant.Formula // empty: quant.QDQ
	Samples             string        // what the samples are called in errors; empty: the calibration samples
	AllowNaN            bool          // values that are not finite are left out; false: they are an error
}

// Calibrate runs a float network over samples and returns a record a holder: its low and its high grid.
// Holders of attention masks, as the samples show them, it takes from the network. Memory does not grow with the
// number of samples.
func Calibrate(ctx context.Context, n *onnx.Network, samples *dataset.Set, c Calibration) ([]quant.Record, error) {
	how := calibrate.How{Formula: cmp.Or(c.Formula, quant.QDQ), Network: n.Model.Path, Samples: cmp.Or(c.Samples, "the calibration samples"), AllowNaN: c.AllowNaN}
	var lowErr, highErr error
	how.Low, lowErr = calibrate.NewGridChoice(string(cmp.Or(c.KindLow, quant.Asymmetric)), string(cmp.Or(c.RangeLow, quant.MinMax)), cmp.Or(c.Low, quant.W8))
	how.High, highErr = calibrate.NewGridChoice(string(cmp.Or(c.KindHigh, quant.Asymmetric)), string(cmp.Or(c.RangeHigh, quant.MinMax)), cmp.Or(c.High, quant.W16))
	if err := errors.Join(lowErr, highErr); err != nil {
		return nil, err
	}
	if err := checkData(n.Model, samples, how.Samples); err != nil {
		return nil, err
	}
	found, err := blocks.FindAll(ctx, n.Model, samples)
	if err != nil {
		return nil, err
	}
	how.Alone = found.Alone != ""
	grids, err := calibrate.Run(ctx, n, samples, how)
	if err != nil {
		return nil, err
	}
	return grids.Records, nil
}
