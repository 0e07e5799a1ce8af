package task

import (
	"context"
	"time"

	"example.org/demote/config"
	"example.org/demote/dataset"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/calibrate"
	"example.org/demote/internal/quantize"
	"example.org/demote/internal/scan"
	"example.org/demote/onnx"
)

// CalibrateAndTell makes the grids of every holder, as the configuration has them. Those of weights hang on no sample.
func CalibrateAndTell(ctx context.Context, n *onnx.Network, data blocks.Samples, c config.Config) (*calibrate.Grids, error) {
	how, err := c.Calibration()
	if err != nil {
		return nil, err
	}
	weights := n.Holders[len(n.Activations()):]
	n.Holders = n.Activations()
	grids, err := calibrate.Run(ctx, n, data, how)
	if err != nil || len(weights) == 0 {
		return grids, err
	}
	for _, h := range weights { // calibration may have left out masks in front of them
		h.Index = len(n.Holders)
		n.Holders = append(n.Holders, h)
	}
	records, seen, err := quantize.HeldRecords(n)
	if err != nil {
		return nil, err
	}
	grids.Records, grids.Seen = append(grids.Records, records...), append(grids.Seen, seen...)
	for i := range grids.Candidates {
		for _, r := range records {
			grids.Candidates[i].Low = append(grids.Candidates[i].Low, r.Low)
		}
	}
	return grids, nil
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
