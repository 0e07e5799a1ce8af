package mctq_test

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	ort "github.com/yalue/onnxruntime_go"

	"example.org/demote/internal/onnxruntest"
	"example.org/demote/internal/pair"
	"example.org/demote/internal/rewrite"
	"example.org/demote/quant"
)

// realPair is the folder of a pair and a mixed model by the toolkit's exporter, with a trace of its reference search
// in torch.
const realPair = "../../testdata/mctq/"

// trace is what the tests need of trace.json.
type trace struct {
	Holders []struct {
		Name      string
		Bits      int
		Threshold float32
		Signed    bool
		Scale     float32
	} `json:"holders_8bit"`
}

// TestRealPair: 53 holders with the toolkit's parameters, and one network in both files.
func TestRealPair(t *testing.T) {
	data, err := os.ReadFile(realPair + "trace.json")
	if err != nil {
		t.Fatal(err)
	}
	var tr trace
	if err := json.Unmarshal(data, &tr); err != nil {
		t.Fatal(err)
	}
	want := make(map[string]quant.Grid)
	for _, h := range tr.Holders {
		g, err := quant.FromThreshold(quant.MCTQ, h.Threshold, h.Signed, h.Bits)
		if err != nil || g.Scale != h.Scale {
			t.Fatalf("%s: %v, scale %g", h.Name, err, h.Scale)
		}
		want[h.Name] = g
	}
	low, lowGrids := onnxruntest.Side(t, realPair+"m8.onnx", quant.MCTQ)
	high, highGrids := onnxruntest.Side(t, realPair+"m16.onnx", quant.MCTQ)
	n, records, report, err := pair.Join(low, high, lowGrids, highGrids)
	if err != nil {
		t.Fatal(err)
	}
	if len(n.Holders) != 53 || len(want) != 53 || !report.Same() || len(report.Lines()) != 0 {
		t.Errorf("%d holders, report %q", len(n.Holders), report.Lines())
	}
	for i, h := range n.Holders {
		if records[i].Low != want[h.Name] {
			t.Errorf("holder %q: low grid %v, the toolkit has %v", h.Name, records[i].Low, want[h.Name])
		}
	}
	if len(n.Weights) != len(low.Weights) || len(n.Weights) == 0 {
		t.Errorf("%d and %d weights with codes", len(n.Weights), len(low.Weights))
	}
}

// TestRealCodes: every holder's codes for sample 0 with the toolkit's predecessors as operands. In the 16-bit network
// a convolution that sums in another order moves a value over a rounding step now and then.
func TestRealCodes(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	record := onnxruntest.ReadNPZ(t, realPair+"codes.npz")
	x := onnxruntest.ReadNPZ(t, realPair+"eval.npz")["x"]
	for _, c := range []struct {
		file, key string
		off       int // codes that may be one step off, per million
	}{{"m8", "m8", 20}, {"mixed_mctq", "mixed", 100}, {"m16", "m16", 300}} {
		n, grids := onnxruntest.Side(t, realPair+c.file+".onnx", quant.Torch)
		sw, err := rewrite.Switchable(n, onnxruntest.Both(grids))
		if err != nil {
			t.Fatal(err)
		}
		in := onnxruntest.Feed{Name: "input", Dims: []int64{1, 1, 28, 28}}
		for _, v := range x.Ints[:28*28] {
			in.Floats = append(in.Floats, float32(v))
		}
		feeds := []onnxruntest.Feed{in, onnxruntest.MaskFeed(len(grids))}
		for i, h := range n.Holders {
			codes := record[c.key+"/"+h.Name]
			f := onnxruntest.Feed{Name: h.Name, Dims: codes.Dims}
			for _, q := range codes.Ints {
				f.Floats = append(f.Floats, grids[i].Decode(int32(q)))
			}
			feeds = append(feeds, f)
		}
		out := onnxruntest.Run(t, onnxruntest.Forced(sw, n.Holders), onnxruntest.Exact, feeds...)
		elements, off := 0, 0
		for i, h := range n.Holders {
			for k, y := range out[h.Name+"@"] {
				switch d := int64(grids[i].Code(y)) - record[c.key+"/"+h.Name].Ints[k]; d {
				case 0:
				case -1, 1:
					off++
				default:
					t.Fatalf("%s: holder %q, element %d is %d steps off", c.file, h.Name, k, d)
				}
				elements++
			}
		}
		if elements < 100000 || off > 1+elements*c.off/1000000 {
			t.Errorf("%s: %d of %d codes one step off", c.file, off, elements)
		}
		t.Logf("%s: %d of %d codes one step off", c.file, off, elements)
	}
}

// TestRealCounts: the numbers of correct predictions that the toolkit counts in torch. Its grids are powers of two,
// for which every formula gives the same bits.
func TestRealCounts(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	eval := onnxruntest.ReadNPZ(t, realPair+"eval.npz")
	x, labels := eval["x"], eval["y"].Ints
	images := make([]float32, len(x.Ints))
	for i, v := range x.Ints {
		images[i] = float32(v)
	}
	const batch, size, classes = 100, 28 * 28, 10
	for _, c := range []struct {
		file string
		want int
	}{{"m8", 903}, {"m16", 925}, {"mixed_mctq", 918}} {
		logits := func(f quant.Formula, at int) []float32 {
			n, grids := onnxruntest.Side(t, realPair+c.file+".onnx", f)
			sw, err := rewrite.Switchable(n, onnxruntest.Both(grids))
			if err != nil {
				t.Fatal(err)
			}
			all := onnxruntest.Settings{Level: ort.GraphOptimizationLevelEnableAll}
			return onnxruntest.Run(t, sw, all, onnxruntest.MaskFeed(len(grids)),
				onnxruntest.Feed{Name: "input", Dims: []int64{batch, 1, 28, 28}, Floats: images[at*size : (at+batch)*size]})["output"]
		}
		correct := 0
		for at := 0; at < len(labels); at += batch {
			all := logits(quant.QDQ, at)
			for i := range batch {
				best := 0
				for k, v := range all[i*classes : (i+1)*classes] {
					if v > all[i*classes+best] { // ties: the first
						best = k
					}
				}
				if int64(best) == labels[at+i] {
					correct++
				}
			}
		}
		if correct != c.want {
			t.Errorf("%s: %d correct of %d, the toolkit has %d", c.file, correct, len(labels), c.want)
		}
		first := logits(quant.QDQ, 0)
		for _, f := range []quant.Formula{quant.MCTQ, quant.Torch} {
			if !slices.Equal(logits(f, 0), first) {
				t.Errorf("%s: formula %s gives other logits than qdq", c.file, f)
			}
		}
	}
}
