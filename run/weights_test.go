package run

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"example.org/demote/backend/device"
	"example.org/demote/cgo"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/memory"
	"example.org/demote/internal/tasktest"
	"example.org/demote/onnx"
)

// TestWeightsBeside holds that a session has the same optimized network and the same bits whether a model's weights
// lie in its message or beside it, and that it needs them no more once it is made.
func TestWeightsBeside(t *testing.T) {
	b := tasktest.NewGraph(2).In("x", nil, 16, 12, 12).Out("y", 48).Weight("k", 0.1, 32, 16, 3, 3).Weight("bn", 1, 32).Constant("var", slices.Repeat([]float32{2}, 32), 32)
	b.Weight("w1", 0.1, 1152, 64).Weight("w2", 0.1, 96, 64).Weight("w3", 0.1, 96, 48).Weight("b3", 0.1, 48).Weight("table", 1, 96, 96).Numbers("flat", 0, -1)
	cfg := b.Do(`c = Conv x k pads=1,1,1,1; n = BatchNormalization c bn bn bn var; r = Relu n; p = MaxPool r kernel_shape=2,2 strides=2,2; f = Reshape p flat; a = MatMul f w1
		s = Softmax a; g = Gemm s w2 transB=1; u = Transpose table; h = MatMul g u; m = MatMul h w3; y = Add m b3`).Config(t)
	m, err := onnx.Read(cfg.Model)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := m.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	beside, err := blocks.ModelOf(m)
	if err != nil {
		t.Fatal(err)
	}
	if len(beside.Weights) != 5 || len(beside.Bytes) > 4096 {
		t.Fatalf("%d weights beside a message of %d bytes", len(beside.Weights), len(beside.Bytes))
	}
	x := make([]byte, 4*2*16*12*12)
	for i := range x {
		x[i] = byte(i*7%64) | 0x20*byte(i&1) // numbers of all sizes below 1
	}
	saved := func(model device.Model) (weights map[string]string, out []byte) {
		path := filepath.Join(t.TempDir(), "saved.onnx")
		s, err := model.Session(cgo.Options{Level: blocks.Optimization, IntraThreads: 1, OptimizedPath: path})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		for _, w := range model.Weights {
			clear(w.Data)
		}
		in, err := cgo.NewTensor(cgo.Float32, 2, 16, 12, 12)
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		copy(in.Bytes(), x)
		got, err := s.MeasureValues(map[string]*cgo.Tensor{"x": in})
		if err != nil {
			t.Fatal(err)
		}
		optimized, err := ir.ReadOptimized(path)
		if err != nil {
			t.Fatal(err)
		}
		weights = map[string]string{}
		for _, i := range optimized.Graph().GetInitializer() {
			raw, _, err := ir.RawBytes(i)
			if err != nil {
				t.Fatal(err)
			}
			weights[i.GetName()] = string(raw)
		}
		for _, n := range optimized.Graph().GetNode() {
			weights[n.GetName()] = n.GetOpType()
		}
		return weights, blocks.BytesOf(got[0].Floats)
	}
	wantWeights, want := saved(device.Model{Bytes: whole})
	gotWeights, got := saved(beside)
	if !slices.Equal(got, want) || slices.Max(want) == 0 {
		t.Errorf("%v, want %v", got, want)
	}
	if len(gotWeights) != len(wantWeights) {
		t.Errorf("%d nodes and weights, want %d", len(gotWeights), len(wantWeights))
	}
	for name, w := range wantWeights {
		if gotWeights[name] != w {
			t.Errorf("%s of the optimized network is another one", name)
		}
	}
}

// TestUnreadWeights holds that a network is searched and written that has a large weight which nothing reads: the
// runtime drops it while it loads the message, and would find none to give a value to.
func TestUnreadWeights(t *testing.T) {
	cfg := tasktest.NewGraph(16).In("x", nil, 32).Out("y", 8).Weight("w0", 0.2, 32, 8).Weight("unread", 0.1, 96, 96).Do("y = MatMul x w0").Config(t)
	if r := mustSearch(t, cfg); !r.Verified.Identical {
		t.Errorf("%+v", r.Verified)
	}
}

// mostCopies is how often a search may have a network's weights in memory: the file's, those on their grids, a
// session's, and what lies beside them while a session is made or the written file is run against the search.
const mostCopies = 7

// TestWeightsInMemory holds how much memory a search takes for weights: a process that searches a network of 18 MiB
// against one that searches the same network of 32 KiB.
func TestWeightsInMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	if raced { // whose own memory this would be
		return
	}
	most := func(n int64) int64 {
		cfg := tasktest.NewGraph(16).In("x", nil, 32).Out("y", 8).Weight("w0", 0.2, 32, n).Weight("w1", 0.02, n, n).Weight("w2", 0.02, n, n).Weight("w3", 0.02, n, 8).
			Do("a = MatMul x w0; ar = Relu a; b = MatMul ar w1; br = Relu b; c = MatMul br w2; cr = Relu c; y = MatMul cr w3").Config(t)
		cfg.Strategy, cfg.Trials, cfg.EveryCut = "rank", 2, false
		text, err := json.Marshal(cfg)
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "DEMOTE_TEST_SEARCH="+string(text))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %.2000s", err, out)
		}
		return cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
	}
	const wide = 1536
	weights := int64(4 * 2 * wide * wide)
	light, heavy := most(64), most(wide)
	if grown := heavy - light; grown > mostCopies*weights {
		t.Errorf("a search of %s of weights takes %s more than one of hardly any: %.1f times the weights", memory.Text(weights), memory.Text(grown), float64(grown)/float64(weights))
	}
	t.Logf("%.1f times the weights", float64(heavy-light)/float64(weights))
}
