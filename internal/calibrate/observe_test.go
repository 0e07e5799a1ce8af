package calibrate_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/calibrate"
	"example.org/demote/internal/task"
	"example.org/demote/internal/tasktest"
	"example.org/demote/onnx"
	"example.org/demote/quant"
)

// readings counts how often each sample is read.
type readings struct {
	blocks.Samples
	of []int
}

func (r *readings) Read(input, sample int, dst []byte) error {
	if input == 0 {
		r.of[sample]++
	}
	return r.Samples.Read(input, sample, dst)
}

// observationOf is the observation of a configuration's network on its calibration samples.
func observationOf(t *testing.T, cfg config.Config, method quant.Method) *calibrate.Observation {
	t.Helper()
	m, err := onnx.Read(cfg.Model)
	if err != nil {
		t.Fatal(err)
	}
	n, err := task.PrepareFloat(context.Background(), m, cfg)
	if err != nil {
		t.Fatal(err)
	}
	data, err := task.OpenData(cfg.Calib, "", m, cfg, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { data.Close() })
	how, err := cfg.Calibration()
	if err != nil {
		t.Fatal(err)
	}
	o, err := calibrate.NewObservation(n, data, how, method)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// TestCalibrationPasses counts the passes over the calibration samples: what masks and paddings put in, whatever form
// they have, is found in the first, and what cannot be told from it is not read again.
func TestCalibrationPasses(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	nets := tasktest.MaskForms()
	for name, g := range tasktest.Maxima() {
		nets[name] = g
	}
	for name, g := range nets {
		for _, method := range []quant.Method{quant.MinMax, quant.Percentile} {
			cfg := g.Config(t).Filled()
			o := observationOf(t, cfg, method)
			read := &readings{o.All, make([]int, o.All.Len())}
			o.All = read
			if err := o.Observe(context.Background()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			want := o.Observers[0].Passes()
			inputs := 0 // holders of inputs read the samples themselves
			for _, h := range o.Network.Holders {
				if h.Tensor == o.Inputs[0].Name {
					inputs = want
				}
			}
			if o.Passes != want || slices.Max(read.of[o.Block:]) > want+inputs {
				t.Errorf("%s, %s: %d passes instead of %d, samples read %v times", name, method, o.Passes, want, read.of)
			}
		}
	}
}

// TestCalibrationBlock holds the block of a calibration within memory: that of a network with large tensors is
// smaller, which changes no grid.
func TestCalibrationBlock(t *testing.T) {
	// a channel of a sample has 16 KiB
	for _, c := range []struct{ channels, block int64 }{{16, 8}, {256, 4}, {1500, 1}} {
		net := tasktest.NewGraph(9).In("x", nil, 1, 64, 64).Weight("w", 0.5, c.channels, 1, 1, 1).Weight("v", 0.5, c.channels, 2).
			Do("c = Conv x w; r = Relu c; p = GlobalAveragePool r; f = Flatten p; y = MatMul f v").Out("y", 2)
		cfg := net.Config(t).Filled()
		var sums []string
		for _, alone := range []string{"", "to compare"} {
			cfg.Alone = alone
			o := observationOf(t, cfg, quant.MinMax)
			if err := o.Observe(context.Background()); err != nil {
				t.Fatal(err)
			}
			if want := int(c.block); alone == "" && o.Block != want {
				t.Errorf("%d channels: blocks of %d, %d are due", c.channels, o.Block, want)
			}
			text := ""
			for i := range o.Network.Holders {
				r, err := o.Observers[i].Range(quant.MinMax, quant.Asymmetric, 8)
				text += fmt.Sprintf("%.5g %.5g %v ", r.Min, r.Max, err)
			}
			sums = append(sums, text)
		}
		if sums[0] != sums[1] {
			t.Errorf("%d channels: %s in blocks, %s one by one", c.channels, sums[0], sums[1])
		}
	}
}
