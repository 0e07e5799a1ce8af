package onnxruntest

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

	"example.org/demote/cgo"
	"example.org/demote/cgo/orttest"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/quant"
)

// Array is one array of an npz file.
type Array struct {
	Dims   []int64
	Floats []float32
	Ints   []int64
}

// ReadNPZ reads all arrays of a file; integers of every width become int64.
func ReadNPZ(t testing.TB, path string) map[string]Array {
	t.Helper()
	f, err := npz.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all := make(map[string]Array)
	for _, key := range f.Keys() {
		h := f.Header(key)
		var a Array
		for _, d := range h.Descr.Shape {
			a.Dims = append(a.Dims, int64(d))
		}
		switch strings.Trim(h.Descr.Type, "'") {
		case "<f4":
			err = f.Read(key, &a.Floats)
		case "<i8":
			err = f.Read(key, &a.Ints)
		case "<i4":
			a.Ints = widen[int32](t, f, key)
		case "<i2":
			a.Ints = widen[int16](t, f, key)
		case "<u2":
			a.Ints = widen[uint16](t, f, key)
		case "|u1":
			a.Ints = widen[uint8](t, f, key)
		case "|i1":
			a.Ints = widen[int8](t, f, key)
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

// Feed is a named input of a run: floats or, without them, bytes.
type Feed struct {
	Name   string
	Dims   []int64
	Floats []float32
	Bytes  []byte
}

// Settings of a session.
type Settings struct {
	Level ort.GraphOptimizationLevel
	Keys  map[string]string
}

// Exact are the settings under which a QDQ file computes what the simulator computes.
var Exact = Settings{Keys: map[string]string{"session.disable_quant_qdq": "1", "session.disable_double_qdq_remover": "1"}}

// Run runs a model and returns its float outputs by name.
func Run(t testing.TB, m *ir.Model, o Settings, feeds ...Feed) map[string][]float32 {
	t.Helper()
	result, err := TryRun(t, m, o, feeds...)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// TryRun is run for a model that ONNX Runtime may refuse.
func TryRun(t testing.TB, m *ir.Model, o Settings, feeds ...Feed) (map[string][]float32, error) {
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
	err = errors.Join(cgo.RegisterFakeQuant(opts), opts.SetGraphOptimizationLevel(o.Level), opts.SetIntraOpNumThreads(1))
	for k, v := range o.Keys {
		err = errors.Join(err, opts.AddSessionConfigEntry(k, v))
	}
	if err != nil {
		return nil, err
	}
	var inputs []ort.Value
	var in, out []string
	for _, p := range m.Inputs() {
		i := slices.IndexFunc(feeds, func(f Feed) bool { return f.Name == p.Name })
		if i < 0 {
			return nil, fmt.Errorf("nothing to feed input %q with", p.Name)
		}
		var v ort.Value
		if f := feeds[i]; f.Floats != nil {
			v, err = ort.NewTensor(ort.NewShape(f.Dims...), f.Floats)
		} else {
			v, err = ort.NewTensor(ort.NewShape(f.Dims...), f.Bytes)
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

// Both are records with one grid a holder, so that the mask says nothing.
func Both(grids []quant.Grid) []quant.Record {
	records := make([]quant.Record, len(grids))
	for i, g := range grids {
		records[i] = quant.Record{Low: g, High: g}
	}
	return records
}

// MaskFeed feeds the mask of a switchable network of n holders, all high.
func MaskFeed(n int) Feed {
	return Feed{Name: ir.MaskInput, Dims: []int64{int64(n)}, Bytes: make([]byte, n)}
}

// Forced returns a switchable network that is cut behind every holder: the quantized tensor is an output name+"@",
// and what reads it reads an input of the holder's name instead.
func Forced(m *ir.Model, holders []network.Holder) *ir.Model {
	m = m.Clone()
	g := m.Graph()
	value := func(name string) *onnxpb.ValueInfoProto {
		return &onnxpb.ValueInfoProto{Name: &name, Type: &onnxpb.TypeProto{Value: &onnxpb.TypeProto_TensorType{
			TensorType: &onnxpb.TypeProto_Tensor{ElemType: proto.Int32(1)}}}}
	}
	g.Output, g.ValueInfo = nil, nil
	to := make(map[string]string)
	for _, n := range g.Node {
		if n.GetOpType() != ir.FakeQuantOp {
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

// Recorded is what the toolkit said about the holders of a fixture.
type Recorded struct {
	Name      string
	Quantizer string
	Bits      int
	Threshold float64
	Signed    bool
	MinRange  float64 `json:"min_range"`
	MaxRange  float64 `json:"max_range"`
}

type fixture struct {
	Low, High, Mixed []Recorded
	Demoted          []string
}

// ReadFixture reads what the toolkit said of one of the fixtures.
func ReadFixture(t testing.TB, name string) fixture {
	t.Helper()
	data, err := os.ReadFile("../../onnx/testdata/mctq/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var f fixture
	if err := json.Unmarshal(data, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

// Read reads a file that must be good.
func Read(t testing.TB, path string) *ir.Model {
	t.Helper()
	m, err := ir.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
