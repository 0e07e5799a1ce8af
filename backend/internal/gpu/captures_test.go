//go:build cuda && placement

package gpu

import (
	"errors"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/cuda"
	"example.org/demote/cuda/emutest"
	"example.org/demote/mistake"
	"example.org/demote/onnx/onnxpb"
)

// TestPlacementOfABrokenCapture holds that a part whose capture breaks off between its begin and its end, by a launch
// that fails, runs plainly in the same run and from then on, and says why in a short line.
func TestPlacementOfABrokenCapture(t *testing.T) {
	g := placed(t, 2)
	s := segment(t, false)
	l := laneOf(t, g, s)
	emutest.Fail(t, "a launch in a capture")
	for i, b := range blocksOf(t, g, s, 2) {
		emutest.ResetNotes()
		if err := l.Do(func() error { return l.RunPart(b, 0) }); err != nil {
			t.Fatal(err)
		}
		notes := emutest.Notes(t)
		if i == 0 && (having(notes, "refused") == 0 || having(notes, "capture ends") != 1) {
			t.Errorf("the capture did not break off: %q", notes)
		}
		if i > 0 && (having(notes, "capture") != 0 || having(notes, "launch _Z") == 0) {
			t.Errorf("block %d: %q, want plain launches", i, notes)
		}
	}
	captured, why := l.Graphs()
	if captured != 0 || !strings.Contains(why, "CUDA error 90") || strings.Contains(why, "\n") || len(why) > 210 {
		t.Errorf("%d parts captured, %q", captured, why)
	}
}

// TestPlacementRunsPlainly holds that a lane runs without its graphs while it is told to, and for good once they are
// abandoned.
func TestPlacementRunsPlainly(t *testing.T) {
	g := placed(t, 2)
	s := segment(t, false)
	l := laneOf(t, g, s)
	b := blocksOf(t, g, s, 1)[0]
	for i, c := range []struct {
		before   func()
		launches int // of the graph
	}{{func() {}, 1}, {func() { l.Plainly(true) }, 0}, {func() { l.Plainly(false) }, 1}, {func() { l.Abandon("stale") }, 0}} {
		c.before()
		emutest.ResetNotes()
		if err := l.Do(func() error { return l.RunPart(b, 0) }); err != nil {
			t.Fatal(err)
		}
		if n := having(emutest.Notes(t), "graph launch"); n != c.launches {
			t.Errorf("run %d: %d launches of the graph, want %d", i, n, c.launches)
		}
	}
	if captured, why := l.Graphs(); captured != 0 || why != "stale" {
		t.Errorf("%d parts captured, %q", captured, why)
	}
}

// TestPlacementAsksForOtherEngines holds that a convolution for which cuDNN's heuristics know no engine is tried again
// with the other ways of asking for one, and that the network is refused in one line if none has any.
func TestPlacementAsksForOtherEngines(t *testing.T) {
	g := placed(t, 2)
	node := func(op, name string, in []string, out string, a ...*onnxpb.AttributeProto) *onnxpb.NodeProto {
		return &onnxpb.NodeProto{OpType: proto.String(op), Name: proto.String(name), Input: in, Output: []string{out}, Attribute: a}
	}
	s := segment(t, false, node("Reshape", "in", []string{"m", "four"}, "m4"), node("Conv", "the_conv", []string{"m4", "kernel"}, "c"),
		node("Reshape", "out", []string{"c", "two"}, "n"))
	m := &onnxpb.ModelProto{}
	if err := proto.Unmarshal(s.Model.Bytes, m); err != nil {
		t.Fatal(err)
	}
	shape := func(name string, dims ...int64) *onnxpb.TensorProto {
		return &onnxpb.TensorProto{Name: proto.String(name), DataType: proto.Int32(int32(onnxpb.TensorProto_INT64)), Dims: []int64{int64(len(dims))}, Int64Data: dims}
	}
	m.Graph.Initializer = append(m.Graph.Initializer, shape("four", placedBlock, 1, 4, 4), shape("two", placedBlock, placedRow),
		&onnxpb.TensorProto{Name: proto.String("kernel"), DataType: proto.Int32(int32(onnxpb.TensorProto_FLOAT)), Dims: []int64{1, 1, 1, 1}, FloatData: []float32{1}})
	var err error
	if s.Model.Bytes, err = proto.Marshal(m); err != nil {
		t.Fatal(err)
	}
	l := laneOf(t, g, s)
	emutest.Fail(t, "cudnnBackendFinalize")
	emutest.ResetNotes()
	data := blocksOf(t, g, s, 1)
	err = l.Do(func() error { return l.RunPart(data[0], 0) })
	if !errors.Is(err, cuda.ErrNoEngine) || !errors.Is(err, mistake.Err) || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v", err)
	}
	if said := l.Remark(); l.parts[0].engines != 2 || !strings.Contains(said, "1 of 1 parts: they use cudnn_conv_algo_search=DEFAULT") {
		t.Errorf("%d other ways were tried, and said %q", l.parts[0].engines, said)
	}
}
