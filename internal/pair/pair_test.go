package pair_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"example.org/demote/internal/network"
	"example.org/demote/internal/onnxruntest"
	"example.org/demote/internal/pair"
	"example.org/demote/internal/rewrite"
	"example.org/demote/mistake"
	"example.org/demote/quant"
)

func TestPair(t *testing.T) {
	for _, c := range []struct {
		name, low, high string
		holders, fixed  int
		same            bool
		lines           []string // that the report begins with
	}{
		{name: "equal networks, power of two", low: "mctq/pot_low", high: "mctq/pot_high", holders: 8, same: true},
		{name: "symmetric", low: "mctq/symmetric_low", high: "mctq/symmetric_high", holders: 8, same: true},
		{name: "uniform", low: "mctq/uniform_low", high: "mctq/uniform_high", holders: 8, same: true},
		{name: "wrapped names", low: "mctq/tensor_low", high: "mctq/tensor_high", holders: 8, same: true},
		{name: "several inputs and outputs", low: "mctq/ports_low", high: "mctq/ports_high", holders: 10, same: true},
		{name: "other weights", low: "mctq/lutpot_low", high: "mctq/lutpot_high", holders: 8,
			lines: []string{`weight of "/stem/layer/Conv" differs in `,
				`bias of "/stem/layer/Conv" differs in 8 elements, by `}},
		{name: "shift-negative correction in both", low: "mctq/shifted_low", high: "mctq/shifted_high", holders: 8,
			lines: []string{`holder "hardswish_activation_holder_quantizer" has more than 8 bits in the 8-bit file too`,
				`holder "silu_activation_holder_quantizer" has more than 8 bits`,
				`constant of "/Add_1" differs in 1 elements, by 0.00121`, `constant of "/Pad_1" differs in 1 elements`,
				`bias of "/tail/layer/Conv" differs in 6 elements`,
				`Pad node "/Pad_1" pads with 0.24878693, which the low grid of holder "silu_post_add_activation_holder_quantizer" rounds to 0.24804688`}},
		{name: "shift-negative correction in the 16-bit file", low: "mctq/shifthigh_low", high: "mctq/shifthigh_high", holders: 8, fixed: 2,
			lines: []string{`holder "hardswish_post_add_activation_holder_quantizer" is only in the 16-bit file: it is never demoted`,
				`holder "silu_post_add_activation_holder_quantizer" is only in the 16-bit file`,
				`the graphs differ: Add node "/Add" is only in the 16-bit file`,
				`bias of "/mid/layer/Conv" differs in 8 elements, by 0.3137`, `bias of "/tail/layer/Conv" differs in 6 elements`}},
		// 12 less the one behind MaxPool
		{name: "QDQ, opset 21", low: "qdq/conv21_u8", high: "qdq/conv21_u16", holders: 11,
			lines: []string{`bias of "/stem/Conv" differs in 8 elements, by 8.7302`}},
		{name: "QDQ, com.microsoft against the standard domain", low: "qdq/conv17_u8", high: "qdq/conv17_u16", holders: 11,
			lines: []string{`bias of "/stem/Conv"`}},
		{name: "QDQ, attention", low: "qdq/attention21_s8", high: "qdq/attention21_s16", holders: 27,
			lines: []string{`bias of "/patch/Conv"`, `constant of "/Add"`, `bias of "/q/Add"`}},
	} {
		n, records, report, err := onnxruntest.Pair(t, "../../onnx/testdata/"+c.low+".onnx", "../../onnx/testdata/"+c.high+".onnx")
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		fixed := 0
		for i, h := range n.Holders {
			r := records[i]
			if h.Fixed {
				fixed++
			}
			if h.Index != i || h.Fixed && r.Low != r.High || r.High.Bits != 16 || r.Low.Bits > r.High.Bits {
				t.Errorf("%s: holder %d, %q: %v", c.name, i, h.Name, r)
			}
		}
		lines := report.Lines()
		if len(n.Holders) != c.holders || fixed != c.fixed || report.Same() != c.same || c.same && len(lines) > 0 || len(lines) < len(c.lines) {
			t.Errorf("%s: %d holders, %d fixed, same %v, report:\n%s", c.name, len(n.Holders), fixed, report.Same(), strings.Join(lines, "\n"))
			continue
		}
		for i, want := range c.lines {
			if !strings.HasPrefix(lines[i], want) {
				t.Errorf("%s: line %d of the report is %q, not %q", c.name, i, lines[i], want)
			}
		}
		order := slices.Clone(report.Order)
		slices.Sort(order)
		if len(slices.Compact(order)) != len(n.Holders)-fixed {
			t.Errorf("%s: order %v of %d holders", c.name, report.Order, len(n.Holders))
		}
	}
}

// TestPairFollow: a weight that differs belongs to the holder behind its layer, past the activation that is fused
// with it.
func TestPairFollow(t *testing.T) {
	n, _, report, err := onnxruntest.Pair(t, "../../onnx/testdata/mctq/lutpot_low.onnx", "../../onnx/testdata/mctq/lutpot_high.onnx")
	if err != nil {
		t.Fatal(err)
	}
	have := make(map[string]string)
	for _, d := range report.Differences {
		if d.Holder < 0 {
			t.Fatalf("%s of %q follows no holder", d.Kind, d.Node)
		}
		have[d.Node] = n.Holders[d.Holder].Name
	}
	for layer, holder := range map[string]string{
		"/stem/layer/Conv": "relu_activation_holder_quantizer", "/depthwise/layer/Conv": "silu_activation_holder_quantizer",
		"/point/layer/Conv": "point_activation_holder_quantizer", "/up/layer/ConvTranspose": "sigmoid_activation_holder_quantizer",
	} {
		if have[layer] != holder {
			t.Errorf("%s follows %q, not %q", layer, have[layer], holder)
		}
	}
}

func TestPairErrors(t *testing.T) {
	for _, c := range []struct{ name, low, high, want string }{
		{"a holder in the 8-bit file only", "mctq/shiftlow_low", "mctq/shiftlow_high", `holder "hardswish_post_add_activation_holder_quantizer" is only in the 8-bit file`},
		{"swapped", "qdq/conv21_u16", "qdq/conv21_u8", "look swapped"},
		{"twice the same", "mctq/pot_low", "mctq/pot_low", "nothing to demote"},
		{"other networks", "mctq/pot_low", "mctq/attention_high", "only in the 8-bit file"},
		{"another number of inputs", "mctq/ports_low", "mctq/pot_high", "the 8-bit file has 2 inputs, the 16-bit file 1"},
	} {
		_, _, _, err := onnxruntest.Pair(t, "../../onnx/testdata/"+c.low+".onnx", "../../onnx/testdata/"+c.high+".onnx")
		if err == nil || !errors.Is(err, mistake.Err) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, not %q", c.name, err, c.want)
		}
	}
}

// switched runs the switchable network of records with every byte of the mask alike, and returns its first output.
func switched(t testing.TB, n *network.Network, r []quant.Record, bit byte, x onnxruntest.Array) []float32 {
	t.Helper()
	sw, err := rewrite.Switchable(n, r)
	if err != nil {
		t.Fatal(err)
	}
	f := onnxruntest.MaskFeed(len(r))
	for i := range f.Bytes {
		f.Bytes[i] = bit
	}
	in := onnxruntest.Feed{Name: n.Model.Inputs()[0].Name, Dims: x.Dims, Floats: x.Floats}
	return onnxruntest.Run(t, sw, onnxruntest.Exact, in, f)[n.Model.Outputs()[0].Name]
}

// TestPairEndpoints: with no holder demoted the network is the 16-bit file, with all of them the 8-bit file where the
// report says that both are the same network.
func TestPairEndpoints(t *testing.T) {
	for _, name := range []string{"mctq/pot", "mctq/symmetric", "mctq/uniform", "mctq/attention", "mctq/constants", "mctq/shifthigh"} {
		low, lowGrids := onnxruntest.Side(t, "../../onnx/testdata/"+name+"_low.onnx", quant.QDQ)
		high, highGrids := onnxruntest.Side(t, "../../onnx/testdata/"+name+"_high.onnx", quant.QDQ)
		n, records, report, err := pair.Join(low, high, lowGrids, highGrids)
		if err != nil {
			t.Fatal(err)
		}
		x := onnxruntest.ReadNPZ(t, "../../onnx/testdata/"+name+".npz")["x"]
		logits := func(n *network.Network, r []quant.Record, bit byte) []float32 { return switched(t, n, r, bit, x) }
		if !slices.Equal(logits(n, records, 0), logits(high, onnxruntest.Both(highGrids), 0)) {
			t.Errorf("%s: no holder demoted differs from the 16-bit file", name)
		}
		if report.Same() && !slices.Equal(logits(n, records, 1), logits(low, onnxruntest.Both(lowGrids), 0)) {
			t.Errorf("%s: all holders demoted differs from the 8-bit file, the report says that both are one network", name)
		}
	}
}
