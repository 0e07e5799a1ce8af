package mctq_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/mctq"
	"example.org/demote/internal/network"
	"example.org/demote/internal/onnxruntest"
	"example.org/demote/internal/rewrite"
	"example.org/demote/mistake"
	"example.org/demote/quant"
)

// TestMCTQMixed: the mixed file is the toolkit's own export of the mixed model, byte for byte.
func TestMCTQMixed(t *testing.T) {
	equal := func(low, high, mixed string, demoted []string) {
		t.Helper()
		m, err := mctq.Mixed(onnxruntest.Read(t, low), onnxruntest.Read(t, high), demoted)
		if err != nil {
			t.Fatal(err)
		}
		have, err := m.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(mixed)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(have, want) {
			t.Errorf("%s: %d bytes that differ from the toolkit's %d", mixed, len(have), len(want))
		}
	}
	for _, name := range mctqCases {
		path := "../../onnx/testdata/mctq/" + name
		equal(path+"_low.onnx", path+"_high.onnx", path+"_mixed.onnx", onnxruntest.ReadFixture(t, name).Demoted)
	}
	data, err := os.ReadFile(realPair + "trace.json")
	if err != nil {
		t.Fatal(err)
	}
	var tr struct {
		Holders   []struct{ Name string } `json:"holders_8bit"`
		Promotion []string                `json:"promotion_list"`
	}
	if err := json.Unmarshal(data, &tr); err != nil {
		t.Fatal(err)
	}
	var demoted []string
	for _, h := range tr.Holders {
		if !slices.Contains(tr.Promotion, h.Name) {
			demoted = append(demoted, h.Name)
		}
	}
	if len(demoted) != 51 {
		t.Fatalf("%d holders demoted", len(demoted))
	}
	equal(realPair+"m8.onnx", realPair+"m16.onnx", realPair+"mixed_mctq.onnx", demoted)
	if _, err := mctq.Mixed(onnxruntest.Read(t, realPair+"m8.onnx"), onnxruntest.Read(t, realPair+"m16.onnx"), []string{"nobody"}); !errors.Is(err, mistake.Err) {
		t.Errorf("an unknown holder: %v", err)
	}
}

// TestMCTQRoundTrip: what is written as an annotated file is read again as the same network: same grids, same logits.
func TestMCTQRoundTrip(t *testing.T) {
	type source struct {
		name    string
		n       *network.Network
		records []quant.Record
	}
	var all []source
	for _, files := range [][2]string{
		{"mctq/symmetric_low", "mctq/symmetric_high"}, {"mctq/uniform_low", "mctq/uniform_high"}, {"mctq/ports_low", "mctq/ports_high"},
		{"mctq/attention_low", "mctq/attention_high"}, {"mctq/shifted_low", "mctq/shifted_high"},
		{"qdq/conv17_u8", "qdq/conv17_u16"}, {"qdq/conv21_u8", "qdq/conv21_u16"}, {"qdq/attention21_s8", "qdq/attention21_s16"},
	} {
		n, records, _, err := onnxruntest.Pair(t, "../../onnx/testdata/"+files[0]+".onnx", "../../onnx/testdata/"+files[1]+".onnx")
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, source{files[0], n, records})
	}
	for _, s := range all {
		low := make([]bool, len(s.records))
		mask := onnxruntest.MaskFeed(len(low))
		for i := range low {
			if low[i] = i%2 == 0; low[i] {
				mask.Bytes[i] = 1
			}
		}
		m, inexact, err := mctq.Write(s.n, s.records, low)
		if err != nil {
			t.Errorf("%s: %v", s.name, err)
			continue
		}
		if m.OpsetOf("") != 17 || len(inexact) > 0 {
			t.Errorf("%s: opset %d, inexact %v", s.name, m.OpsetOf(""), inexact)
		}
		data, err := m.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		m, err = ir.Parse(data, "")
		if err != nil {
			t.Errorf("%s: %v", s.name, err)
			continue
		}
		back, grids, err := mctq.Read(m, quant.QDQ)
		if err != nil || len(grids) != len(s.records) {
			t.Errorf("%s: %d holders of %d: %v", s.name, len(grids), len(s.records), err)
			continue
		}
		if len(back.Weights) != len(s.n.Weights) {
			t.Errorf("%s: %d weights with codes, %d before", s.name, len(back.Weights), len(s.n.Weights))
		}
		before, err := rewrite.Switchable(s.n, s.records)
		if err != nil {
			t.Fatal(err)
		}
		after, err := rewrite.Switchable(back, onnxruntest.Both(grids))
		if err != nil {
			t.Fatal(err)
		}
		feeds := []onnxruntest.Feed{mask}
		rng := rand.New(rand.NewPCG(1, 2))
		for _, v := range s.n.Model.Inputs() {
			f := onnxruntest.Feed{Name: v.Name, Dims: append([]int64{2}, v.Dims[1:]...), Floats: make([]float32, 2)}
			for _, d := range v.Dims[1:] {
				f.Floats = make([]float32, len(f.Floats)*int(d))
			}
			for i := range f.Floats {
				f.Floats[i] = rng.Float32()*3 - 1
			}
			feeds = append(feeds, f)
		}
		want, have := onnxruntest.Run(t, before, onnxruntest.Exact, feeds...), onnxruntest.Run(t, after, onnxruntest.Exact, feeds...)
		for name := range want {
			if !slices.Equal(want[name], have[name]) || len(want[name]) == 0 {
				t.Errorf("%s: output %q of the annotated file differs", s.name, name)
			}
		}
	}
}

// TestMCTQGrids: which grids can be written exactly. Seeded; the shares were measured, they only must not fall.
func TestMCTQGrids(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	n, _ := onnxruntest.Side(t, "../../onnx/testdata/mctq/pot_low.onnx", quant.QDQ)
	n.Holders = n.Holders[:1]
	for _, c := range []struct {
		kind  quant.Kind
		bits  int
		least int // of 300 that come back exactly
	}{
		{quant.Pow2, 8, 300}, {quant.Pow2, 16, 300}, {quant.Symmetric, 8, 300}, {quant.Symmetric, 16, 300},
		{quant.Asymmetric, 8, 300}, {quant.Asymmetric, 16, 300},
	} {
		rng := rand.New(rand.NewPCG(7, uint64(c.bits)))
		exactly := 0
		for range 300 {
			r := quant.Range{Min: -rng.Float32() * 10, Max: rng.Float32() * 10}
			g, err := quant.GridFor(c.kind, c.bits, r)
			if err != nil {
				t.Fatal(err)
			}
			m, inexact, err := mctq.Write(n, onnxruntest.Both([]quant.Grid{g}), []bool{false})
			if err != nil {
				t.Fatal(err)
			}
			_, grids, err := mctq.Read(m, quant.QDQ)
			if err != nil {
				t.Fatal(err)
			}
			same := grids[0].Scale == g.Scale && grids[0].Zero-grids[0].Min == g.Zero-g.Min
			if same != (len(inexact) == 0) {
				t.Fatalf("%v comes back as %v, inexact %q", g, grids[0], inexact)
			}
			if same {
				exactly++
			}
		}
		if exactly < c.least {
			t.Errorf("%s, %d bits: %d of 300 grids come back exactly, %d before", c.kind, c.bits, exactly, c.least)
		}
	}
}

// TestMCTQLowering: an operator that does not exist at opset 17 is refused by name.
func TestMCTQLowering(t *testing.T) {
	n, grids := onnxruntest.Side(t, "../../onnx/testdata/mctq/pot_low.onnx", quant.QDQ)
	for _, nd := range n.Model.Graph().Node {
		if nd.GetOpType() == "Relu" {
			nd.OpType = new("Gelu")
		}
	}
	_, _, err := mctq.Write(n, onnxruntest.Both(grids), make([]bool, len(grids)))
	if !errors.Is(err, mistake.Err) || !strings.Contains(err.Error(), "Gelu") {
		t.Errorf("error %v", err)
	}
}
