package run

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"path/filepath"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/tasktest"
	"example.org/demote/onnx/onnxpb"
)

// TestTriesRunRealSamples searches by a network that divides by an input, which is never 0 in the data: neither a
// child nor the measuring of shapes may run it on zeros, of which ONNX Runtime dies.
func TestTriesRunRealSamples(t *testing.T) {
	tryingHere(t)
	dir := t.TempDir()
	g := tasktest.NewOpGraph([]int64{-1, 4}, -1, 3).Weights("w", 4, 3)
	g.Input = append(g.Input, tasktest.Value("length", 7, -1, 1))
	hundred, ints := "hundred", int32(7)
	g.Initializer = append(g.Initializer, &onnxpb.TensorProto{Name: &hundred, DataType: &ints, Dims: []int64{1}, Int64Data: []int64{100}})
	one, to := int64(1), "to"
	g.Op("Div", "hundred length", "q").
		Op("Cast", "q", "f", &onnxpb.AttributeProto{Name: &to, Type: onnxpb.AttributeProto_INT.Enum(), I: &one}).
		Op("Mul", "x f", "m").Op("MatMul", "m w", "y")
	model := tasktest.WriteNetwork(t, filepath.Join(dir, "net.onnx"), g.GraphProto)
	var archive bytes.Buffer
	z := zip.NewWriter(&archive)
	for _, name := range []string{"x", "length"} {
		w, err := z.Create(name + ".npy")
		if err != nil {
			t.Fatal(err)
		}
		if name == "x" {
			w.Write(tasktest.NPYHeader("<f4", 6, 4))
			for i := range 24 {
				binary.Write(w, binary.LittleEndian, float32(i%5)-2)
			}
			continue
		}
		w.Write(tasktest.NPYHeader("<i8", 6, 1))
		for i := range 6 {
			binary.Write(w, binary.LittleEndian, int64(i+1))
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "data.npz")
	tasktest.WriteFile(t, data, archive.Bytes())
	c := tasktest.CutEverywhere(config.Config{Model: model, Calib: data, Data: data, Metric: "sqnr", Target: "50%", Out: filepath.Join(dir, "run")})
	if _, err := Search(context.Background(), c); err != nil && !errors.Is(err, ErrUnreachable) {
		t.Fatal(err)
	}
	if _, err := Eval(context.Background(), config.Config{Data: data, Metric: "sqnr"}, model, model, "exact"); err != nil {
		t.Error(err)
	}
	if len(triedKeys(t)) < 4 {
		t.Errorf("%d networks have been tried", len(triedKeys(t)))
	}
}
