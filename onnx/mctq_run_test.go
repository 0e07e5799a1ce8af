package onnx_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"codeberg.org/sbinet/npyio/npz"
	ort "github.com/yalue/onnxruntime_go"
	"google.golang.org/protobuf/proto"

	"demote/cgo"
	"demote/cgo/orttest"
	"demote/onnx"
	"demote/onnx/onnxpb"
	"demote/quant"
)

// array is one array of an npz file.
type array struct {
	dims   []int64
	floats []float32
	ints   []int64
}

// readNPZ reads all arrays of a file; integers of every width become int64.
func readNPZ(t testing.TB, path string) map[string]array {
	t.Helper()
	f, err := npz.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all := make(map[string]array)
	for _, key := range f.Keys() {
		h := f.Header(key)
		var a array
		for _, d := range h.Descr.Shape {
			a.dims = append(a.dims, int64(d))
		}
		switch strings.Trim(h.Descr.Type, "'") {
		case "<f4":
			err = f.Read(key, &a.floats)
		case "<i8":
			err = f.Read(key, &a.ints)
		case "<i4":
			a.ints = widen[int32](t, f, key)
		case "<i2":
			a.ints = widen[int16](t, f, key)
		case "<u2":
			a.ints = widen[uint16](t, f, key)
		case "|u1":
			a.ints = widen[uint8](t, f, key)
		case "|i1":
			a.ints = widen[int8](t, f, key)
		default:
			t.Fatalf("%s: %s is of type %s", path, key, h.Descr.Type)
		}
		if err != nil {
			t.Fatalf("%s: %s: %v", path, key, err)
		}
		all[strings.TrimSuffix(key, ".npy")] = a
	}
	return all
}

func widen[T int8 | uint8 | int16 | uint16 | int32](t testing.TB, f *npz.Reader, key string) []int64 {
	var raw []T
	if err := f.Read(key, &raw); err != nil {
		t.Fatal(err)
	}
	out := make([]int64, len(raw))
	for i, v := range raw {
		out[i] = int64(v)
	}
	return out
}

// feed is a named input of a run: floats or, without them, bytes.
type feed struct {
	name   string
	dims   []int64
	floats []float32
	bytes  []byte
}

// settings of a session.
type settings struct {
	level ort.GraphOptimizationLevel
	keys  map[string]string
}

// exact are the settings under which a QDQ file computes what the simulator computes.
var exact = settings{keys: map[string]string{"session.disable_quant_qdq": "1", "session.disable_double_qdq_remover": "1"}}

// run runs a model and returns its float outputs by name.
func run(t testing.TB, m *onnx.Model, o settings, feeds ...feed) map[string][]float32 {
	t.Helper()
	result, err := tryRun(t, m, o, feeds...)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// tryRun is run for a model that ONNX Runtime may refuse.
func tryRun(t testing.TB, m *onnx.Model, o settings, feeds ...feed) (map[string][]float32, error) {
	t.Helper()
	if err := cgo.Init(orttest.Path(t)); err != nil {
		t.Fatal(err)
	}
	data, err := proto.Marshal(m.Proto)
	if err != nil {
		return nil, err
	}
	opts, err := ort.NewSessionOptions()
	if err != nil {
		return nil, err
	}
	defer opts.Destroy()
	err = errors.Join(cgo.RegisterFakeQuant(opts), opts.SetGraphOptimizationLevel(o.level), opts.SetIntraOpNumThreads(1))
	for k, v := range o.keys {
		err = errors.Join(err, opts.AddSessionConfigEntry(k, v))
	}
	if err != nil {
		return nil, err
	}
	var inputs []ort.Value
	var in, out []string
	for _, p := range m.Inputs() {
		i := slices.IndexFunc(feeds, func(f feed) bool { return f.name == p.Name })
		if i < 0 {
			return nil, fmt.Errorf("nothing to feed input %q with", p.Name)
		}
		var v ort.Value
		if f := feeds[i]; f.floats != nil {
			v, err = ort.NewTensor(ort.NewShape(f.dims...), f.floats)
		} else {
			v, err = ort.NewTensor(ort.NewShape(f.dims...), f.bytes)
		}
		if err != nil {
			return nil, err
		}
		defer v.Destroy()
		in, inputs = append(in, p.Name), append(inputs, v)
	}
	for _, p := range m.Outputs() {
		out = append(out, p.Name)
	}
	s, err := ort.NewDynamicAdvancedSessionWithONNXData(data, in, out, opts)
	if err != nil {
		return nil, err
	}
	defer s.Destroy()
	outputs := make([]ort.Value, len(out))
	if err := s.Run(inputs, outputs); err != nil {
		return nil, err
	}
	result := make(map[string][]float32)
	for i, name := range out {
		if v, ok := outputs[i].(*ort.Tensor[float32]); ok {
			result[name] = slices.Clone(v.GetData())
		}
		outputs[i].Destroy()
	}
	return result, nil
}

// both are records with one grid a holder, so that the mask says nothing.
func both(grids []quant.Grid) []quant.Record {
	records := make([]quant.Record, len(grids))
	for i, g := range grids {
		records[i] = quant.Record{Low: g, High: g}
	}
	return records
}

func maskFeed(n int) feed {
	return feed{name: onnx.MaskInput, dims: []int64{int64(n)}, bytes: make([]byte, n)}
}

// forced returns a switchable network that is cut behind every holder: the quantized tensor is an output name+"@", and what
// reads it reads an input of the holder's name instead.
func forced(m *onnx.Model, holders []onnx.Holder) *onnx.Model {
	m = m.Clone()
	g := m.Graph()
	value := func(name string) *onnxpb.ValueInfoProto {
		return &onnxpb.ValueInfoProto{Name: &name, Type: &onnxpb.TypeProto{Value: &onnxpb.TypeProto_TensorType{
			TensorType: &onnxpb.TypeProto_Tensor{ElemType: proto.Int32(1)}}}}
	}
	g.Output, g.ValueInfo = nil, nil
	to := make(map[string]string)
	for _, n := range g.Node {
		if n.GetOpType() != onnx.FakeQuantOp {
			continue
		}
		for _, a := range n.Attribute {
			if a.GetName() == "holder" {
				name := holders[a.GetI()].Name
				to[n.Output[0]] = name
				n.Output[0] = name + "@"
				g.Output = append(g.Output, value(name+"@"))
				g.Input = append(g.Input, value(name))
			}
		}
	}
	for _, n := range g.Node {
		for i, in := range n.Input {
			if name, ok := to[in]; ok {
				n.Input[i] = name
			}
		}
	}
	return m
}

// recorded is what the toolkit said about the holders of a fixture.
type recorded struct {
	Name      string
	Quantizer string
	Bits      int
	Threshold float64
	Signed    bool
	MinRange  float64 `json:"min_range"`
	MaxRange  float64 `json:"max_range"`
}

type fixture struct {
	Low, High, Mixed []recorded
	Demoted          []string
}

func readFixture(t testing.TB, name string) fixture {
	t.Helper()
	data, err := os.ReadFile("testdata/mctq/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var f fixture
	if err := json.Unmarshal(data, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

func read(t testing.TB, path string) *onnx.Model {
	t.Helper()
	m, err := onnx.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
