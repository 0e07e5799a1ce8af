package tasktest

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/config"
	"example.org/demote/onnx/onnxpb"
)

// A Graph is a small network that a test writes down, with the samples that go through it: batch axes are free,
// weights are drawn from a fixed seed.
type Graph struct {
	G    *onnxpb.GraphProto // the network so far
	rng  *rand.Rand
	n    int // samples
	npz  bytes.Buffer
	data *zip.Writer
}

// NewGraph begins a network that is fed with n samples.
func NewGraph(n int) *Graph {
	b := &Graph{G: &onnxpb.GraphProto{Name: proto.String("g")}, rng: rand.New(rand.NewPCG(7, 7)), n: n}
	b.data = zip.NewWriter(&b.npz)
	return b
}

// Value describes an input or output: samples of these dimensions.
func (b *Graph) Value(name string, elem int32, dims []int64) *onnxpb.ValueInfoProto {
	shape := &onnxpb.TensorShapeProto{Dim: []*onnxpb.TensorShapeProto_Dimension{{Value: &onnxpb.TensorShapeProto_Dimension_DimParam{DimParam: "N"}}}}
	for _, d := range dims {
		shape.Dim = append(shape.Dim, &onnxpb.TensorShapeProto_Dimension{Value: &onnxpb.TensorShapeProto_Dimension_DimValue{DimValue: d}})
	}
	return &onnxpb.ValueInfoProto{Name: &name, Type: &onnxpb.TypeProto{Value: &onnxpb.TypeProto_TensorType{TensorType: &onnxpb.TypeProto_Tensor{ElemType: &elem, Shape: shape}}}}
}

// In adds an input of floats, n samples of these dimensions, each value made by draw; nil: normal ones.
func (b *Graph) In(name string, draw func(i int) float32, dims ...int64) *Graph {
	b.G.Input = append(b.G.Input, b.Value(name, 1, dims))
	return b.samples(name, "<f4", draw, dims)
}

// Ints adds an input of int64.
func (b *Graph) Ints(name string, draw func(i int) int64, dims ...int64) *Graph {
	b.G.Input = append(b.G.Input, b.Value(name, 7, dims))
	return b.samples(name, "<i8", func(i int) float32 { return float32(draw(i)) }, dims)
}

// samples writes an input's samples.
func (b *Graph) samples(name, dtype string, draw func(i int) float32, dims []int64) *Graph {
	elems, shape := b.n, []int{b.n}
	for _, d := range dims {
		elems, shape = elems*int(d), append(shape, int(d))
	}
	data := NPYHeader(dtype, shape...)
	for i := range elems {
		v := float32(b.rng.NormFloat64())
		if draw != nil {
			v = draw(i)
		}
		if dtype == "<i8" {
			data = binary.LittleEndian.AppendUint64(data, uint64(int64(v)))
		} else {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
		}
	}
	f, err := b.data.Create(name + ".npy")
	if err == nil {
		_, err = f.Write(data)
	}
	if err != nil {
		panic(err)
	}
	return b
}

// Out adds an output of floats.
func (b *Graph) Out(name string, dims ...int64) *Graph {
	b.G.Output = append(b.G.Output, b.Value(name, 1, dims))
	return b
}

// Weight adds normal weights of a size.
func (b *Graph) Weight(name string, size float64, dims ...int64) *Graph {
	n := int64(1)
	for _, d := range dims {
		n *= d
	}
	values := make([]float32, n)
	for i := range values {
		values[i] = float32(size * b.rng.NormFloat64())
	}
	return b.Constant(name, values, dims...)
}

// Constant adds a constant of floats.
func (b *Graph) Constant(name string, values []float32, dims ...int64) *Graph {
	b.G.Initializer = append(b.G.Initializer, &onnxpb.TensorProto{Name: &name, Dims: dims, DataType: proto.Int32(1), FloatData: values})
	return b
}

// Numbers adds a constant of int64, a list or, of one number with scalar in front of its name, a scalar.
func (b *Graph) Numbers(name string, values ...int64) *Graph {
	dims := []int64{int64(len(values))}
	if bare, ok := strings.CutPrefix(name, "scalar "); ok {
		name, dims = bare, nil
	}
	b.G.Initializer = append(b.G.Initializer, &onnxpb.TensorProto{Name: &name, Dims: dims, DataType: proto.Int32(7), Int64Data: values})
	return b
}

// Do adds nodes, each as "y = Op a b; z = Op y axis=-1 pads=1,1": lists with a comma are lists, an attribute with one
// number is that number, and axes=[1] is a list of one.
func (b *Graph) Do(text string) *Graph {
	for _, line := range strings.FieldsFunc(text, func(r rune) bool { return r == ';' || r == '\n' }) {
		left, right, ok := strings.Cut(line, "=")
		if !ok {
			continue
		}
		words := strings.Fields(right)
		n := &onnxpb.NodeProto{OpType: &words[0], Name: proto.String(strings.TrimSpace(left) + "/" + words[0]), Output: strings.Split(strings.TrimSpace(left), ",")}
		for _, w := range words[1:] {
			name, text, ok := strings.Cut(w, "=")
			switch {
			case !ok && w == "_":
				n.Input = append(n.Input, "")
			case !ok:
				n.Input = append(n.Input, w)
			default:
				n.Attribute = append(n.Attribute, attribute(name, text))
			}
		}
		b.G.Node = append(b.G.Node, n)
	}
	return b
}

// attribute reads one of do's attributes.
func attribute(name, text string) *onnxpb.AttributeProto {
	a := &onnxpb.AttributeProto{Name: &name, Type: onnxpb.AttributeProto_INT.Enum()}
	list := strings.HasPrefix(text, "[") || strings.Contains(text, ",")
	for _, part := range strings.Split(strings.Trim(text, "[]"), ",") {
		var v int64
		if _, err := fmt.Sscan(part, &v); err != nil {
			a.Type, a.S = onnxpb.AttributeProto_STRING.Enum(), []byte(text)
			return a
		}
		a.Ints = append(a.Ints, v)
	}
	if !list {
		a.I, a.Ints = proto.Int64(a.Ints[0]), nil
		return a
	}
	a.Type = onnxpb.AttributeProto_INTS.Enum()
	return a
}

// Config writes network and samples into a folder and is a search of them, calibrated on the same samples.
func (b *Graph) Config(t testing.TB) config.Config {
	t.Helper()
	dir := t.TempDir()
	if b.data != nil { // the first time
		if err := b.data.Close(); err != nil {
			t.Fatal(err)
		}
		b.data = nil
	}
	data := filepath.Join(dir, "data.npz")
	WriteFile(t, data, b.npz.Bytes())
	return CutEverywhere(config.Config{Model: WriteNetwork(t, filepath.Join(dir, "net.onnx"), b.G), Calib: data, Data: data, Strategy: "demotion", Target: "50%", Out: filepath.Join(dir, "run"),
		Metric: "sqnr", Block: 8, Cache: 1 << 30, RangeLow: "minmax", Version: "test"})
}

// Dead makes the weights of two of the channels vanish, of which inner stand together.
func (b *Graph) Dead(name string, size float32, inner int) *Graph {
	for _, w := range b.G.Initializer {
		if w.GetName() != name {
			continue
		}
		for i := range w.FloatData {
			if channel := i / inner % 8; channel < 2 {
				w.FloatData[i] *= size
			}
		}
	}
	return b
}

// Biased adds eight biases, of which the first two are large.
func (b *Graph) Biased(name string, dims ...int64) *Graph {
	return b.Constant(name, []float32{3, 3, 0.2, -0.3, 0.4, 0.1, -0.2, 0.3}, dims...)
}
