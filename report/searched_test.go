package report

import (
	"testing"

	"example.org/demote/result"
)

func TestWhatWasSearched(t *testing.T) {
	base := func(change func(*Result)) *view {
		r := sample(8)
		r.Evaluations, r.Trials, r.Seconds = 12, 9, 4
		change(&r)
		return &view{Run: &Run{Result: r}}
	}
	const judged = " Judged by top1 on 1000 samples of eval.npz. Strategy demotion, quantize-dequantize formula qdq; 12 evaluations, 9 distinct masks in 4.0 s."
	for _, c := range []struct {
		name   string
		change func(*Result)
		want   string
	}{
		{"a float network", func(*Result) {}, "The float network nets/net.onnx with 8 holders, each in int8 or int16; grids (int8 pow2 mse, int16 pow2 minmax) from the values that it has on calib.npz." + judged},
		{"weights", func(r *Result) { weighed(&r.Holders[7]); weighed(&r.Holders[6]) },
			"The float network nets/net.onnx with 6 holders, each in int8 or int16, and the weights of 2 layers, each in int4 or int8; grids (int8 pow2 mse, int16 pow2 minmax) from the values that it has on calib.npz." + judged},
		{"one choice of grids", func(r *Result) { r.Config["range_low"] = "minmax" },
			"The float network nets/net.onnx with 8 holders, each in int8 or int16; grids (pow2 minmax) from the values that it has on calib.npz." + judged},
		{"a pair", func(r *Result) {
			r.Inputs = []result.Input{{Role: "low", Path: "m8.onnx", SHA256: "", Bytes: 0}, {Role: "high", Path: "m16.onnx", SHA256: "", Bytes: 0}, {Role: "data", Path: "eval.npz", SHA256: "", Bytes: 0}}
		},
			"The pair of m8.onnx (low) and m16.onnx (high) with 8 holders, each in int8 or int16." + judged},
		{"encodings", func(r *Result) {
			r.Inputs = []result.Input{{Role: "model", Path: "m.onnx", SHA256: "", Bytes: 0}, {Role: "encodings-low", Path: "a", SHA256: "", Bytes: 0}, {Role: "encodings-high", Path: "b", SHA256: "", Bytes: 0}, {Role: "data", Path: "eval.npz", SHA256: "", Bytes: 0}}
		}, "The float network m.onnx with 8 holders, each in int8 or int16; grids from a and b." + judged},
		{"little is known", func(r *Result) { r.Inputs, r.Samples, r.Strategy = nil, 0, "" }, "A network whose file is not named with 8 holders, each in int8 or int16."},
	} {
		if got := base(c.change).searched().Paragraphs[0]; got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
	if s := base(func(r *Result) { r.Inputs, r.Holders = nil, nil }).searched(); s != nil {
		t.Errorf("of nothing: %v", s.Paragraphs)
	}
}

// weighed makes a holder one of weights, at 8 bits.
func weighed(h *result.Holder) {
	h.Weights, h.Low.Bits, h.High.Bits, h.Precision = true, 4, 8, "int8"
}
