package run

import (
	"context"

	"example.org/demote/internal/blocks"
	"example.org/demote/internal/calibrate"
	"example.org/demote/onnx"
	"example.org/demote/quant"
)

// gridChoices are those of the low and the high grid.
func (c Config) gridChoices() (low, high calibrate.GridChoice, err error) {
	if low, err = calibrate.NewGridChoice(c.GridLow, c.RangeLow, 8); err == nil {
		high, err = calibrate.NewGridChoice(c.GridHigh, c.RangeHigh, 16)
	}
	return low, high, err
}

// calibration is how the network is calibrated.
func (c Config) calibration() (how calibrate.How, err error) {
	how = calibrate.How{Network: c.Model, Samples: c.Calib, AllowNaN: c.AllowNaN, Alone: c.Alone != "", Stages: c.teller()}
	if how.Low, how.High, err = c.gridChoices(); err == nil {
		how.Formula, err = quant.ParseFormula(c.Formula)
	}
	return how, err
}

// calibrateAndTell makes a record a holder, with the lowest and highest value that the holder's tensor had.
func calibrateAndTell(ctx context.Context, n *onnx.Network, data blocks.Samples, c Config) ([]quant.Record, []quant.Range, error) {
	how, err := c.calibration()
	if err != nil {
		return nil, nil, err
	}
	return calibrate.Run(ctx, n, data, how)
}
