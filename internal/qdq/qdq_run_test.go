package qdq_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	ort "github.com/yalue/onnxruntime_go"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/onnxruntest"
	"example.org/demote/internal/prepare"
	"example.org/demote/internal/qdq"
	"example.org/demote/internal/quantize"
	"example.org/demote/internal/rewrite"
	"example.org/demote/quant"
)

// TestExportComputesWhatTheSwitchableNetworkComputes compares the two bit for bit, for the ends and for random masks,
// with and without a holder at the output, at several optimization levels of the exact session.
func TestExportComputesWhatTheSwitchableNetworkComputes(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	const batch = 3
	r := rand.New(rand.NewPCG(11, 11))
	pixels := make([]float32, batch*28*28)
	for i := range pixels {
		pixels[i] = float32(r.IntN(256))
	}
	in := onnxruntest.Feed{Name: "input", Dims: []int64{batch, 1, 28, 28}, Floats: pixels}
	for _, path := range []string{"../../examples/fashion/model.onnx", "../../testdata/fashion-vit/model.onnx"} {
		for _, atOutput := range []bool{false, true} {
			t.Run(fmt.Sprint(path, " ", atOutput), func(t *testing.T) {
				m, err := ir.Read(path)
				if err != nil {
					t.Fatal(err)
				}
				n, err := prepare.Network(m, network.Options{OutputHolder: atOutput})
				if err != nil {
					t.Fatal(err)
				}
				if err := quantize.Weights(n); err != nil {
					t.Fatal(err)
				}
				records := mixedRecords(t, n.Holders)
				switchable, err := rewrite.Switchable(n, records)
				if err != nil {
					t.Fatal(err)
				}
				for trial := range 4 {
					low, mask := make([]bool, len(records)), onnxruntest.MaskFeed(len(records))
					for i := range low {
						if low[i] = trial == 1 || trial > 1 && r.IntN(2) == 1; low[i] {
							mask.Bytes[i] = 1
						}
					}
					qdq, err := qdq.Write(n, records, low)
					if err != nil {
						t.Fatal(err)
					}
					for _, level := range []ort.GraphOptimizationLevel{ort.GraphOptimizationLevelDisableAll, ort.GraphOptimizationLevelEnableBasic,
						ort.GraphOptimizationLevelEnableExtended, ort.GraphOptimizationLevelEnableAll} {
						o := onnxruntest.Settings{Level: level, Keys: onnxruntest.Exact.Keys}
						want, got := onnxruntest.Run(t, switchable, o, in, mask)["logits"], onnxruntest.Run(t, qdq, o, in)["logits"]
						for i := range want {
							if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
								t.Fatalf("mask %d, level %d: logit %d is %g instead of %g", trial, level, i, got[i], want[i])
							}
						}
					}
				}
			})
		}
	}
}

// TestLevels runs every quantized fixture at each optimization level of the exact session, the switchable network and
// the QDQ export of both ends and a mix: at one level the two have the same bits. What the levels change among
// themselves is printed; docs/formats.md has the list.
func TestLevels(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	levels := map[string]ort.GraphOptimizationLevel{"0": ort.GraphOptimizationLevelDisableAll, "1": ort.GraphOptimizationLevelEnableBasic,
		"2": ort.GraphOptimizationLevelEnableExtended, "99": ort.GraphOptimizationLevelEnableAll}
	for _, c := range []struct{ low, high, samples string }{
		{"mctq/pot_low", "mctq/pot_high", "mctq/pot"}, {"mctq/symmetric_low", "mctq/symmetric_high", "mctq/symmetric"}, {"mctq/uniform_low", "mctq/uniform_high", "mctq/uniform"},
		{"mctq/lutpot_low", "mctq/lutpot_high", "mctq/lutpot"}, {"mctq/lutsym_low", "mctq/lutsym_high", "mctq/lutsym"}, {"mctq/tensor_low", "mctq/tensor_high", "mctq/tensor"},
		{"mctq/constants_low", "mctq/constants_high", "mctq/constants"}, {"mctq/attention_low", "mctq/attention_high", "mctq/attention"},
		{"mctq/shifted_low", "mctq/shifted_high", "mctq/shifted"}, {"mctq/shifthigh_low", "mctq/shifthigh_high", "mctq/shifthigh"},
		{"qdq/conv21_u8", "qdq/conv21_u16", "qdq/conv21_u8"}, {"qdq/conv17_u8", "qdq/conv17_u16", "qdq/conv17_u8"}, {"qdq/conv17_ms8", "qdq/conv17_u16", "qdq/conv17_u8"},
		{"qdq/attention21_s8", "qdq/attention21_s16", "qdq/attention21_s8"}, {"qdq/quark_u8", "qdq/quark_u16", "qdq/quark_u8"},
		{"qdq/olive_u8", "qdq/olive_u16", "qdq/olive_u8"},
		{"../../testdata/mctq/m8", "../../testdata/mctq/m16", "../../testdata/mctq/eval"},
	} {
		n, records, _, err := onnxruntest.Pair(t, "../../onnx/testdata/"+c.low+".onnx", "../../onnx/testdata/"+c.high+".onnx")
		if err != nil {
			t.Fatal(err)
		}
		x := onnxruntest.ReadNPZ(t, "../../onnx/testdata/"+c.samples+".npz")["x"]
		in := onnxruntest.Feed{Name: n.Model.Inputs()[0].Name, Dims: x.Dims, Floats: x.Floats}
		if x.Ints != nil { // pictures: the first 50 are enough
			in.Dims = append([]int64{50}, x.Dims[1:]...)
			for _, v := range x.Ints[:50*28*28] {
				in.Floats = append(in.Floats, float32(v))
			}
		}
		out := n.Model.Outputs()[0].Name
		switchable, err := rewrite.Switchable(n, records)
		if err != nil {
			t.Fatal(err)
		}
		for end, is := range map[string]func(i int) bool{"all int16": func(int) bool { return false }, "all int8": func(int) bool { return true }, "every other": func(i int) bool { return i%2 == 0 }} {
			low, mask := make([]bool, len(records)), onnxruntest.MaskFeed(len(records))
			for i := range low {
				if low[i] = is(i); low[i] {
					mask.Bytes[i] = 1
				}
			}
			qdq, err := qdq.Write(n, records, low)
			if err != nil {
				t.Fatal(err)
			}
			at := make(map[string][]float32)
			for name, level := range levels {
				o := onnxruntest.Settings{Level: level, Keys: onnxruntest.Exact.Keys}
				want, got := onnxruntest.Run(t, switchable, o, in, mask)[out], onnxruntest.Run(t, qdq, o, in)[out]
				if d := differing(want, got); d > 0 {
					t.Errorf("%s, %s, level %s: %d of %d outputs differ between the simulator and its export", c.low, end, name, d, len(want))
				}
				at[name] = got
			}
			for _, name := range []string{"0", "1", "2"} {
				if d := differing(at[name], at["99"]); d > 0 {
					t.Logf("%s, %s: level %s changes %d of %d outputs against level 99", c.low, end, name, d, len(at["99"]))
				}
			}
		}
	}
}

// differing counts the elements whose bits differ.
func differing(a, b []float32) int {
	n := 0
	for i := range a {
		if math.Float32bits(a[i]) != math.Float32bits(b[i]) {
			n++
		}
	}
	return n
}

// mixedRecords are asymmetric and power-of-two grids by turns.
func mixedRecords(t *testing.T, holders []network.Holder) []quant.Record {
	t.Helper()
	records := make([]quant.Record, len(holders))
	for i, h := range holders {
		kind, r := quant.Asymmetric, quant.Range{Min: -8, Max: 7}
		if i%3 == 1 {
			kind = quant.Pow2
		}
		if h.Op == "" {
			r = quant.Range{Max: 255}
		}
		var err error
		if records[i].Low, err = quant.GridFor(kind, 8, r); err != nil {
			t.Fatal(err)
		}
		if records[i].High, err = quant.GridFor(kind, 16, r); err != nil {
			t.Fatal(err)
		}
	}
	return records
}
