package run

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/config"
	"example.org/demote/crash"
	"example.org/demote/internal/tasktest"
	"example.org/demote/onnx/onnxpb"
)

// mappedNetwork writes a network whose weights lie far behind in a file of external data, which is too large to be
// copied and has a hole in front.
func mappedNetwork(t *testing.T, dir string) (path, data string) {
	t.Helper()
	const hole = 300 << 20
	g := tasktest.NewOpGraph([]int64{-1, 4}, -1, 3).Op("MatMul", "x w", "a").Op("Relu", "a", "r").Op("MatMul", "r v", "y")
	var bytes []byte
	for i := range 32 {
		bytes = binary.LittleEndian.AppendUint32(bytes, math.Float32bits(float32(i%5)-2))
	}
	for _, w := range []struct {
		name, offset string
		dims         []int64
	}{{"w", "314572800", []int64{4, 5}}, {"v", "314572880", []int64{5, 3}}} {
		entry := func(key, value string) *onnxpb.StringStringEntryProto {
			return &onnxpb.StringStringEntryProto{Key: &key, Value: &value}
		}
		g.Initializer = append(g.Initializer, &onnxpb.TensorProto{Name: &w.name, Dims: w.dims, DataType: proto.Int32(1), DataLocation: onnxpb.TensorProto_EXTERNAL.Enum(),
			ExternalData: []*onnxpb.StringStringEntryProto{entry("location", "net.data"), entry("offset", w.offset)}})
	}
	path, data = tasktest.WriteNetwork(t, filepath.Join(dir, "net.onnx"), g.GraphProto), filepath.Join(dir, "net.data")
	tasktest.WriteFile(t, data, nil)
	if err := os.Truncate(data, hole); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(data, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(append(bytes, make([]byte, 64)...)); err != nil {
		t.Fatal(err)
	}
	return path, data
}

// TestExternalDataCutDuringASearch cuts mapped external data short in the middle of a search, as another export does.
func TestExternalDataCutDuringASearch(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for _, size := range []int64{-1, 0, 100 << 20} {
		dir := t.TempDir()
		path, data := mappedNetwork(t, dir)
		samples := floatSamples(t, filepath.Join(dir, "x.npy"), 6, 1)
		c := config.Config{Model: path, Calib: samples, Data: samples, Metric: "sqnr", Target: "1", Out: filepath.Join(dir, "run"), Block: 2}
		c.Say = func(text string) {
			if size >= 0 && strings.Contains(text, "compiling") {
				if err := os.Truncate(data, size); err != nil {
					t.Error(err)
				}
			}
		}
		err := Explained(asProgram(func() error { _, err := Search(context.Background(), c); return err }))
		if size < 0 {
			if err != nil {
				t.Errorf("left alone: %v", err)
			}
			continue
		}
		if ExitCode(err) != ExitMistake || !strings.Contains(err.Error(), data+" changed while it was read") || strings.Contains(err.Error(), "\n") {
			t.Errorf("cut to %d bytes: exit code %d, %v", size, ExitCode(err), err)
		}
	}
}

// asProgram runs f as the program does: faults are panics, and panics are errors.
func asProgram(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer crash.Catch(&err)
	return f()
}

// TestExplainedLeavesOthersAlone hands over errors that are no faults of reading.
func TestExplainedLeavesOthersAlone(t *testing.T) {
	for _, err := range []error{nil, errors.New("x"), asProgram(func() error { panic("x") }), asProgram(func() error { var p *config.Config; p.Limit++; return nil })} {
		if got := Explained(err); fmt.Sprintf("%p", got) != fmt.Sprintf("%p", err) {
			t.Errorf("%v became %v", err, got)
		}
	}
}
