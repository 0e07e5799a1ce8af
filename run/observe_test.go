package run

import (
	"context"
	"slices"
	"testing"

	"demote/onnx"
	"demote/quant"
)

// readings counts how often each sample is read.
type readings struct {
	samples
	of []int
}

func (r *readings) Read(input, sample int, dst []byte) error {
	if input == 0 {
		r.of[sample]++
	}
	return r.samples.Read(input, sample, dst)
}

// TestCalibrationPasses counts the passes over the calibration samples: what masks and paddings put in, whatever form they have, is
// found in the first, and what cannot be told from it is not read again.
func TestCalibrationPasses(t *testing.T) {
	nets := maskForms()
	for name, g := range maxima() {
		nets[name] = g
	}
	for name, g := range nets {
		for _, method := range []quant.Method{quant.MinMax, quant.Percentile} {
			cfg := g.config(t).withDefaults()
			m, err := onnx.Read(cfg.Model)
			if err != nil {
				t.Fatal(err)
			}
			n, err := prepareFloat(context.Background(), m, cfg)
			if err != nil {
				t.Fatal(err)
			}
			data, err := openData(cfg.Calib, "", m, cfg, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer data.Close()
			o, err := newObservation(n, data, cfg, method)
			if err != nil {
				t.Fatal(err)
			}
			read := &readings{data, make([]int, data.Len())}
			o.data = read
			if err := o.observe(context.Background()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			want := o.observers[0].Passes()
			inputs := 0 // holders of inputs read the samples themselves
			for _, h := range n.Holders {
				if h.Tensor == o.inputs[0].Name {
					inputs = want
				}
			}
			if o.passes != want || slices.Max(read.of[o.block:]) > want+inputs {
				t.Errorf("%s, %s: %d passes instead of %d, samples read %v times", name, method, o.passes, want, read.of)
			}
		}
	}
}
