package onnx

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"demote/disk"
	"demote/onnx/onnxpb"
)

func TestReadWriteKeepsEverything(t *testing.T) {
	for _, path := range []string{exampleFile, vitFile, "../testdata/mctq/m16.onnx"} {
		t.Run(filepath.Base(filepath.Dir(path)), func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			want := new(onnxpb.ModelProto)
			if err := proto.Unmarshal(data, want); err != nil {
				t.Fatal(err)
			}
			out := filepath.Join(t.TempDir(), "out.onnx")
			if err := readFile(t, path).Write(out); err != nil {
				t.Fatal(err)
			}
			if got := readFile(t, out); !proto.Equal(got.Proto, want) {
				t.Error("the written model differs")
			}
		})
	}
}

// oddModel has a bit of everything that this package does not understand.
func oddModel() *net {
	b := convNet(17)
	unknown := protowire.AppendTag(nil, 900, protowire.BytesType)
	unknown = protowire.AppendString(unknown, "from the future")
	b.p.ProtoReflect().SetUnknown(unknown)
	b.p.Graph.ProtoReflect().SetUnknown(unknown)
	b.p.Graph.Node[0].ProtoReflect().SetUnknown(unknown)
	b.p.Graph.Initializer[0].ProtoReflect().SetUnknown(unknown)
	entry := []*onnxpb.StringStringEntryProto{{Key: str("k"), Value: str("v")}}
	b.p.MetadataProps, b.p.DocString, b.p.Domain = entry, str("doc"), str("com.example")
	b.p.ProducerName, b.p.ProducerVersion, b.p.ModelVersion = str("maker"), str("1"), proto.Int64(3)
	b.p.Graph.DocString, b.p.Graph.MetadataProps = str("graph doc"), entry
	b.p.Graph.Node[0].DocString, b.p.Graph.Node[0].MetadataProps = str("node doc"), entry
	b.p.Graph.Initializer[0].DocString = str("tensor doc")
	b.p.Graph.QuantizationAnnotation = []*onnxpb.TensorAnnotation{{TensorName: str("r"), QuantParameterTensorNames: entry}}
	b.p.OpsetImport = append(b.p.OpsetImport, &onnxpb.OperatorSetIdProto{Domain: str("com.example"), Version: proto.Int64(4)})
	b.p.Functions = []*onnxpb.FunctionProto{{
		Name: str("Twice"), Domain: str("com.example"), Input: []string{"a"}, Output: []string{"b"},
		Node:        []*onnxpb.NodeProto{newNode("Add", "", []string{"a", "a"}, []string{"b"})},
		OpsetImport: b.p.OpsetImport[:1],
	}}
	return b
}

func TestUnknownFieldsAndMetadataSurvive(t *testing.T) {
	b := oddModel()
	m := b.model(t)
	for name, model := range map[string]*Model{"parsed": m, "cloned": m.Clone()} {
		data, err := model.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		got := new(onnxpb.ModelProto)
		if err := proto.Unmarshal(data, got); err != nil {
			t.Fatal(err)
		}
		if !proto.Equal(got, b.p) {
			t.Errorf("the %s model differs from the original", name)
		}
	}
}

func TestCloneIsIndependent(t *testing.T) {
	m := oddModel().model(t)
	before, err := m.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	c := m.Clone()
	for _, n := range c.Graph().Node {
		n.Name, n.Input[0], n.Attribute = str("changed"), "changed", nil
	}
	for _, i := range c.Graph().Initializer {
		i.Name, i.RawData = str("changed"), nil
	}
	c.Proto.MetadataProps[0].Value = str("changed")
	after, err := m.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(before, after) {
		t.Error("changing a clone changed the original")
	}
}

func TestInputsAndOutputs(t *testing.T) {
	b := convNet(17)
	b.p.Graph.Input = append(b.p.Graph.Input, newValue("w1", Float, []int64{2, 1, 3, 3}), newValue("ids", Int64, []int64{}))
	m := b.model(t)
	in := m.Inputs()
	if len(in) != 2 || in[0].Name != "x" || in[0].Type != Float || !slices.Equal(in[0].Dims, []int64{-1, 1, 4, 4}) {
		t.Errorf("inputs are %v", in)
	}
	if in[1].Dims == nil || len(in[1].Dims) != 0 || in[1].Type != Int64 {
		t.Errorf("a scalar input is %v", in[1])
	}
	if out := m.Outputs(); len(out) != 1 || out[0].Name != "y" || out[0].Dims != nil {
		t.Errorf("outputs are %v", out)
	}
}

func TestNodesInWrongOrderAreSorted(t *testing.T) {
	b := convNet(17)
	slices.Reverse(b.p.Graph.Node)
	m := b.model(t)
	var ops []string
	for _, n := range m.Graph().Node {
		ops = append(ops, n.GetOpType())
	}
	if !slices.Equal(ops, []string{"Conv", "Relu", "Conv"}) {
		t.Errorf("sorted to %v", ops)
	}
}

func TestWithOutputsKeepsWhatTheyNeed(t *testing.T) {
	m := convNet(17).model(t).WithOutputs("r")
	if n := len(m.Graph().Node); n != 2 {
		t.Errorf("%d nodes are left", n)
	}
	if n := len(m.Graph().Initializer); n != 2 {
		t.Errorf("%d initializers are left", n)
	}
	if out := m.Outputs(); len(out) != 1 || out[0].Name != "r" {
		t.Errorf("outputs are %v", out)
	}
}

func TestWithShapesDeclaresThem(t *testing.T) {
	m := convNet(17).model(t).WithShapes(map[string][]int64{"x": {5, 1, 4, 4}, "r": {5, 2, 2, 2}, "y": {5, 1, 2, 2}})
	if got := m.Inputs()[0].Dims; !slices.Equal(got, []int64{5, 1, 4, 4}) {
		t.Errorf("x is %v", got)
	}
	if got := m.Outputs()[0].Dims; !slices.Equal(got, []int64{5, 1, 2, 2}) {
		t.Errorf("y is %v", got)
	}
	if v := m.Graph().ValueInfo; len(v) != 1 || v[0].GetName() != "r" || !slices.Equal(valueOf(v[0]).Dims, []int64{5, 2, 2, 2}) {
		t.Errorf("value infos are %v", v)
	}
}

func TestWriteLeavesWhatWasThereWhenItFails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "model.onnx")
	if err := os.WriteFile(path, []byte("precious"), 0o666); err != nil {
		t.Fatal(err)
	}
	full := errors.New("no space left on device")
	err := replaceFiles(disk.File{Path: path, Write: func(w io.Writer) error {
		if _, err := w.Write(make([]byte, 1<<21)); err != nil {
			return err
		}
		return full
	}})
	if !errors.Is(err, full) || !errors.Is(err, ErrInput) {
		t.Errorf("error %v", err)
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "precious" {
		t.Errorf("the old file holds %q, %v", data, err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("left behind: %v", files)
	}
}

func TestWriteIntoAMissingFolder(t *testing.T) {
	err := convNet(17).model(t).Write(filepath.Join(t.TempDir(), "no", "model.onnx"))
	if !errors.Is(err, ErrInput) {
		t.Errorf("error %v", err)
	}
}
