package run

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/backend/direct"
	"example.org/demote/config"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/internal/segments"
	"example.org/demote/internal/task"
	"example.org/demote/internal/tasktest"
	"example.org/demote/onnx"
	"example.org/demote/onnx/onnxpb"
)

// fedThrough prepares a network that hands its input x, of some dimensions, on to y, with samples from a file of some
// bytes, and fixes its shapes to a block.
func fedThrough(t *testing.T, file []byte, dims []any, c config.Config, block int) (*task.Task, *onnx.Model) {
	t.Helper()
	dir := t.TempDir()
	tasktest.WriteFile(t, filepath.Join(dir, "x.npy"), file)
	g := &onnxpb.GraphProto{Name: proto.String("g"), Input: []*onnxpb.ValueInfoProto{onnxtest.Declared("x", ir.Float, dims...)}, Output: []*onnxpb.ValueInfoProto{onnxtest.Declared("y", ir.Float, dims...)},
		Node: []*onnxpb.NodeProto{{OpType: proto.String("Identity"), Name: proto.String("i"), Input: []string{"x"}, Output: []string{"y"}}}}
	m, err := onnx.Read(tasktest.WriteNetwork(t, filepath.Join(dir, "g.onnx"), g))
	if err != nil {
		t.Fatal(err)
	}
	p := &task.Task{Model: m}
	t.Cleanup(p.Close)
	if p.Data, err = task.OpenData(filepath.Join(dir, "x.npy"), "", m, c, 0); err != nil {
		t.Fatal(err)
	}
	if p.Inputs, err = blocks.Inputs(m, p.Data, block); err != nil {
		t.Fatal(err)
	}
	fixed, err := fixShapes(context.Background(), m, p.Inputs, block)
	if err != nil {
		t.Fatal(err)
	}
	return p, fixed
}

// TestBytesAreWhatTheDataGive compares the floats that a network makes of bytes with those that the data give, bit
// for bit and for all 256 values, with every part of scale, mean and std, for one channel and for three, first and
// last.
func TestBytesAreWhatTheDataGive(t *testing.T) {
	ctx := context.Background()
	three := [][]float32{nil, {0.00392156862745098}, {0.0039, -1.7, 3}}
	for _, shape := range [][]int{{3, 16, 16}, {16, 16, 3}, {256}, {3, 256, 1}, {3}} {
		for _, scale := range three {
			for _, mean := range [][]float32{nil, {0.485, 0.456, 0.406}} {
				for _, std := range [][]float32{nil, {0.3}, {0.229, 0.224, 0.225}} {
					if len(shape) == 1 && shape[0] == 256 && max(len(scale), len(mean), len(std)) > 1 {
						continue
					}
					t.Run(fmt.Sprint(shape, scale, mean, std), func(t *testing.T) {
						n := 1
						for _, d := range shape {
							n *= d
						}
						samples := (3*256 + n - 1) / n
						data := tasktest.NPYHeader("|u1", append([]int{samples}, shape...)...)
						for i := range samples * n {
							data = append(data, byte(i*7+i/256))
						}
						dims := []any{"N"}
						for _, d := range shape {
							dims = append(dims, d)
						}
						p, fixed := fedThrough(t, data, dims, config.Config{Scale: scale, Mean: mean, Std: std}, 1)
						for _, gpu := range []bool{false, true} {
							fed, names := blocks.FeedBytes(fixed, p.Data, p.Inputs, gpu)
							if names["x"] == "" {
								t.Fatal("the samples are no bytes")
							}
							if has := slices.ContainsFunc(fixed.Graph().GetNode(), func(n *onnxpb.NodeProto) bool { return n.GetOpType() == "Div" }); gpu && has {
								t.Error("a GPU divides")
							}
							src, err := segments.New(fixed, 0, []string{"y"})
							if err != nil {
								t.Fatal(err)
							}
							segment, err := src.Segment(0, src.Cuts()-1)
							if err != nil {
								t.Fatal(err)
							}
							want := make([]byte, 4*n)
							err = direct.PassSteps(ctx, segment, fed, blocks.Optimization, func(first, _, _ int, outputs [][]float32) error {
								if err := p.Data.Read(0, first, want); err != nil {
									return err
								}
								if !bytes.Equal(blocks.BytesOf(outputs[0]), want) {
									t.Errorf("GPU %t: sample %d has other bits", gpu, first)
								}
								return nil
							})
							if err != nil {
								t.Fatal(err)
							}
							if fixed, err = fixShapes(ctx, p.Model, p.Inputs, 1); err != nil {
								t.Fatal(err)
							}
						}
					})
				}
			}
		}
	}
}

// TestBytesChangeNoDecision searches the same samples as bytes and as the floats that they become.
func TestBytesChangeNoDecision(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	ctx := context.Background()
	cfg := tasktest.TinyConfig(t, 41)
	dir := filepath.Dir(cfg.Data)
	rng := rand.New(rand.NewPCG(9, 1))
	data, floats := tasktest.NPYHeader("|u1", 41, 1, 8, 8), []float64{}
	for range 41 * 64 {
		v := byte(rng.IntN(256))
		data, floats = append(data, v), append(floats, float64(v))
	}
	tasktest.WriteFile(t, filepath.Join(dir, "bytes.npy"), data)
	tasktest.WriteFile(t, filepath.Join(dir, "floats.npy"), floatsFile(floats, 41, 1, 8, 8))
	tell := func(file string, more ...func(*config.Config)) string {
		t.Helper()
		c := cfg
		c.Data, c.Calib, c.Out = filepath.Join(dir, file), filepath.Join(dir, file), filepath.Join(t.TempDir(), "run")
		c.Scale, c.Mean, c.Std = []float32{0.00392156862745098}, []float32{0.485}, []float32{0.229}
		for _, f := range more {
			f(&c)
		}
		r, err := Search(ctx, c)
		if err != nil && ExitCode(err) != ExitUnreachable {
			t.Fatal(err)
		}
		if !r.Verified.Identical {
			t.Errorf("%s: %+v", file, r.Verified)
		}
		text := fmt.Sprint(r.Promotion, *r.Score.Mixed.Correct, *r.Score.Low.Correct, *r.Score.High.Correct)
		for _, s := range r.Chain {
			text += fmt.Sprint(" ", s.Holder, *s.Value)
		}
		return text
	}
	want := tell("floats.npy")
	for name, more := range map[string]func(*config.Config){"fast": func(*config.Config) {}, "naive": func(c *config.Config) { c.Scan = "naive" }, "whole": func(c *config.Config) { c.EveryCut = false }, "no cache": func(c *config.Config) { c.Cache = -1 }} {
		if got := tell("bytes.npy", more); got != want {
			t.Errorf("%s: %s, of floats %s", name, got, want)
		}
	}
}

// floatsFile is an npy file of float32.
func floatsFile(values []float64, shape ...int) []byte {
	data := tasktest.NPYHeader("<f4", shape...)
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(v)))
	}
	return data
}
