package onnxtest

import (
	"errors"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/wire"
	"example.org/demote/mistake"
	"example.org/demote/onnx/onnxpb"
)

// CheckBad expects one line that matches mistake.Err and has every text in it.
func CheckBad(t *testing.T, err error, texts ...string) {
	t.Helper()
	if !errors.Is(err, mistake.Err) {
		t.Fatalf("error %v does not match mistake.Err", err)
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("error %q is not one line", err)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("error %q does not say %q", err, text)
		}
	}
}

// Damage is one thing that is wrong with a quantized file, and what the error must say of it.
type Damage struct {
	Name, File string
	Do         func(g *onnxpb.GraphProto)
	Want       []string
}

// Of returns the i-th node of an operator.
func Of(g *onnxpb.GraphProto, op string, i int) *onnxpb.NodeProto {
	for _, n := range g.Node {
		if n.GetOpType() == op {
			if i--; i < 0 {
				return n
			}
		}
	}
	panic("no such node: " + op)
}

// value returns the tensor of a constant.
func ConstantOf(g *onnxpb.GraphProto, name string) *onnxpb.TensorProto {
	for _, t := range g.Initializer {
		if t.GetName() == name {
			return t
		}
	}
	for _, n := range g.Node {
		if n.GetOpType() == "Constant" && n.Output[0] == name {
			return n.Attribute[0].T
		}
	}
	panic("no such constant: " + name)
}

// SetFloats gives a tensor other dimensions and values.
func SetFloats(t *onnxpb.TensorProto, dims []int64, values ...float32) {
	n := ir.NewFloats(t.GetName(), dims, values)
	t.Dims, t.DataType, t.RawData, t.FloatData = n.Dims, n.DataType, n.RawData, nil
}

// AsInput makes a constant an input of the graph.
func AsInput(g *onnxpb.GraphProto, name string) {
	g.Input = append(g.Input, ir.NewValue(name, ir.Float, []int64{1}))
	for i, t := range g.Initializer {
		if t.GetName() == name {
			g.Initializer = append(g.Initializer[:i:i], g.Initializer[i+1:]...)
			return
		}
	}
	for i, n := range g.Node {
		if n.Output[0] == name {
			g.Node = append(g.Node[:i:i], g.Node[i+1:]...)
			return
		}
	}
}

// Inside moves the graph's nodes of an operator into the branches of an If.
func Inside(g *onnxpb.GraphProto, op string) {
	n := Of(g, op, 0)
	branch := &onnxpb.GraphProto{Name: ir.Str("branch"), Node: []*onnxpb.NodeProto{wire.Clone(n)}, Output: []*onnxpb.ValueInfoProto{{Name: ir.Str(n.Output[0])}}}
	n.OpType, n.Domain, n.Name, n.Input = ir.Str("If"), nil, ir.Str("choice"), []string{"yes"}
	graph := func(name string) *onnxpb.AttributeProto {
		return &onnxpb.AttributeProto{Name: &name, Type: onnxpb.AttributeProto_GRAPH.Enum(), G: wire.Clone(branch)}
	}
	n.Attribute = []*onnxpb.AttributeProto{graph("then_branch"), graph("else_branch")}
	g.Initializer = append(g.Initializer, ir.NewInts("yes", ir.Bool, nil, []int64{1}))
}

// Refused makes each damage in its file, and expects an error of one line that matches mistake.Err and has its texts.
func Refused(t *testing.T, all []Damage, path func(string) string, read func(*ir.Model) error) {
	t.Helper()
	for _, d := range all {
		m, err := ir.Read(path(d.File))
		if err != nil {
			t.Fatal(err)
		}
		if err := read(m); err != nil {
			t.Fatalf("%s: the file itself: %v", d.File, err)
		}
		p := proto.CloneOf(m.Proto)
		d.Do(p.Graph)
		data, err := proto.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		m, err = ir.Parse(data, "")
		if err == nil {
			err = read(m)
		}
		switch {
		case err == nil:
			t.Errorf("%s: accepted", d.Name)
		case !errors.Is(err, mistake.Err) || strings.Contains(err.Error(), "\n"):
			t.Errorf("%s: error %q", d.Name, err)
		default:
			for _, w := range d.Want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%s: error %q does not say %q", d.Name, err, w)
				}
			}
		}
	}
	t.Logf("%d cases", len(all))
}
