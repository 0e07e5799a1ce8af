package onnx_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/onnxruntest"
	"example.org/demote/internal/rewrite"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
	"example.org/demote/quant"
)

// TestQDQNeverWrong rewires quantizers of real files at random. What is read as a network computes what ONNX Runtime
// computes of the rewired file, bit for bit; everything else is an error that matches mistake.Err.
func TestQDQNeverWrong(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	accepted := 0
	for _, file := range []string{"conv13_u8", "conv17_ms8", "conv17_pairs", "conv21_mixed", "attention21_s8"} {
		path := "testdata/qdq/" + file
		x := onnxruntest.ReadNPZ(t, path+".npz")["x"]
		in := onnxruntest.Feed{Name: "input", Dims: x.Dims, Floats: x.Floats}
		whole := onnxruntest.Read(t, path+".onnx")
		for seed := range uint64(150) {
			r := rand.New(rand.NewPCG(seed, 9))
			p := proto.CloneOf(whole.Proto)
			did := onnx.DamageQuantizers(r, p)
			data, err := proto.Marshal(p)
			if err != nil {
				t.Fatal(err)
			}
			m, err := ir.Parse(data, "")
			if err != nil {
				continue
			}
			n, grids, err := onnx.ReadQuantized(m, quant.QDQ)
			if err != nil {
				if !errors.Is(err, mistake.Err) {
					t.Errorf("%s, seed %d, %v: error %v", file, seed, did, err)
				}
				continue
			}
			want, err := onnxruntest.TryRun(t, m, onnxruntest.Exact, in)
			if err != nil {
				continue // shapes that do not fit
			}
			sw, err := rewrite.Switchable(n, onnxruntest.Both(grids))
			if err != nil {
				t.Fatal(err)
			}
			have, err := onnxruntest.TryRun(t, sw, onnxruntest.Exact, in, onnxruntest.MaskFeed(len(grids)))
			if err != nil {
				t.Errorf("%s, seed %d, %v: %v", file, seed, did, err)
				continue
			}
			for name, values := range want {
				for i, v := range values {
					if len(have[name]) != len(values) || math.Float32bits(v) != math.Float32bits(have[name][i]) {
						t.Errorf("%s, seed %d, %v: output %q differs", file, seed, did, name)
						break
					}
				}
			}
			accepted++
		}
	}
	if accepted < 40 {
		t.Errorf("only %d rewired files were networks", accepted)
	}
	t.Logf("%d rewired files computed the same", accepted)
}
