package wire

import (
	"bytes"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/onnx/onnxpb"
)

// TestDecodedWeightsAreShared decodes a model with a large and a small weight, and encodes it again.
func TestDecodedWeightsAreShared(t *testing.T) {
	const large = largeFrom / 4
	weight := func(name string, n int) *onnxpb.TensorProto {
		return &onnxpb.TensorProto{Name: &name, Dims: []int64{int64(n)}, DataType: proto.Int32(1), RawData: bytes.Repeat([]byte{1, 2, 3, 4}, n)}
	}
	want := &onnxpb.ModelProto{IrVersion: proto.Int64(10), Graph: &onnxpb.GraphProto{Name: proto.String("g"),
		Initializer: []*onnxpb.TensorProto{weight("small", large-1), weight("large", large)}, DocString: proto.String("behind")}}
	data, err := proto.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	got := new(onnxpb.ModelProto)
	if err := Decode(data, got); err != nil || !proto.Equal(got, want) {
		t.Fatalf("decoded otherwise, %v", err)
	}
	e, err := Encode(got, got.Graph.Initializer)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		var b bytes.Buffer
		if err := e.Write(&b); err != nil || !bytes.Equal(b.Bytes(), data) || e.Size() != int64(len(data)) {
			t.Errorf("%d bytes of %d, %v", b.Len(), e.Size(), err)
		}
	}
	for i, shared := range []bool{false, true} {
		raw := got.Graph.Initializer[i].RawData
		raw[0] = 9
		if seen := bytes.Contains(data, []byte{9, 2, 3, 4}); seen != shared {
			t.Errorf("%s shares its bytes with the message: %v, want %v", got.Graph.Initializer[i].GetName(), seen, shared)
		}
	}
	copied := Clone(got)
	if !proto.Equal(copied, got) || copied.Graph.Initializer[1] == got.Graph.Initializer[1] || &copied.Graph.Initializer[1].RawData[0] != &got.Graph.Initializer[1].RawData[0] {
		t.Error("a clone has the same tensors, or other bytes")
	}
}
