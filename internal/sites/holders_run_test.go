//go:build toolkits

package sites_test

import (
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	ort "github.com/yalue/onnxruntime_go"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/onnxruntest"
	"example.org/demote/internal/prepare"
	"example.org/demote/internal/qdq"
	"example.org/demote/internal/quantize"
	"example.org/demote/internal/rewrite"
	"example.org/demote/internal/variants"
	"example.org/demote/quant"
)

// TestTorchvisionRuns loads the switchable network of each file that scripts/export_torchvision.py has written, runs
// both ends and a mixture, and compares: folding changes the float outputs by rounding only, the QDQ export gives the
// switchable network's bits, and int16 is near float.
func TestTorchvisionRuns(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(os.Getenv("DEMOTE_TORCHVISION"), "*.onnx"))
	if err != nil || len(files) == 0 {
		t.Fatal("DEMOTE_TORCHVISION does not name the folder of scripts/export_torchvision.py")
	}
	const seed = 7
	random := rand.New(rand.NewPCG(seed, 0))
	x := make([]float32, 3*224*224)
	for i := range x {
		x[i] = float32(random.NormFloat64())
	}
	// as the simulator has it
	exact := onnxruntest.Settings{Level: ort.GraphOptimizationLevelEnableAll, Keys: onnxruntest.Exact.Keys}
	in := onnxruntest.Feed{Name: "input", Dims: []int64{1, 3, 224, 224}, Floats: x}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			m, err := ir.Read(path)
			if err != nil {
				t.Fatal(err)
			}
			n, err := prepare.Network(m, network.Options{})
			if err != nil {
				t.Fatal(err)
			}
			float := onnxruntest.Run(t, m, exact, in)["logits"]
			if db := sqnr(float, onnxruntest.Run(t, n.Model, exact, in)["logits"]); db < 90 {
				t.Errorf("seed %d: folding leaves %.1f dB", seed, db)
			}
			records := rangesOf(t, n, in)
			if err := quantize.Weights(n); err != nil {
				t.Fatal(err)
			}
			switchable, err := rewrite.Switchable(n, records)
			if err != nil {
				t.Fatal(err)
			}
			mask := onnxruntest.MaskFeed(len(records))
			var db [3]float64
			for end, low := range []func(i int) bool{
				func(int) bool { return false }, func(i int) bool { return i%2 == 0 }, func(int) bool { return true },
			} {
				bits := make([]bool, len(records))
				for i := range bits {
					bits[i], mask.Bytes[i] = low(i), 0
					if bits[i] {
						mask.Bytes[i] = 1
					}
				}
				got := onnxruntest.Run(t, switchable, exact, in, mask)["logits"]
				file, err := qdq.Write(n, records, bits)
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(got, onnxruntest.Run(t, file, exact, in)["logits"]) {
					t.Errorf("seed %d: the QDQ export of mixture %d differs from the switchable network", seed, end)
				}
				db[end] = sqnr(float, got)
			}
			t.Logf("%d holders; int16 %.1f dB, half %.1f dB, int8 %.1f dB", len(records), db[0], db[1], db[2])
			if db[0] < 20 || db[2] > db[0]+1 { // the weights are int8 in both
				t.Errorf("seed %d: int16 %.1f dB, int8 %.1f dB", seed, db[0], db[2])
			}
		})
	}
}

// rangesOf makes records from the ranges of one run of the float network.
func rangesOf(t *testing.T, n *network.Network, in onnxruntest.Feed) []quant.Record {
	t.Helper()
	var names []string
	for _, h := range n.Holders {
		if h.Producer != "" {
			names = append(names, h.Tensor)
		}
	}
	values := onnxruntest.Run(t, variants.WithOutputs(n.Model, names...), onnxruntest.Exact, in)
	values[in.Name] = in.Floats
	records := make([]quant.Record, len(n.Holders))
	for i, h := range n.Holders {
		r := quant.Range{Min: slices.Min(values[h.Tensor]), Max: slices.Max(values[h.Tensor])}
		var err error
		if records[i].Low, err = quant.GridFor(quant.Asymmetric, 8, r); err != nil {
			t.Fatal(err)
		}
		if records[i].High, err = quant.GridFor(quant.Asymmetric, 16, r); err != nil {
			t.Fatal(err)
		}
	}
	return records
}

// sqnr is the signal-to-noise ratio of outputs in decibels.
func sqnr(want, got []float32) float64 {
	signal, noise := 0.0, 1e-300
	for i, v := range want {
		signal += float64(v) * float64(v)
		noise += (float64(v) - float64(got[i])) * (float64(v) - float64(got[i]))
	}
	return 10 * math.Log10(signal/noise)
}
