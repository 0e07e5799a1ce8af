package tasktest

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/backend"
	"example.org/demote/backend/direct"
	"example.org/demote/backend/metric"
	"example.org/demote/config"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/onnx/onnxpb"
)

// OwnNetwork is a fully convolutional network over images of any size: with class scores, a map, or lines of text at
// its end.
func OwnNetwork(kind string) *onnxpb.GraphProto {
	weights := func(name string, dims ...int64) *onnxpb.TensorProto {
		n := int(dims[0])
		for _, d := range dims[1:] {
			n *= int(d)
		}
		w := &onnxpb.TensorProto{Name: &name, Dims: dims, DataType: proto.Int32(1), FloatData: Normals(uint64(n), n)}
		for i := range w.FloatData { // channels of different sizes, which int8 takes badly
			w.FloatData[i] *= float32(math.Pow(3, float64(i/(n/int(dims[0]))%3)) / math.Sqrt(float64(n)/float64(dims[0])))
		}
		return w
	}
	ints := func(name string, values ...int64) *onnxpb.AttributeProto {
		return &onnxpb.AttributeProto{Name: &name, Type: onnxpb.AttributeProto_INTS.Enum(), Ints: values}
	}
	number := func(name string, v int64) *onnxpb.AttributeProto {
		return &onnxpb.AttributeProto{Name: &name, Type: onnxpb.AttributeProto_INT.Enum(), I: &v}
	}
	with := func(n *onnxpb.NodeProto, a ...*onnxpb.AttributeProto) *onnxpb.NodeProto {
		n.Attribute = a
		return n
	}
	pads := ints("pads", 1, 1, 1, 1)
	g := &onnxpb.GraphProto{Name: proto.String(kind), Input: []*onnxpb.ValueInfoProto{onnxtest.Declared("x", ir.Float, "N", 2, "H", "W")},
		Initializer: []*onnxpb.TensorProto{weights("w1", 6, 2, 3, 3), weights("w2", 6, 6, 3, 3)},
		Node: []*onnxpb.NodeProto{with(Node("Conv", "c1", "x", "w1"), pads), Node("Relu", "a1", "c1"),
			with(Node("Conv", "c2", "a1", "w2"), pads), Node("Sigmoid", "s2", "c2"), Node("Mul", "a2", "c2", "s2"), Node("Add", "r", "a1", "a2")}}
	var dims []any
	switch kind {
	case "classes":
		// of which each row is blind to how large a sample is, so that the classes lie close together
		last := weights("w3", 5, 6)
		sizes, seed := []float32{1.6, 19, 10.6, 2, 6, 62.5}, Normals(77, 30)
		for class := range 5 {
			mean := float32(0)
			for _, v := range seed[6*class : 6*class+6] {
				mean += v / 6
			}
			for i, size := range sizes {
				last.FloatData[6*class+i] = (seed[6*class+i] - mean) / size
			}
		}
		g.Initializer = append(g.Initializer, last)
		g.Node = append(g.Node, Node("GlobalAveragePool", "p", "r"), with(Node("Flatten", "f", "p"), number("axis", 1)), with(Node("Gemm", "y", "f", "w3"), number("transB", 1)))
		dims = []any{"N", 5}
	case "touching": // every sample sees the mean of its block
		g.Initializer = append(g.Initializer, weights("w3", 2, 6, 1, 1))
		g.Node = append(g.Node, with(Node("ReduceMean", "m", "r"), ints("axes", 0), number("keepdims", 1)), Node("Add", "k", "r", "m"), Node("Conv", "y", "k", "w3"))
		dims = []any{"N", 2, "H", "W"}
	case "masked": // by another input of the same size
		g.Initializer = append(g.Initializer, weights("w3", 2, 6, 1, 1))
		g.Input = append(g.Input, onnxtest.Declared("m", ir.Float, "N", 1, "H", "W"))
		g.Node = append(g.Node, Node("Mul", "k", "r", "m"), Node("Conv", "y", "k", "w3"))
		dims = []any{"N", 2, "H", "W"}
	case "map":
		g.Initializer = append(g.Initializer, weights("w3", 2, 6, 1, 1))
		g.Node = append(g.Node, Node("Conv", "y", "r", "w3"))
		dims = []any{"N", 2, "H", "W"}
	case "lines":
		g.Initializer = append(g.Initializer, weights("w3", 6, 4))
		g.Node = append(g.Node, with(Node("ReduceMean", "m", "r"), ints("axes", 2), number("keepdims", 0)), with(Node("Transpose", "t", "m"), ints("perm", 0, 2, 1)), Node("MatMul", "y", "t", "w3"))
		dims = []any{"N", "W", 4}
	}
	g.Output = []*onnxpb.ValueInfoProto{onnxtest.Declared("y", ir.Float, dims...)}
	return g
}

// OwnSizes are heights and widths of so many samples: of three sizes, uneven in number and in no order.
func OwnSizes(n int) (list [][2]int) {
	sizes := [][2]int{{6, 8}, {5, 11}, {8, 4}}
	for i := range n {
		list = append(list, sizes[[]int{0, 1, 0, 2, 0, 1, 0}[i*5%7]])
	}
	return list
}

// OwnSamples are images of those sizes.
func OwnSamples(seed uint64, sizes [][2]int) (list [][]float32) {
	for i, s := range sizes {
		x := Normals(seed+uint64(i), 2*s[0]*s[1])
		for at := range x {
			x[at] *= float32(1 + i%3)
			x[at] += float32(i%5) - 2
		}
		list = append(list, x)
	}
	return list
}

// OwnConfig is a search of such a network on samples of three sizes, with the classes of the float network as labels
// but for every seventh where there are to be some.
func OwnConfig(t testing.TB, kind string, n int) config.Config {
	t.Helper()
	dir := t.TempDir()
	c := CutEverywhere(config.Config{Model: WriteNetwork(t, filepath.Join(dir, kind+".onnx"), OwnNetwork(kind)), Calib: filepath.Join(dir, "calib.npz"), Data: filepath.Join(dir, "data.npz"),
		Strategy: "demotion", Target: "50%", Out: filepath.Join(dir, "run"), Metric: "sqnr", RangeLow: "minmax", Version: "test"})
	write := func(path string, seed uint64, n int, labels bool) {
		sizes, arrays := OwnSizes(n), map[string][]byte{}
		samples := OwnSamples(seed, sizes)
		y := NPYHeader("<i8", n)
		for i, s := range sizes {
			arrays[fmt.Sprintf("x_%d", i)] = FloatsNPY(samples[i], 2, s[0], s[1])
			if kind == "masked" {
				arrays[fmt.Sprintf("m_%d", i)] = FloatsNPY(samples[i][:s[0]*s[1]], 1, s[0], s[1])
			}
			if labels {
				class := metric.Top1(AlonePlain(t, c.Model, samples[i], s))
				if i%7 == 3 {
					class = (class + 1) % 5
				}
				y = binary.LittleEndian.AppendUint64(y, uint64(class))
			}
		}
		if labels {
			arrays["y"] = y
		}
		WriteArrays(t, path, arrays)
	}
	write(c.Calib, 500, 9, false)
	write(c.Data, 900, n, kind == "classes")
	return c
}

// AlonePlain is what plain ONNX Runtime makes of one sample alone, in its own shape.
func AlonePlain(t testing.TB, file string, x []float32, size [2]int) []float32 {
	t.Helper()
	model, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	in := backend.Tensor{Name: "x", Type: backend.DType(ir.Float), Dims: []int64{1, 2, int64(size[0]), int64(size[1])}, First: func(dst []byte, _ int) error {
		copy(dst, blocks.BytesOf(x))
		return nil
	}}
	seen, err := direct.Look(context.Background(), backend.Model{Bytes: model}, []backend.Tensor{in})
	if err != nil {
		t.Fatal(err)
	}
	for _, out := range seen[0] { // there is one
		return out.Values
	}
	return nil
}

// AlonePlainScore scores a file by plain ONNX Runtime, sample by sample, against another file or the labels.
func AlonePlainScore(t testing.TB, by, file, reference string, n int) float64 {
	t.Helper()
	sizes := OwnSizes(n)
	signal, noise, sum := 0.0, 0.0, 0.0
	var hits, misses [5]float64 // by class: samples of it that are said to be, and those of which one alone is true
	for i, x := range OwnSamples(900, sizes) {
		got, want := AlonePlain(t, file, x, sizes[i]), AlonePlain(t, reference, x, sizes[i])
		var dot, a, b, d float64
		for k := range got {
			g, w := float64(got[k]), float64(want[k])
			dot, a, b, d = dot+g*w, a+g*g, b+w*w, d+(g-w)*(g-w)
		}
		signal, noise = signal+b, noise+d
		switch by {
		case "mse":
			sum += d / float64(len(got))
		case "cosine":
			sum += dot / math.Sqrt(a*b)
		case "agreement", "top1", "f1":
			class, said := metric.Top1(want), metric.Top1(got)
			if by != "agreement" && i%7 == 3 {
				class = (class + 1) % 5
			}
			if said == class {
				sum++
				hits[said]++
			} else {
				misses[said]++
				misses[class]++
			}
		}
	}
	if by == "sqnr" {
		return 10 * math.Log10(signal/noise)
	}
	if by == "f1" {
		classes := 0.0
		sum = 0
		for k := range hits {
			if hits[k]+misses[k] > 0 {
				sum, classes = sum+2*hits[k]/(2*hits[k]+misses[k]), classes+1
			}
		}
		return sum / classes
	}
	return sum / float64(n)
}

// SameNumber tells whether two scores are one but for what rounds otherwise.
func SameNumber(a, b float64) bool { return math.Abs(a-b) <= 1e-5*max(math.Abs(a), math.Abs(b)) }
