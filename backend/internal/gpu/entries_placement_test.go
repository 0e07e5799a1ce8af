//go:build cuda && placement

package gpu

import (
	"errors"
	"fmt"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/backend/device"
	"example.org/demote/cgo"
	"example.org/demote/cuda/emutest"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/search"
)

// TestPlacementOfEntries compiles a network twice from its start to its end, as entries are: the large weight is once
// on the device, which the real provider reads there, and each entry's run is one launch of a graph of its own.
func TestPlacementOfEntries(t *testing.T) {
	const columns = 1 << 10
	bytes := make([]byte, 4*placedRow*columns)
	entry := func() *device.Segment {
		s := segment(t, false, &onnxpb.NodeProto{OpType: proto.String("MatMul"), Name: proto.String("p"), Input: []string{"m", "v"}, Output: []string{"wide"}},
			&onnxpb.NodeProto{OpType: proto.String("Gather"), Name: proto.String("some"), Input: []string{"wide", "columns"}, Output: []string{"n"},
				Attribute: []*onnxpb.AttributeProto{{Name: proto.String("axis"), Type: onnxpb.AttributeProto_INT.Enum(), I: proto.Int64(1)}}})
		m := &onnxpb.ModelProto{}
		if err := proto.Unmarshal(s.Model.Bytes, m); err != nil {
			t.Fatal(err)
		}
		m.Graph.Initializer = append(m.Graph.Initializer,
			&onnxpb.TensorProto{Name: proto.String("columns"), DataType: proto.Int32(7), Dims: []int64{placedRow}, Int64Data: make([]int64, placedRow)},
			&onnxpb.TensorProto{Name: proto.String("v"), DataType: proto.Int32(1), Dims: []int64{placedRow, columns}, DataLocation: onnxpb.TensorProto_EXTERNAL.Enum(),
				ExternalData: []*onnxpb.StringStringEntryProto{{Key: proto.String("location"), Value: proto.String("nowhere")}, {Key: proto.String("length"),
					Value: proto.String(fmt.Sprint(len(bytes)))}}})
		var err error
		if s.Model.Bytes, err = proto.Marshal(m); err != nil {
			t.Fatal(err)
		}
		s.Model.Weights = []device.Weight{{Name: "v", Type: cgo.Float32, Dims: []int64{placedRow, columns}, Data: bytes}}
		return s
	}
	weights := func(of ...*device.Segment) (inSessions, own int) {
		g := placed(t, 2)
		defer g.Close()
		emutest.ResetNotes()
		n, err := g.Compile(of, of[0].Inputs, 1)
		if err != nil {
			t.Fatal(err)
		}
		defer n.Close()
		for _, note := range emutest.Notes(t) {
			var size int
			if _, err := fmt.Sscanf(note, "malloc %d", &size); err == nil && size >= len(bytes) {
				inSessions++
			}
		}
		l := n.Lanes()[0].(*lane)
		data, err := g.Load(of[0].Inputs, []int{0}, func(int, []byte) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		defer data.Close()
		for p := range of {
			for i := range 3 {
				emutest.ResetNotes()
				if err := l.Do(func() error { return errors.Join(l.SetMask(search.NewMask(2)), l.RunPart(data, p)) }); err != nil {
					t.Fatal(err)
				}
				if n := having(emutest.Notes(t), "graph launch"); n != 1 {
					t.Errorf("entry %d, run %d: %d launches of a graph", p, i, n)
				}
			}
		}
		return inSessions, len(n.(*network).once.values)
	}
	if in, own := weights(entry()); in != 1 || own != 0 {
		t.Errorf("one session has the weight %d times, the network %d times", in, own)
	}
	if in, own := weights(entry(), entry()); in != 0 || own != 1 {
		t.Errorf("two sessions have the weight %d times, the network %d times", in, own)
	}
}
