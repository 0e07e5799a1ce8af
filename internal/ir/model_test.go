package ir_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/disk"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/internal/variants"
	"example.org/demote/mistake"
	"example.org/demote/onnx/onnxpb"
)

func TestReadWriteKeepsEverything(t *testing.T) {
	for _, path := range []string{onnxtest.ExampleFile, onnxtest.VitFile, "../../testdata/mctq/m16.onnx"} {
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
			if err := onnxtest.ReadFile(t, path).Write(out); err != nil {
				t.Fatal(err)
			}
			if got := onnxtest.ReadFile(t, out); !proto.Equal(got.Proto, want) {
				t.Error("the written model differs")
			}
		})
	}
}

func TestUnknownFieldsAndMetadataSurvive(t *testing.T) {
	b := onnxtest.OddModel()
	m := b.Model(t)
	for name, model := range map[string]*ir.Model{"parsed": m, "cloned": m.Clone()} {
		data, err := model.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		got := new(onnxpb.ModelProto)
		if err := proto.Unmarshal(data, got); err != nil {
			t.Fatal(err)
		}
		if !proto.Equal(got, b.P) {
			t.Errorf("the %s model differs from the original", name)
		}
	}
}

func TestCloneIsIndependent(t *testing.T) {
	m := onnxtest.OddModel().Model(t)
	before, err := m.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	c := m.Clone()
	for _, n := range c.Graph().Node {
		n.Name, n.Input[0], n.Attribute = ir.Str("changed"), "changed", nil
	}
	for _, i := range c.Graph().Initializer {
		i.Name, i.RawData = ir.Str("changed"), nil
	}
	c.Proto.MetadataProps[0].Value = ir.Str("changed")
	after, err := m.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(before, after) {
		t.Error("changing a clone changed the original")
	}
}

func TestInputsAndOutputs(t *testing.T) {
	b := onnxtest.ConvNet(17)
	b.P.Graph.Input = append(b.P.Graph.Input, ir.NewValue("w1", ir.Float, []int64{2, 1, 3, 3}), ir.NewValue("ids", ir.Int64, []int64{}))
	m := b.Model(t)
	in := m.Inputs()
	if len(in) != 2 || in[0].Name != "x" || in[0].Type != ir.Float || !slices.Equal(in[0].Dims, []int64{-1, 1, 4, 4}) {
		t.Errorf("inputs are %v", in)
	}
	if in[1].Dims == nil || len(in[1].Dims) != 0 || in[1].Type != ir.Int64 {
		t.Errorf("a scalar input is %v", in[1])
	}
	if out := m.Outputs(); len(out) != 1 || out[0].Name != "y" || out[0].Dims != nil {
		t.Errorf("outputs are %v", out)
	}
}

func TestNodesInWrongOrderAreSorted(t *testing.T) {
	b := onnxtest.ConvNet(17)
	slices.Reverse(b.P.Graph.Node)
	m := b.Model(t)
	var ops []string
	for _, n := range m.Graph().Node {
		ops = append(ops, n.GetOpType())
	}
	if !slices.Equal(ops, []string{"Conv", "Relu", "Conv"}) {
		t.Errorf("sorted to %v", ops)
	}
}

func TestWithOutputsKeepsWhatTheyNeed(t *testing.T) {
	m := variants.WithOutputs(onnxtest.ConvNet(17).Model(t), "r")
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
	m := variants.WithShapes(onnxtest.ConvNet(17).Model(t), map[string][]int64{"x": {5, 1, 4, 4}, "r": {5, 2, 2, 2}, "y": {5, 1, 2, 2}})
	if got := m.Inputs()[0].Dims; !slices.Equal(got, []int64{5, 1, 4, 4}) {
		t.Errorf("x is %v", got)
	}
	if got := m.Outputs()[0].Dims; !slices.Equal(got, []int64{5, 1, 2, 2}) {
		t.Errorf("y is %v", got)
	}
	if v := m.Graph().ValueInfo; len(v) != 1 || v[0].GetName() != "r" || !slices.Equal(ir.ValueOf(v[0]).Dims, []int64{5, 2, 2, 2}) {
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
	err := ir.ReplaceFiles(disk.File{Path: path, Write: func(w io.Writer) error {
		if _, err := w.Write(make([]byte, 1<<21)); err != nil {
			return err
		}
		return full
	}})
	if !errors.Is(err, full) || !errors.Is(err, mistake.Err) {
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
	err := onnxtest.ConvNet(17).Model(t).Write(filepath.Join(t.TempDir(), "no", "model.onnx"))
	if !errors.Is(err, mistake.Err) {
		t.Errorf("error %v", err)
	}
}
