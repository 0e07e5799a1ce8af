package onnx_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	ort "github.com/yalue/onnxruntime_go"

	"demote/onnx"
	"demote/quant"
)

// TestExportComputesWhatTheSwitchableNetworkComputes compares the two bit for bit, for the ends and for random masks, with and
// without a holder at the output, at several optimization levels of the exact session.
func TestExportComputesWhatTheSwitchableNetworkComputes(t *testing.T) {
	const batch = 3
	r := rand.New(rand.NewPCG(11, 11))
	pixels := make([]float32, batch*28*28)
	for i := range pixels {
		pixels[i] = float32(r.IntN(256))
	}
	in := feed{name: "input", dims: []int64{batch, 1, 28, 28}, floats: pixels}
	for _, path := range []string{"../examples/fashion/model.onnx", "../testdata/fashion-vit/model.onnx"} {
		for _, atOutput := range []bool{false, true} {
			t.Run(fmt.Sprint(path, " ", atOutput), func(t *testing.T) {
				m, err := onnx.Read(path)
				if err != nil {
					t.Fatal(err)
				}
				n, err := onnx.Prepare(m, onnx.Options{OutputHolder: atOutput})
				if err != nil {
					t.Fatal(err)
				}
				if err := n.QuantizeWeights(); err != nil {
					t.Fatal(err)
				}
				records := mixedRecords(t, n.Holders)
				switchable, err := n.Switchable(records)
				if err != nil {
					t.Fatal(err)
				}
				for trial := range 4 {
					low, mask := make([]bool, len(records)), maskFeed(len(records))
					for i := range low {
						if low[i] = trial == 1 || trial > 1 && r.IntN(2) == 1; low[i] {
							mask.bytes[i] = 1
						}
					}
					qdq, err := n.QDQ(records, low)
					if err != nil {
						t.Fatal(err)
					}
					for _, level := range []ort.GraphOptimizationLevel{ort.GraphOptimizationLevelDisableAll, ort.GraphOptimizationLevelEnableAll} {
						o := settings{level: level, keys: exact.keys}
						want, got := run(t, switchable, o, in, mask)["logits"], run(t, qdq, o, in)["logits"]
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

// mixedRecords are asymmetric and power-of-two grids by turns.
func mixedRecords(t *testing.T, holders []onnx.Holder) []quant.Record {
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
