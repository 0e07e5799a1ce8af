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
	"example.org/demote/onnx/onnxpb"
)

// A graph is a small network that a test writes down, with the samples that go through it: batch axes are free,
// weights are drawn from a fixed seed.
type graph struct {
	g    *onnxpb.GraphProto
	rng  *rand.Rand
	n    int // samples
	npz  bytes.Buffer
	data *zip.Writer
}

// newGraph begins a network that is fed with n samples.
func newGraph(n int) *graph {
	b := &graph{g: &onnxpb.GraphProto{Name: proto.String("g")}, rng: rand.New(rand.NewPCG(7, 7)), n: n}
	b.data = zip.NewWriter(&b.npz)
	return b
}

func (b *graph) value(name string, elem int32, dims []int64) *onnxpb.ValueInfoProto {
	shape := &onnxpb.TensorShapeProto{Dim: []*onnxpb.TensorShapeProto_Dimension{{Value: &onnxpb.TensorShapeProto_Dimension_DimParam{DimParam: "N"}}}}
	for _, d := range dims {
		shape.Dim = append(shape.Dim, &onnxpb.TensorShapeProto_Dimension{Value: &onnxpb.TensorShapeProto_Dimension_DimValue{DimValue: d}})
	}
	return &onnxpb.ValueInfoProto{Name: &name, Type: &onnxpb.TypeProto{Value: &onnxpb.TypeProto_TensorType{TensorType: &onnxpb.TypeProto_Tensor{ElemType: &elem, Shape: shape}}}}
}

// in adds an input of floats, n samples of these dimensions, each value made by draw; nil: normal ones.
func (b *graph) in(name string, draw func(i int) float32, dims ...int64) *graph {
	b.g.Input = append(b.g.Input, b.value(name, 1, dims))
	return b.samples(name, "<f4", draw, dims)
}

// ints adds an input of int64.
func (b *graph) ints(name string, draw func(i int) int64, dims ...int64) *graph {
	b.g.Input = append(b.g.Input, b.value(name, 7, dims))
	return b.samples(name, "<i8", func(i int) float32 { return float32(draw(i)) }, dims)
}

// samples writes an input's samples.
func (b *graph) samples(name, dtype string, draw func(i int) float32, dims []int64) *graph {
	elems, shape := b.n, []int{b.n}
	for _, d := range dims {
		elems, shape = elems*int(d), append(shape, int(d))
	}
	data := npyHeader(dtype, shape...)
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

// out adds an output of floats.
func (b *graph) out(name string, dims ...int64) *graph {
	b.g.Output = append(b.g.Output, b.value(name, 1, dims))
	return b
}

// weight adds normal weights of a size.
func (b *graph) weight(name string, size float64, dims ...int64) *graph {
	n := int64(1)
	for _, d := range dims {
		n *= d
	}
	values := make([]float32, n)
	for i := range values {
		values[i] = float32(size * b.rng.NormFloat64())
	}
	return b.constant(name, values, dims...)
}

// constant adds a constant of floats.
func (b *graph) constant(name string, values []float32, dims ...int64) *graph {
	b.g.Initializer = append(b.g.Initializer, &onnxpb.TensorProto{Name: &name, Dims: dims, DataType: proto.Int32(1), FloatData: values})
	return b
}

// numbers adds a constant of int64, a list or, of one number with scalar in front of its name, a scalar.
func (b *graph) numbers(name string, values ...int64) *graph {
	dims := []int64{int64(len(values))}
	if bare, ok := strings.CutPrefix(name, "scalar "); ok {
		name, dims = bare, nil
	}
	b.g.Initializer = append(b.g.Initializer, &onnxpb.TensorProto{Name: &name, Dims: dims, DataType: proto.Int32(7), Int64Data: values})
	return b
}

// do adds nodes, each as "y = Op a b; z = Op y axis=-1 pads=1,1": lists with a comma are lists, an attribute with one
// number is that number, and axes=[1] is a list of one.
func (b *graph) do(text string) *graph {
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
		b.g.Node = append(b.g.Node, n)
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

// config writes network and samples into a folder and is a search of them, calibrated on the same samples.
func (b *graph) config(t testing.TB) config.Config {
	t.Helper()
	dir := t.TempDir()
	if b.data != nil { // the first time
		if err := b.data.Close(); err != nil {
			t.Fatal(err)
		}
		b.data = nil
	}
	data := filepath.Join(dir, "data.npz")
	writeTestFile(t, data, b.npz.Bytes())
	return cutEverywhere(config.Config{Model: writeNetwork(t, filepath.Join(dir, "net.onnx"), b.g), Calib: data, Data: data, Strategy: "demotion", Target: "50%", Out: filepath.Join(dir, "run"),
		Metric: "sqnr", Block: 8, Cache: 1 << 30, Version: "test"})
}

// decibels are what the written files of both widths score against the float network, in dB: "int8 exact", "int16
// default" and so on. A session that cannot run a file scores -Inf.
func decibels(t testing.TB, cfg config.Config) map[string]float64 {
	t.Helper()
	cfg.Out = filepath.Join(t.TempDir(), "files")
	low, high, err := Quantize(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	db := map[string]float64{}
	for _, session := range []string{"exact", "default"} {
		for width, file := range map[string]string{"int8": low, "int16": high} {
			e, err := Eval(context.Background(), config.Config{Data: cfg.Data, Metric: "sqnr", Block: cfg.Block, AllowNaN: true}, file, cfg.Model, session)
			at := width + " " + session
			switch {
			case err != nil:
				t.Logf("%s: %v", at, err)
				db[at] = math.Inf(-1)
			case e.Score.Value == nil:
				db[at] = math.Inf(1)
			default:
				db[at] = *e.Score.Value
			}
		}
	}
	return db
}

// near holds what decibels finds against the least for each width, in the sessions named.
func near(t testing.TB, cfg config.Config, int8, int16 float64, sessions ...string) {
	t.Helper()
	db := decibels(t, cfg)
	for _, session := range sessions {
		for width, least := range map[string]float64{"int8": int8, "int16": int16} {
			if got := db[width+" "+session]; !(got >= least) {
				t.Errorf("%s: %s in the %s session is %.1f dB from the float network; at least %g are due", t.Name(), width, session, got, least)
			}
		}
	}
}
