package qdq_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/onnxruntest"
	"example.org/demote/internal/prepare"
	"example.org/demote/internal/qdq"
	"example.org/demote/internal/quantize"
	"example.org/demote/quant"
)

// TestMicrosoftComputesWhatQDQComputes compares the two exports bit for bit, and looks at operator set, IR version
// and domains.
func TestMicrosoftComputesWhatQDQComputes(t *testing.T) {
	const batch = 2
	r := rand.New(rand.NewPCG(12, 12))
	pixels := make([]float32, batch*28*28)
	for i := range pixels {
		pixels[i] = float32(r.IntN(256))
	}
	in := onnxruntest.Feed{Name: "input", Dims: []int64{batch, 1, 28, 28}, Floats: pixels}
	for _, path := range []string{"../../examples/fashion/model.onnx", "../../testdata/fashion-vit/model.onnx"} {
		t.Run(path, func(t *testing.T) {
			m, err := ir.Read(path)
			if err != nil {
				t.Fatal(err)
			}
			n, err := prepare.Network(m, network.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if err := quantize.Weights(n); err != nil {
				t.Fatal(err)
			}
			records, low := mixedRecords(t, n.Holders), onnxruntest.Halves(len(n.Holders))
			standard, err := qdq.Write(n, records, low)
			if err != nil {
				t.Fatal(err)
			}
			ms, err := qdq.WriteMicrosoft(n, records, low)
			if err != nil {
				t.Fatal(err)
			}
			if ms.OpsetOf("") != m.OpsetOf("") || ms.OpsetOf("com.microsoft") != 1 || ms.Proto.GetIrVersion() > 8 {
				t.Errorf("operator sets %v, IR %d; the network has %d", ms.Proto.OpsetImport, ms.Proto.GetIrVersion(), m.OpsetOf(""))
			}
			for _, nd := range ms.Graph().Node {
				if strings.HasSuffix(nd.GetOpType(), "uantizeLinear") != (nd.GetDomain() == "com.microsoft") {
					t.Errorf("%s %s is of domain %q", nd.GetOpType(), nd.GetName(), nd.GetDomain())
				}
			}
			want, got := onnxruntest.Run(t, standard, onnxruntest.Exact, in)["logits"], onnxruntest.Run(t, ms, onnxruntest.Exact, in)["logits"]
			for i := range want {
				if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
					t.Fatalf("logit %d is %g instead of %g", i, got[i], want[i])
				}
			}
			back, grids, err := qdq.Read(ms)
			if err != nil {
				t.Fatal(err)
			}
			for i, h := range back.Holders {
				grid := records[i].High
				if low[i] {
					grid = records[i].Low
				}
				if h.Tensor != n.Holders[i].Tensor || grids[i] != grid {
					t.Errorf("holder %q reads back as %q on %v instead of %v", n.Holders[i].Name, h.Tensor, grids[i], grid)
				}
			}
		})
	}
}

// TestMicrosoftLowering holds that what does not exist at the network's own operator set is refused by name, and that
// grids which need a newer IR version get it.
func TestMicrosoftLowering(t *testing.T) {
	m, err := ir.Read("../../examples/fashion/model.onnx")
	if err != nil {
		t.Fatal(err)
	}
	n, err := prepare.Network(m, network.Options{})
	if err != nil {
		t.Fatal(err)
	}
	records, low := mixedRecords(t, n.Holders), make([]bool, len(n.Holders))
	for _, c := range []struct {
		name   string
		change func()
		ir     int64
	}{
		{"opset 23", func() { n.Opset = 23 }, 10}, {"opset 20", func() { n.Opset = 20 }, 9}, {"opset 13", func() { n.Opset = 13 }, 7},
		{"4 bits", func() {
			low[0] = true
			var err error
			if records[0].Low, err = quant.GridFor(quant.Symmetric, 4, quant.Range{Min: -1, Max: 1}); err != nil {
				t.Fatal(err)
			}
		}, 10},
	} {
		c.change()
		out, err := qdq.WriteMicrosoft(n, records, low)
		if err != nil || out.OpsetOf("") != min(n.Opset, 21) || out.Proto.GetIrVersion() != c.ir {
			t.Errorf("%s: %v, operator sets %v, IR %d", c.name, err, out.Proto.OpsetImport, out.Proto.GetIrVersion())
		}
	}
	nd := n.Model.Graph().Node[len(n.Model.Graph().Node)-1]
	op := "BitwiseAnd"
	nd.OpType = &op
	if _, err := qdq.WriteMicrosoft(n, records, low); err == nil || !strings.Contains(err.Error(), op) {
		t.Errorf("%s at opset 13: %v", op, err)
	}
}
