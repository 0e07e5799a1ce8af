package task

import (
	"context"
	"time"

	"example.org/demote/config"
	"example.org/demote/dataset"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/calibrate"
	"example.org/demote/internal/scan"
	"example.org/demote/onnx"
)

// CalibrateAndTell makes the grids of every holder, as the configuration has them.
func CalibrateAndTell(ctx context.Context, n *onnx.Network, data blocks.Samples, c config.Config) (*calibrate.Grids, error) {
	how, err := c.Calibration()
	if err != nil {
		return nil, err
	}
	return calibrate.Run(ctx, n, data, how)
}

// scanCalibration remembers what the calibration samples are like.
func (p *Task) scanCalibration(calib *dataset.Set) error {
	begun := time.Now()
	inputs, err := blocks.Inputs(p.FloatModel, calib, p.Block)
	if err == nil {
		p.CalibScan, err = scan.Samples(calib, inputs, nil)
	}
	p.ScanTime = time.Since(begun).Seconds()
	return err
}
