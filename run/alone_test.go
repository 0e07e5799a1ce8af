package run

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/config"
	"example.org/demote/internal/ir"
	"example.org/demote/onnx/onnxpb"
)

// aloneNetwork is x -> times w1 -> plus the side input s, reshaped to [-1,25] -> ReLU -> the mean over an axis, if it
// is not below 0 -> times w2 -> y.
func aloneNetwork(x, side *onnxpb.ValueInfoProto, mean int64, y ...any) *onnxpb.GraphProto {
	weights, node := normalMatrices(9), madeNode
	g := &onnxpb.GraphProto{Name: proto.String("alone"), Input: []*onnxpb.ValueInfoProto{x}, Output: []*onnxpb.ValueInfoProto{declared("y", ir.Float, y...)},
		Initializer: []*onnxpb.TensorProto{weights("w1", 6, 25), weights("w2", 25, 4), ir.NewInts("flat", ir.Int64, []int64{2}, []int64{-1, 25})}}
	g.Node = append(g.Node, node("MatMul", "a", "x", "w1"))
	last := "a"
	if side != nil {
		g.Input = append([]*onnxpb.ValueInfoProto{side}, g.Input...)
		g.Node = append(g.Node, node("Reshape", "f", "s", "flat"), node("Add", "b", "a", "f"))
		last = "b"
	}
	g.Node = append(g.Node, node("Relu", "c", last))
	last = "c"
	if mean >= 0 {
		n := node("ReduceMean", "d", "c")
		n.Attribute = []*onnxpb.AttributeProto{{Name: proto.String("axes"), Type: onnxpb.AttributeProto_INTS.Enum(), Ints: []int64{mean}},
			{Name: proto.String("keepdims"), Type: onnxpb.AttributeProto_INT.Enum(), I: proto.Int64(1)}}
		g.Node = append(g.Node, n)
		last = "d"
	}
	g.Node = append(g.Node, node("MatMul", "y", last, "w2"))
	return g
}

// aloneConfig is a search with arrays of random numbers, by input.
func aloneConfig(t testing.TB, g *onnxpb.GraphProto, arrays map[string][]int) config.Config {
	t.Helper()
	dir := t.TempDir()
	files := map[string][]byte{}
	for name, shape := range arrays {
		rng, n := rand.New(rand.NewPCG(1, uint64(name[0]))), 1
		for _, d := range shape {
			n *= d
		}
		data := npyHeader("<f4", shape...)
		for range n {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(rng.NormFloat64())))
		}
		files[name] = data
	}
	writeTestFile(t, filepath.Join(dir, "x.npz"), npzOf(t, files))
	return cutEverywhere(config.Config{Model: writeNetwork(t, filepath.Join(dir, "alone.onnx"), g), Calib: filepath.Join(dir, "x.npz"), Data: filepath.Join(dir, "x.npz"),
		Strategy: "demotion", Target: "50%", Out: filepath.Join(dir, "run"), Metric: "sqnr", Version: "test"})
}

// npzOf is an archive of npy files, by key.
func npzOf(t testing.TB, files map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for key, data := range files {
		w, err := z.CreateHeader(&zip.FileHeader{Name: key + ".npy", Method: zip.Store})
		if err == nil {
			_, err = w.Write(data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestSamplesAlone searches networks some input of which has no batch in front, and holds the result against the same
// network with one, in blocks of one.
func TestSamplesAlone(t *testing.T) {
	dim := func(dims ...any) []any { return dims }
	side := func(dims ...any) *onnxpb.ValueInfoProto { return declared("s", ir.Float, dims...) }
	batched := aloneNetwork(declared("x", ir.Float, "N", 6), side("N", 25), -1, "N", 4)
	steps := aloneNetwork(declared("x", ir.Float, "N", 5, 6), nil, 1, "N", 1, 4)
	for _, c := range []struct {
		name  string
		g     *onnxpb.GraphProto
		data  map[string][]int
		fixed []string
		same  *onnxpb.GraphProto
		as    map[string][]int
	}{
		{"a state without a batch", aloneNetwork(declared("x", ir.Float, "N", 6), side(25), -1, dim("N", 4)...),
			map[string][]int{"x": {12, 6}, "s": {12, 25}}, nil, batched, nil},
		{"a batch inside, fixed to one", aloneNetwork(declared("x", ir.Float, 1, 6), side(5, 1, 5), -1, dim(1, 4)...),
			map[string][]int{"x": {12, 6}, "s": {12, 5, 1, 5}}, nil, batched, nil},
		{"a batch inside, left out of the data", aloneNetwork(declared("x", ir.Float, 1, 6), side(5, 1, 5), -1, dim(1, 4)...),
			map[string][]int{"x": {12, 6}, "s": {12, 5, 5}}, nil, batched, nil},
		{"a batch inside, free", aloneNetwork(declared("x", ir.Float, "N", 6), side(5, "N", 5), -1, dim("N", 4)...),
			map[string][]int{"x": {12, 6}, "s": {12, 5, 5}}, nil, batched, nil},
		{"a batch inside, of a given value", aloneNetwork(declared("x", ir.Float, "N", 6), side(5, "N", 5), -1, dim("N", 4)...),
			map[string][]int{"x": {12, 6}}, []string{"s=0.5"}, nil, nil},
		{"steps in front, of any number", aloneNetwork(declared("x", ir.Float, "time", 6), nil, 0, dim(1, 4)...),
			map[string][]int{"x": {12, 5, 6}}, nil, steps, map[string][]int{"x": {12, 5, 6}}},
		{"steps in front, so many", aloneNetwork(declared("x", ir.Float, 5, 6), nil, 0, dim(1, 4)...),
			map[string][]int{"x": {12, 5, 6}}, nil, steps, map[string][]int{"x": {12, 5, 6}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx := context.Background()
			cfg := aloneConfig(t, c.g, c.data)
			cfg.Fixed = c.fixed
			got, err := Search(ctx, cfg)
			if err != nil {
				t.Fatal(err)
			}
			if !got.Verified.Identical {
				t.Errorf("%+v", got.Verified)
			}
			if c.same == nil {
				if v, err := Verify(ctx, cfg.Out, config.Config{}); err != nil || !v.Identical {
					t.Errorf("verify: %+v, %v", v, err)
				}
				cfg.Scan, cfg.Out = "naive", cfg.Out+"2"
				slow, err := Search(ctx, cfg)
				if err != nil || fmt.Sprint(slow.Promotion) != fmt.Sprint(got.Promotion) || *slow.Score.Mixed.Value != *got.Score.Mixed.Value {
					t.Errorf("naive: %v %v, fast: %v %v, %v", slow.Promotion, *slow.Score.Mixed.Value, got.Promotion, *got.Score.Mixed.Value, err)
				}
				return
			}
			if c.as == nil {
				c.as = map[string][]int{"x": {12, 6}, "s": {12, 25}}
			}
			other := aloneConfig(t, c.same, c.as)
			other.Block = 1
			want, err := Search(ctx, other)
			if err != nil {
				t.Fatal(err)
			}
			tell := func(r *config.Result) string {
				return fmt.Sprint(r.Promotion, *r.Score.Mixed.Value, *r.Score.Low.Value, *r.Score.High.Value)
			}
			if tell(want) != tell(got) {
				t.Errorf("%s, with a batch in front %s", tell(got), tell(want))
			}
		})
	}
}

// TestSamplesAloneAreRefused says what cannot be fed.
func TestSamplesAloneAreRefused(t *testing.T) {
	state := declared("s", ir.Float, 25)
	for _, c := range []struct {
		name  string
		x     *onnxpb.ValueInfoProto
		data  map[string][]int
		block int
		want  string
	}{
		{"blocks", declared("x", ir.Float, "N", 6), map[string][]int{"x": {12, 6}, "s": {12, 25}}, 4, "samples run one by one: leave it out"},
		{"a batch of more", declared("x", ir.Float, 3, 6), map[string][]int{"x": {12, 6}, "s": {12, 25}}, 0, "input x takes 3 samples at once"},
		{"no array", declared("x", ir.Float, "N", 6), map[string][]int{"x": {12, 6}}, 0, `no array named "s": it has "x"; save it under the input's name, or give it one value for all samples, --input s=0 for one`},
		{"a batch by its name", declared("x", ir.Float, "batch", 6), map[string][]int{"x": {12, 5, 6}, "s": {12, 25}}, 0, "has shape [12,5,6]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := aloneConfig(t, aloneNetwork(c.x, state, -1, "N", 4), c.data)
			cfg.Block = c.block
			if _, err := Search(context.Background(), cfg); err == nil || !strings.Contains(err.Error(), c.want) || ExitCode(err) != ExitMistake {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}
