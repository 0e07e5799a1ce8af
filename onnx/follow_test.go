package onnx_test

import (
	"slices"
	"strings"
	"testing"

	"demote/onnx"
	"demote/onnx/onnxpb"
	"demote/quant"
)

// following pairs two fixtures and lets their weights follow.
func following(t testing.TB, name, highName string) (low, n *onnx.Network, lowGrids []quant.Grid, records []quant.Record, r *onnx.PairReport) {
	t.Helper()
	low, lowGrids = side(t, "testdata/"+name+".onnx", quant.QDQ)
	high, highGrids := side(t, "testdata/"+highName+".onnx", quant.QDQ)
	n, records, r, err := onnx.Pair(low, high, lowGrids, highGrids)
	if err != nil {
		t.Fatal(err)
	}
	n.Follow(low, r)
	return low, n, lowGrids, records, r
}

// TestFollowEnds: with every holder demoted, a network whose weights follow is the 8-bit file, bit for bit, and with none the
// 16-bit file.
func TestFollowEnds(t *testing.T) {
	for _, c := range []struct {
		low, high, samples string
		followed           int
		matters            bool // the outputs tell the two files' constants apart
	}{
		{"mctq/lutpot_low", "mctq/lutpot_high", "mctq/lutpot", 8, true}, {"mctq/lutsym_low", "mctq/lutsym_high", "mctq/lutsym", 4, false},
		{"mctq/shifted_low", "mctq/shifted_high", "mctq/shifted", 3, false}, {"mctq/pot_low", "mctq/pot_high", "mctq/pot", 0, false},
		{"qdq/conv21_u8", "qdq/conv21_u16", "qdq/conv21_u8", 5, false}, {"qdq/attention21_s8", "qdq/attention21_s16", "qdq/attention21_s8", 8, true},
	} {
		low, n, lowGrids, records, r := following(t, c.low, c.high)
		if len(n.Followed) != c.followed {
			t.Errorf("%s: %d constants follow, not %d: %q", c.low, len(n.Followed), c.followed, r.Lines())
		}
		high, highGrids := side(t, "testdata/"+c.high+".onnx", quant.QDQ)
		x := readNPZ(t, "testdata/"+c.samples+".npz")["x"]
		logits := func(n *onnx.Network, r []quant.Record, bit byte) []float32 { return switched(t, n, r, bit, x) }
		none, all := make([]bool, len(n.Holders)), make([]bool, len(n.Holders))
		for i := range all {
			all[i] = true
		}
		if !slices.Equal(logits(n.Chosen(none), records, 0), logits(high, both(highGrids), 0)) {
			t.Errorf("%s: no holder demoted differs from the 16-bit file", c.low)
		}
		if !slices.Equal(logits(n.Chosen(all), records, 1), logits(low, both(lowGrids), 0)) {
			t.Errorf("%s: all holders demoted differs from the 8-bit file: %q", c.low, r.Lines())
		}
		if c.matters && slices.Equal(logits(n, records, 1), logits(low, both(lowGrids), 0)) {
			t.Errorf("%s: the 16-bit file's weights give the 8-bit file's outputs: this test shows nothing", c.low)
		}
	}
}

// TestFollowShared: a weight that several layers read becomes one for each holder, and the mix has each as its own bit says.
func TestFollowShared(t *testing.T) {
	low, lowGrids := side(t, "testdata/mctq/ports_low.onnx", quant.QDQ)
	high, highGrids := side(t, "testdata/mctq/ports_high.onnx", quant.QDQ)
	shared := ""
	for _, m := range []*onnx.Model{low.Model, high.Model} { // the layer `twice` is called twice: its calls read one weight
		var calls []*onnxpb.NodeProto
		for _, nd := range m.Graph().GetNode() {
			if nd.GetOpType() == "Conv" && strings.Contains(nd.GetName(), "twice") {
				calls = append(calls, nd)
			}
		}
		if len(calls) != 2 {
			t.Fatalf("%d calls", len(calls))
		}
		shared = calls[0].Input[1]
		calls[1].Input[1] = shared
	}
	for i, w := range low.Model.Graph().GetInitializer() {
		if w.GetName() == shared {
			v, err := onnx.Floats(w)
			if err != nil {
				t.Fatal(err)
			}
			v[0]++
			low.Model.Graph().Initializer[i] = onnx.NewFloats(shared, w.GetDims(), v)
		}
	}
	n, _, r, err := onnx.Pair(low, high, lowGrids, highGrids)
	if err != nil {
		t.Fatal(err)
	}
	n.Follow(low, r)
	if len(n.Followed) != 2 || n.Followed[0].Holder == n.Followed[1].Holder || n.Followed[0].Name == n.Followed[1].Name || len(r.Differences) != 1 {
		t.Fatalf("%+v of %+v", n.Followed, r.Differences)
	}
	mask := make([]bool, len(n.Holders))
	mask[n.Followed[1].Holder] = true
	c := n.Chosen(mask)
	for i, f := range n.Followed {
		for _, w := range c.Model.Graph().GetInitializer() {
			if w.GetName() != f.Name {
				continue
			}
			have, err := onnx.Floats(w)
			want, err2 := onnx.Floats([]*onnxpb.TensorProto{f.High, f.Low}[i])
			if err != nil || err2 != nil || !slices.Equal(have, want) {
				t.Errorf("%s of holder %d: %v, %v; %v, not %v", f.Name, f.Holder, err, err2, have[:1], want[:1])
			}
		}
	}
}
