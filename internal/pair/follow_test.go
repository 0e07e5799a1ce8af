package pair_test

import (
	"slices"
	"strings"
	"testing"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/onnxruntest"
	"example.org/demote/internal/pair"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/quant"
)

// following pairs two fixtures and lets their weights follow.
func following(t testing.TB, name, highName string) (low, n *network.Network, lowGrids []quant.Grid, records []quant.Record, r *pair.Report) {
	t.Helper()
	low, lowGrids = onnxruntest.Side(t, "../../onnx/testdata/"+name+".onnx", quant.QDQ)
	high, highGrids := onnxruntest.Side(t, "../../onnx/testdata/"+highName+".onnx", quant.QDQ)
	n, records, r, err := pair.Join(low, high, lowGrids, highGrids)
	if err != nil {
		t.Fatal(err)
	}
	pair.Follow(n, low, r)
	return low, n, lowGrids, records, r
}

// TestFollowEnds: with every holder demoted, a network whose weights follow is the 8-bit file, bit for bit, and with
// none the 16-bit file.
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
		high, highGrids := onnxruntest.Side(t, "../../onnx/testdata/"+c.high+".onnx", quant.QDQ)
		x := onnxruntest.ReadNPZ(t, "../../onnx/testdata/"+c.samples+".npz")["x"]
		logits := func(n *network.Network, r []quant.Record, bit byte) []float32 { return switched(t, n, r, bit, x) }
		none, all := make([]bool, len(n.Holders)), make([]bool, len(n.Holders))
		for i := range all {
			all[i] = true
		}
		if !slices.Equal(logits(pair.Chosen(n, none), records, 0), logits(high, onnxruntest.Both(highGrids), 0)) {
			t.Errorf("%s: no holder demoted differs from the 16-bit file", c.low)
		}
		if !slices.Equal(logits(pair.Chosen(n, all), records, 1), logits(low, onnxruntest.Both(lowGrids), 0)) {
			t.Errorf("%s: all holders demoted differs from the 8-bit file: %q", c.low, r.Lines())
		}
		if c.matters && slices.Equal(logits(n, records, 1), logits(low, onnxruntest.Both(lowGrids), 0)) {
			t.Errorf("%s: the 16-bit file's weights give the 8-bit file's outputs: this test shows nothing", c.low)
		}
	}
}

// TestFollowShared: a weight that several layers read becomes one for each holder, and the mix has each as its own
// bit says.
func TestFollowShared(t *testing.T) {
	low, lowGrids := onnxruntest.Side(t, "../../onnx/testdata/mctq/ports_low.onnx", quant.QDQ)
	high, highGrids := onnxruntest.Side(t, "../../onnx/testdata/mctq/ports_high.onnx", quant.QDQ)
	shared := ""
	// the layer `twice` is called twice: its calls read one weight
	for _, m := range []*ir.Model{low.Model, high.Model} {
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
			v, err := ir.Floats(w)
			if err != nil {
				t.Fatal(err)
			}
			v[0]++
			low.Model.Graph().Initializer[i] = ir.NewFloats(shared, w.GetDims(), v)
		}
	}
	n, _, r, err := pair.Join(low, high, lowGrids, highGrids)
	if err != nil {
		t.Fatal(err)
	}
	pair.Follow(n, low, r)
	if len(n.Followed) != 2 || n.Followed[0].Holder == n.Followed[1].Holder || n.Followed[0].Name == n.Followed[1].Name || len(r.Differences) != 1 {
		t.Fatalf("%+v of %+v", n.Followed, r.Differences)
	}
	mask := make([]bool, len(n.Holders))
	mask[n.Followed[1].Holder] = true
	c := pair.Chosen(n, mask)
	for i, f := range n.Followed {
		for _, w := range c.Model.Graph().GetInitializer() {
			if w.GetName() != f.Name {
				continue
			}
			have, err := ir.Floats(w)
			want, err2 := ir.Floats([]*onnxpb.TensorProto{f.High, f.Low}[i])
			if err != nil || err2 != nil || !slices.Equal(have, want) {
				t.Errorf("%s of holder %d: %v, %v; %v, not %v", f.Name, f.Holder, err, err2, have[:1], want[:1])
			}
		}
	}
}
