package segments

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/backend/link"
	"example.org/demote/internal/ir"
	"example.org/demote/onnx/onnxpb"
)

// TestShippedReadsNoFile has a search send a network whose weights are said to lie in a file of the worker's.
func TestShippedReadsNoFile(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("secret", make([]byte, 24), 0o600); err != nil {
		t.Fatal(err)
	}
	here, err := filepath.Abs("secret")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"", "secret", "./secret", here} {
		w := ir.NewTensor("w", ir.Float, []int64{2, 3}, make([]byte, 24))
		if path != "" {
			w.RawData, w.DataLocation = nil, onnxpb.TensorProto_EXTERNAL.Enum()
			w.ExternalData = []*onnxpb.StringStringEntryProto{{Key: ir.Str("location"), Value: ir.Str(path)}}
		}
		m := &onnxpb.ModelProto{IrVersion: proto.Int64(8), OpsetImport: []*onnxpb.OperatorSetIdProto{{Domain: ir.Str(""), Version: proto.Int64(17)}}, Graph: &onnxpb.GraphProto{
			Name: ir.Str("g"), Initializer: []*onnxpb.TensorProto{w},
			Input:  []*onnxpb.ValueInfoProto{ir.NewValue("x", ir.Float, []int64{2, 3})},
			Node:   []*onnxpb.NodeProto{ir.NewNode("Add", "y", []string{"x", "w"}, []string{"y"})},
			Output: []*onnxpb.ValueInfoProto{ir.NewValue("y", ir.Float, []int64{2, 3})},
		}}
		data, err := proto.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Shipped(link.Network{Model: data, Outputs: []string{"y"}, Alone: true})
		if path == "" && err != nil || path != "" && (err == nil || !strings.Contains(err.Error(), "of a model without a folder")) {
			t.Errorf("weights in %q: %v", path, err)
		}
	}
}
