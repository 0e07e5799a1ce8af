package task

import (
	"context"

	"example.org/demote/config"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/sandbox"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
	"example.org/demote/result"
)

// NodesUnrolled lists what --unroll has opened of a network.
func NodesUnrolled(n *onnx.Network) []result.Unrolled {
	var list []result.Unrolled
	for _, u := range n.Unrolled {
		list = append(list, result.Unrolled(u))
	}
	return list
}

// unrolling is what --unroll asks for of a float network; nil without it. Lengths of sequences that the file does not
// say are those of the calibration samples.
func unrolling(c config.Config, ctx context.Context, file *onnx.Model) *onnx.Unroll {
	switch {
	case !c.Unroll:
		return nil
	case c.Calib == "":
		return &onnx.Unroll{}
	}
	return &onnx.Unroll{Measure: func(m *onnx.Model, alone bool) (map[string][]int64, error) {
		return measureCalib(ctx, file, m, alone, c)
	}}
}

// measureCalib measures the dimensions of a network's tensors on calibration samples, those of its inputs among them:
// -1 where a size grows with the samples of a block, or those of one sample. file is what it was made of. It reads
// the first samples alone: all of them are read, and seen to be numbers, by whoever calibrates.
func measureCalib(ctx context.Context, file, m *onnx.Model, single bool, c config.Config) (map[string][]int64, error) {
	calib, err := openSet(c.Calib, "", file, c, 0, true)
	if err != nil {
		return nil, err
	}
	defer calib.Close()
	if err := needOneShape(calib, "--unroll", c.Calib); err != nil {
		return nil, err
	}
	if calib.Len() == 0 {
		return nil, mistake.Errorf("%s: the calibration data has no samples", c.Calib)
	}
	if err := sandbox.Float(ctx, file, calib, c.Say); err != nil {
		return nil, err
	}
	block := blocks.Fixed(m)
	switch {
	case single || blocks.Alone(m, calib):
		block = 1
	case block == 0:
		block = 2
	}
	inputs, err := blocks.Inputs(m, calib, block)
	if err != nil {
		return nil, err
	}
	measured, err := blocks.Measure(ctx, m, inputs, block)
	if err != nil {
		return nil, err
	}
	dims := map[string][]int64{}
	for name, one := range measured.One {
		two := measured.Two[name]
		if len(one) != len(two) {
			continue
		}
		dims[name] = append([]int64{}, one...)
		for i := range one {
			if one[i] != two[i] {
				dims[name][i] = -1
			}
		}
	}
	for i, v := range m.Inputs() {
		d := append([]int64{}, inputs[i].Dims...)
		if len(d) == 0 || len(d) != len(v.Dims) {
			continue
		}
		if at := inputs[i].Axis; measured.Growing && v.Dims[at] < 0 {
			d[at] = -1
		}
		dims[v.Name] = d
	}
	return dims, nil
}
