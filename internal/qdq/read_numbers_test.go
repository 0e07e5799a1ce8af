package qdq_test

import (
	"math"
	"path/filepath"
	"strings"
	"testing"

	"example.org/demote/internal/network"
	"example.org/demote/internal/onnxruntest"
	"example.org/demote/internal/qdq"
	"example.org/demote/internal/rewrite"
	"example.org/demote/quant"
)

// qdqFiles are the fixtures that scripts/fixtures_qdq.py makes with quantize_static.
func qdqFiles(t testing.TB) []string {
	t.Helper()
	all, err := filepath.Glob("../../onnx/testdata/qdq/*.npz")
	if err != nil || len(all) < 10 {
		t.Fatalf("%d fixtures in testdata/qdq: %v", len(all), err)
	}
	for i, f := range all {
		all[i] = strings.TrimSuffix(f, ".npz")
	}
	return all
}

// TestQDQSame: the network that is read computes what ONNX Runtime computes of the file itself, bit for bit, and what
// it computed when the fixture was made.
func TestQDQSame(t *testing.T) {
	for _, file := range qdqFiles(t) {
		m := onnxruntest.Read(t, file+".onnx")
		n, grids, err := qdq.Read(m)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		sw, err := rewrite.Switchable(n, onnxruntest.Both(grids))
		if err != nil {
			t.Fatal(err)
		}
		record := onnxruntest.ReadNPZ(t, file+".npz")
		x := onnxruntest.Feed{Name: "input", Dims: record["x"].Dims, Floats: record["x"].Floats}
		want := onnxruntest.Run(t, m, onnxruntest.Exact, x)["output"]
		have := onnxruntest.Run(t, sw, onnxruntest.Exact, x, onnxruntest.MaskFeed(len(grids)))["output"]
		for i := range want {
			if math.Float32bits(have[i]) != math.Float32bits(want[i]) {
				t.Errorf("%s: logit %d is %g, ONNX Runtime has %g", file, i, have[i], want[i])
				break
			}
		}
		last := grids[len(grids)-1]
		for i, v := range record["logits"].Floats {
			if d := math.Abs(float64(v - have[i])); d > 2*float64(last.Scale) && d > 0.01 {
				t.Errorf("%s: logit %d is %g, the fixture has %g", file, i, have[i], v)
			}
		}
	}
}

// TestQDQCodes: the codes of every holder for the first input, with the file's own quantized tensors as operands.
func TestQDQCodes(t *testing.T) {
	for _, file := range qdqFiles(t) {
		n, grids, err := qdq.Read(onnxruntest.Read(t, file+".onnx"))
		if err != nil {
			t.Fatal(err)
		}
		sw, err := rewrite.Switchable(n, onnxruntest.Both(grids))
		if err != nil {
			t.Fatal(err)
		}
		record := onnxruntest.ReadNPZ(t, file+".npz")
		codes := func(h network.Holder) onnxruntest.Array {
			// quantize_static's names: of an output's quantizer, and of a second one behind another
			for _, name := range []string{h.Tensor, h.Tensor + "_QuantizeLinear_Input", strings.Replace(h.Tensor, "_convert_", "_", 1)} {
				if a, ok := record["codes/"+name]; ok {
					return a
				}
			}
			return onnxruntest.Array{}
		}
		feeds := []onnxruntest.Feed{onnxruntest.MaskFeed(len(grids)), {Name: "input", Dims: []int64{1, 3, 16, 16}, Floats: record["x"].Floats[:3*16*16]}}
		for i, h := range n.Holders {
			if codes(h).Ints == nil {
				t.Fatalf("%s: holder %q has no codes", file, h.Name)
			}
			f := onnxruntest.Feed{Name: h.Name + "!", Dims: codes(h).Dims}
			for _, c := range codes(h).Ints {
				f.Floats = append(f.Floats, grids[i].Decode(int32(c)))
			}
			feeds = append(feeds, f)
			n.Holders[i].Name += "!" // an input of the graph has the name of its holder
		}
		out := onnxruntest.Run(t, onnxruntest.Forced(sw, n.Holders), onnxruntest.Exact, feeds...)
		elements, off := 0, 0
		for i, h := range n.Holders {
			for k, y := range out[h.Name+"@"] {
				d := int64(grids[i].Code(y)) - codes(network.Holder{Tensor: h.Tensor}).Ints[k]
				if d < -1 || d > 1 {
					t.Fatalf("%s: holder %q, element %d: %d steps off", file, h.Name, k, d)
				}
				elements++
				off += int(d * d)
			}
		}
		if elements == 0 || off > elements/500+2 {
			t.Errorf("%s: %d of %d codes one step off", file, off, elements)
		}
	}
}

// TestQDQFixtures: what is in particular files.
func TestQDQFixtures(t *testing.T) {
	for _, c := range []struct {
		file       string
		holders    int
		narrow     int // holders of 8 bits
		signed     bool
		identities int // holders behind a holder
		weights    int
	}{
		{"conv13_u8", 12, 12, false, 0, 5},
		{"conv13_s8", 13, 13, true, 0, 5}, // symmetric grids: the Relu keeps its own
		{"conv17_ms8", 12, 12, false, 0, 5},
		{"conv17_u16", 12, 0, false, 0, 5},
		{"conv17_s16", 13, 0, true, 0, 5},
		{"conv17_u8u8", 12, 12, false, 0, 1}, // four weights have codes of 9 bits once the zero point is taken off
		{"conv17_pairs", 12, 12, false, 0, 5},
		{"conv21_u8", 12, 12, false, 0, 5},
		{"conv21_mixed", 17, 6, false, 4, 5},
		{"quark_u8", 12, 12, false, 0, 5}, {"quark_a8", 12, 12, true, 0, 5}, {"quark_a16", 12, 0, true, 0, 5},
		{"quark_u16", 12, 0, false, 0, 5},
		{"quark_xint8", 12, 12, false, 0, 10}, // biases of 8 bits too
		{"olive_u8", 12, 12, false, 0, 5}, {"olive_u16", 12, 0, false, 0, 5}, {"olive_attention_u16", 28, 0, false, 0, 8},
		{"attention17_u8", 31, 31, false, 0, 8},
		{"attention21_s8", 31, 31, true, 0, 8},
		{"attention21_s16", 31, 0, true, 0, 8},
	} {
		n, grids, err := qdq.Read(onnxruntest.Read(t, "../../onnx/testdata/qdq/"+c.file+".onnx"))
		if err != nil {
			t.Fatal(err)
		}
		narrow, identities := 0, 0
		for i, g := range grids {
			if g.Bits == 8 {
				narrow++
			}
			if g.Signed != c.signed || g.Formula != quant.QDQ {
				t.Errorf("%s: holder %q: %v", c.file, n.Holders[i].Name, g)
			}
			if n.Holders[i].Op == "Identity" {
				identities++
			}
		}
		if len(grids) != c.holders || narrow != c.narrow || identities != c.identities || len(n.Weights) != c.weights {
			t.Errorf("%s: %d holders, %d of 8 bits, %d behind another, %d weights", c.file, len(grids), narrow, identities, len(n.Weights))
		}
	}
}

// TestQDQRoundTrip: a mixed network that is exported and read again has the same grids and weights, and computes the
// same.
func TestQDQRoundTrip(t *testing.T) {
	for _, c := range [][2]string{
		{"mctq/pot_low", "mctq/pot_high"}, {"mctq/uniform_low", "mctq/uniform_high"}, {"mctq/attention_low", "mctq/attention_high"},
		{"mctq/shifted_low", "mctq/shifted_high"}, {"qdq/conv21_u8", "qdq/conv21_u16"}, {"qdq/attention21_s8", "qdq/attention21_s16"},
		{"qdq/quark_a8", "qdq/quark_a16"}, {"qdq/conv21_mixed", "qdq/conv21_mixed"},
	} {
		var n *network.Network
		var records []quant.Record
		if c[0] == c[1] {
			var grids []quant.Grid
			n, grids = onnxruntest.Side(t, "../../onnx/testdata/"+c[0]+".onnx", quant.QDQ)
			records = onnxruntest.Both(grids)
		} else {
			var err error
			if n, records, _, err = onnxruntest.Pair(t, "../../onnx/testdata/"+c[0]+".onnx", "../../onnx/testdata/"+c[1]+".onnx"); err != nil {
				t.Fatal(err)
			}
		}
		low := onnxruntest.Halves(len(records))
		mask := onnxruntest.MaskFeed(len(low))
		for i, l := range low {
			if l {
				mask.Bytes[i] = 1
			}
		}
		m, err := qdq.Write(n, records, low)
		if err != nil {
			t.Fatal(err)
		}
		back, grids, err := qdq.Read(m)
		if err != nil || len(grids) != len(records) || len(back.Weights) != len(n.Weights) {
			t.Errorf("%s: %d of %d holders, %d of %d weights: %v", c[0], len(grids), len(records), len(back.Weights), len(n.Weights), err)
			continue
		}
		sw, err := rewrite.Switchable(n, records)
		if err != nil {
			t.Fatal(err)
		}
		again, err := rewrite.Switchable(back, onnxruntest.Both(grids))
		if err != nil {
			t.Fatal(err)
		}
		x := onnxruntest.Feed{Name: "input", Dims: []int64{2, 3, 16, 16}, Floats: onnxruntest.ReadNPZ(t, "../../onnx/testdata/mctq/pot.npz")["x"].Floats[:2*3*16*16]}
		want := onnxruntest.Run(t, sw, onnxruntest.Exact, x, mask)["output"]
		for what, have := range map[string][]float32{
			"the exported file": onnxruntest.Run(t, m, onnxruntest.Exact, x)["output"], "the file read again": onnxruntest.Run(t, again, onnxruntest.Exact, x, mask)["output"]} {
			for i, v := range want {
				if math.Float32bits(v) != math.Float32bits(have[i]) {
					t.Errorf("%s: logit %d of %s is %g, the switchable network has %g", c[0], i, what, have[i], v)
					break
				}
			}
		}
	}
}
