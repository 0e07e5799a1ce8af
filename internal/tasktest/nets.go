package tasktest

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/config"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/onnx/onnxpb"
)

// normalMatrices returns a maker of matrices of normal random numbers, drawn one behind another.
func normalMatrices(seed uint64) func(name string, dims ...int64) *onnxpb.TensorProto {
	rng := rand.New(rand.NewPCG(7, seed))
	return func(name string, dims ...int64) *onnxpb.TensorProto {
		v := make([]float32, dims[0]*dims[1])
		for i := range v {
			v[i] = float32(rng.NormFloat64())
		}
		return ir.NewFloats(name, dims, v)
	}
}

// Node is a node with one output, which names it.
func Node(op, out string, in ...string) *onnxpb.NodeProto {
	return &onnxpb.NodeProto{OpType: &op, Name: proto.String("make " + out), Input: in, Output: []string{out}}
}

// SideNetwork is x [N,16] -> 25 numbers times the side input s -> y [N,4], with s in front of x in the list of
// inputs.
func SideNetwork(side *onnxpb.ValueInfoProto) *onnxpb.GraphProto {
	weights, node := normalMatrices(8), Node
	cast := node("Cast", "sf", "s")
	cast.Attribute = []*onnxpb.AttributeProto{{Name: proto.String("to"), Type: onnxpb.AttributeProto_INT.Enum(), I: proto.Int64(1)}}
	return &onnxpb.GraphProto{Name: proto.String("side"),
		Input: []*onnxpb.ValueInfoProto{side, onnxtest.Declared("x", ir.Float, "N", 16)}, Output: []*onnxpb.ValueInfoProto{onnxtest.Declared("y", ir.Float, "N", 4)},
		Initializer: []*onnxpb.TensorProto{weights("w1", 16, 25), weights("w2", 25, 4)},
		Node:        []*onnxpb.NodeProto{node("MatMul", "a", "x", "w1"), node("Relu", "b", "a"), cast, node("Mul", "c", "b", "sf"), node("Tanh", "d", "c"), node("MatMul", "y", "d", "w2")}}
}

// SideConfig is a search of a network of sideNetwork, with samples for x.
func SideConfig(t testing.TB, g *onnxpb.GraphProto, fixed ...string) config.Config {
	t.Helper()
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(1, 2))
	data := NPYHeader("<f4", 24, 16)
	for range 24 * 16 {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(rng.NormFloat64())))
	}
	WriteFile(t, filepath.Join(dir, "x.npy"), data)
	return config.Config{Model: WriteNetwork(t, filepath.Join(dir, "side.onnx"), g), Calib: filepath.Join(dir, "x.npy"), Data: filepath.Join(dir, "x.npy"),
		Strategy: "demotion", Target: "50%", Out: filepath.Join(dir, "run"), Metric: "sqnr", Block: 5, RangeLow: "minmax", Version: "test", Fixed: fixed}
}

// AloneNetwork is x -> times w1 -> plus the side input s, reshaped to [-1,25] -> ReLU -> the mean over an axis, if it
// is not below 0 -> times w2 -> y.
func AloneNetwork(x, side *onnxpb.ValueInfoProto, mean int64, y ...any) *onnxpb.GraphProto {
	weights, node := normalMatrices(9), Node
	g := &onnxpb.GraphProto{Name: proto.String("alone"), Input: []*onnxpb.ValueInfoProto{x}, Output: []*onnxpb.ValueInfoProto{onnxtest.Declared("y", ir.Float, y...)},
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

// AloneConfig is a search with arrays of random numbers, by input.
func AloneConfig(t testing.TB, g *onnxpb.GraphProto, arrays map[string][]int) config.Config {
	t.Helper()
	dir := t.TempDir()
	files := map[string][]byte{}
	for name, shape := range arrays {
		rng, n := rand.New(rand.NewPCG(1, uint64(name[0]))), 1
		for _, d := range shape {
			n *= d
		}
		data := NPYHeader("<f4", shape...)
		for range n {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(rng.NormFloat64())))
		}
		files[name] = data
	}
	WriteFile(t, filepath.Join(dir, "x.npz"), NPZ(t, files))
	return CutEverywhere(config.Config{Model: WriteNetwork(t, filepath.Join(dir, "alone.onnx"), g), Calib: filepath.Join(dir, "x.npz"), Data: filepath.Join(dir, "x.npz"),
		Strategy: "demotion", Target: "50%", Out: filepath.Join(dir, "run"), Metric: "sqnr", RangeLow: "minmax", Version: "test"})
}
