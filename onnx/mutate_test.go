package onnx

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/internal/wire"
	"example.org/demote/mistake"
	"example.org/demote/onnx/onnxpb"
)

// mutation damages a model somewhere.
type mutation struct {
	name string
	do   func(r *rand.Rand, p *onnxpb.ModelProto)
}

var odd = []int64{math.MinInt64, -1, 0, 1, 2, 7, 1 << 31, 1 << 62, math.MaxInt64}

func pick[T any](r *rand.Rand, all []T) T { return all[r.IntN(len(all))] }

// mutations are what the table of damaged files of the reader is made of.
var mutations = []mutation{
	{"node dropped", func(r *rand.Rand, p *onnxpb.ModelProto) {
		i := r.IntN(len(p.Graph.Node))
		p.Graph.Node = append(p.Graph.Node[:i:i], p.Graph.Node[i+1:]...)
	}},
	{"node twice", func(r *rand.Rand, p *onnxpb.ModelProto) {
		p.Graph.Node = append(p.Graph.Node, wire.Clone(pick(r, p.Graph.Node)))
	}},
	{"node of another operator", func(r *rand.Rand, p *onnxpb.ModelProto) {
		pick(r, p.Graph.Node).OpType = ir.Str(pick(r, []string{"Conv", "Gemm", "MatMul", "Reshape", "Split", "Constant", "If", "Odd", "LSTM",
			"BatchNormalization", "Concat", "Slice", "Pad", "ConvTranspose", "Identity", "GroupNormalization", "Cast", "Gather", "Where"}))
	}},
	{"input cut", func(r *rand.Rand, p *onnxpb.ModelProto) {
		n := pick(r, p.Graph.Node)
		n.Input = n.Input[:r.IntN(len(n.Input)+1)]
	}},
	{"output cut", func(r *rand.Rand, p *onnxpb.ModelProto) {
		n := pick(r, p.Graph.Node)
		n.Output = n.Output[:r.IntN(len(n.Output)+1)]
	}},
	{"input rewired", func(r *rand.Rand, p *onnxpb.ModelProto) {
		if n := pick(r, p.Graph.Node); len(n.Input) > 0 {
			n.Input[r.IntN(len(n.Input))] = someTensor(r, p)
		}
	}},
	{"input added", func(r *rand.Rand, p *onnxpb.ModelProto) {
		n := pick(r, p.Graph.Node)
		n.Input = append(n.Input, someTensor(r, p))
	}},
	{"name gone", func(r *rand.Rand, p *onnxpb.ModelProto) {
		if n := pick(r, p.Graph.Node); len(n.Input) > 0 {
			n.Input[r.IntN(len(n.Input))] = pick(r, []string{"", "nowhere"})
		}
	}},
	{"output renamed", func(r *rand.Rand, p *onnxpb.ModelProto) {
		if n := pick(r, p.Graph.Node); len(n.Output) > 0 {
			n.Output[r.IntN(len(n.Output))] = someTensor(r, p)
		}
	}},
	{"attribute dropped", func(r *rand.Rand, p *onnxpb.ModelProto) {
		n := pick(r, p.Graph.Node)
		n.Attribute = nil
	}},
	{"attribute of another type", func(r *rand.Rand, p *onnxpb.ModelProto) {
		if a := someAttribute(r, p); a != nil {
			value := pick(r, []*onnxpb.AttributeProto{
				{I: proto.Int64(1), Type: onnxpb.AttributeProto_INT.Enum()}, {Ints: []int64{1, 2}, Type: onnxpb.AttributeProto_INTS.Enum()},
				{S: []byte("odd"), Type: onnxpb.AttributeProto_STRING.Enum()}, {G: &onnxpb.GraphProto{}}, {T: &onnxpb.TensorProto{}}, {},
			})
			name := a.GetName()
			proto.Reset(a)
			proto.Merge(a, value)
			a.Name = &name
		}
	}},
	{"attribute value", func(r *rand.Rand, p *onnxpb.ModelProto) {
		if a := someAttribute(r, p); a != nil {
			a.I, a.F = proto.Int64(pick(r, odd)), proto.Float32(float32(math.NaN()))
			for i := range a.Ints {
				a.Ints[i] = pick(r, odd)
			}
			for i := range a.Floats {
				a.Floats[i] = float32(math.Inf(1))
			}
		}
	}},
	{"attribute shorter", func(r *rand.Rand, p *onnxpb.ModelProto) {
		if a := someAttribute(r, p); a != nil && len(a.Ints) > 0 {
			a.Ints = a.Ints[:r.IntN(len(a.Ints))]
		}
	}},
	{"dimensions", func(r *rand.Rand, p *onnxpb.ModelProto) {
		if t := pick(r, p.Graph.Initializer); len(t.Dims) > 0 {
			t.Dims[r.IntN(len(t.Dims))] = pick(r, odd)
		}
	}},
	{"rank", func(r *rand.Rand, p *onnxpb.ModelProto) {
		t := pick(r, p.Graph.Initializer)
		t.Dims = pick(r, [][]int64{{int64(len(t.RawData) / 4)}, append([]int64{1, 1}, t.Dims...), append(t.Dims, 1)})
	}},
	{"no elements", func(r *rand.Rand, p *onnxpb.ModelProto) {
		t := pick(r, p.Graph.Initializer)
		t.Dims, t.RawData = []int64{0, 3}, []byte{}
	}},
	{"element type", func(r *rand.Rand, p *onnxpb.ModelProto) {
		pick(r, p.Graph.Initializer).DataType = proto.Int32(int32(r.IntN(30)))
	}},
	{"element type that fits", func(r *rand.Rand, p *onnxpb.ModelProto) {
		pick(r, p.Graph.Initializer).DataType = proto.Int32(int32(pick(r, []ir.DType{ir.Int32, onnxpb.TensorProto_UINT32})))
	}},
	{"data cut", func(r *rand.Rand, p *onnxpb.ModelProto) {
		if t := pick(r, p.Graph.Initializer); len(t.RawData) > 0 {
			t.RawData = t.RawData[:r.IntN(len(t.RawData))]
		}
	}},
	{"data not finite", func(r *rand.Rand, p *onnxpb.ModelProto) {
		t := pick(r, p.Graph.Initializer)
		t.RawData = append([]byte(nil), t.RawData...)
		for i := range min(len(t.RawData), 8) {
			t.RawData[i] = 0xff
		}
	}},
	{"initializer dropped", func(r *rand.Rand, p *onnxpb.ModelProto) {
		i := r.IntN(len(p.Graph.Initializer))
		p.Graph.Initializer = append(p.Graph.Initializer[:i:i], p.Graph.Initializer[i+1:]...)
	}},
	{"input of the graph", func(r *rand.Rand, p *onnxpb.ModelProto) {
		p.Graph.Input[0].Type = pick(r, []*onnxpb.TypeProto{nil, {}, ir.NewValue("", ir.Int64, []int64{-5, 0, 1 << 62}).Type})
	}},
	{"output of the graph", func(r *rand.Rand, p *onnxpb.ModelProto) { p.Graph.Output[0].Name = ir.Str(someTensor(r, p)) }},
	{"shape of an inner tensor", func(r *rand.Rand, p *onnxpb.ModelProto) {
		p.Graph.ValueInfo = append(p.Graph.ValueInfo, ir.NewValue(someTensor(r, p), pick(r, []ir.DType{ir.Float, ir.Int64, ir.Bool}), []int64{pick(r, odd), 3}))
	}},
	{"opset", func(r *rand.Rand, p *onnxpb.ModelProto) { p.OpsetImport[0].Version = proto.Int64(13 + r.Int64N(11)) }},
}

func someTensor(r *rand.Rand, p *onnxpb.ModelProto) string {
	n := pick(r, p.Graph.Node)
	if all := append(append([]string{"x", "input"}, n.Input...), n.Output...); len(all) > 0 {
		return pick(r, all)
	}
	return "x"
}

func someAttribute(r *rand.Rand, p *onnxpb.ModelProto) *onnxpb.AttributeProto {
	if n := pick(r, p.Graph.Node); len(n.Attribute) > 0 {
		return pick(r, n.Attribute)
	}
	return nil
}

// damage returns a copy of a model that is damaged in one to three places by mutations of a list, and the names of
// these.
func damage(r *rand.Rand, p *onnxpb.ModelProto, list []mutation) (damaged *onnxpb.ModelProto, did []string) {
	damaged = wire.Clone(p)
	for range 1 + r.IntN(3) {
		if len(damaged.Graph.Node) == 0 || len(damaged.Graph.Initializer) == 0 {
			break
		}
		m := pick(r, list)
		m.do(r, damaged)
		did = append(did, m.name)
	}
	return damaged, did
}

// readDamaged reads a damaged model and goes on with it. It returns the error, which must match mistake.Err: a panic
// or another error fails the test.
func readDamaged(t *testing.T, what string, p *onnxpb.ModelProto, use func(*ir.Model) error) (err error) {
	t.Helper()
	data, err := proto.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if x := recover(); x != nil {
			t.Errorf("%s: panic: %v", what, x)
		}
	}()
	m, err := ir.Parse(data, "")
	if err == nil {
		err = use(m)
	}
	if err != nil && !errors.Is(err, mistake.Err) {
		t.Errorf("%s: error %v does not match mistake.Err", what, err)
	}
	return err
}

// TestDamagedModels damages real models in one to three places at a time. The answer is a network, or an error that
// matches mistake.Err: never a panic, and nothing that cannot be read back.
func TestDamagedModels(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	files := map[string]*onnxpb.ModelProto{
		"example": onnxtest.ReadFile(t, onnxtest.ExampleFile).Proto,
		"vit":     onnxtest.ReadFile(t, onnxtest.VitFile).Proto,
	}
	for i, s := range seeds(t) {
		m, err := ir.Parse(s, "")
		if err != nil {
			continue // the one with external data
		}
		files[fmt.Sprintf("seed %d", i)] = m.Proto
	}
	refused := make(map[string]int)
	for name, p := range files {
		t.Run(name, func(t *testing.T) {
			times := uint64(300)
			if len(p.Graph.Node) > 50 {
				times = 60
			}
			for seed := range times {
				damaged, did := damage(rand.New(rand.NewPCG(seed, 1)), p, mutations)
				if readDamaged(t, fmt.Sprintf("seed %d, %v", seed, did), damaged, useModel) != nil {
					refused[did[0]]++
				}
			}
		})
	}
	for _, m := range mutations {
		t.Logf("%-26s refused %d times", m.name, refused[m.name])
	}
}
