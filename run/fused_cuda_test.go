//go:build cuda

package run

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trialtest"
	"example.org/demote/onnx/onnxpb"
)

// TestEmulatedFusesOnTheDeviceAlone holds that what stands in front of a holder becomes part of it in the network of a
// GPU, and in no other. TestEmulatedSearch holds that the decisions are the same.
func TestEmulatedFusesOnTheDeviceAlone(t *testing.T) {
	emulated(t)
	for device, want := range map[string]string{"cpu": "3 Relu", "cuda:0": "3 clip"} {
		s := trialtest.OnDevice(t, device, tasktest.TinyConfig(t, 20))
		src, _, err := s.SourceFor(t.Context(), true, s.Can())
		if err != nil {
			t.Fatal(err)
		}
		whole, err := src.Segment(0, src.Cuts()-1)
		if err != nil {
			t.Fatal(err)
		}
		m := &onnxpb.ModelProto{}
		if err := proto.Unmarshal(whole.Model.Bytes, m); err != nil {
			t.Fatal(err)
		}
		if got := fronts(m); got != want {
			t.Errorf("%s: %s, want %s", device, got, want)
		}
	}
}

// fronts counts the nodes that could be part of a holder, and the holders that have such a part.
func fronts(m *onnxpb.ModelProto) string {
	n := map[string]int{}
	for _, node := range m.GetGraph().GetNode() {
		n[node.GetOpType()]++
		for _, a := range node.GetAttribute() {
			if node.GetOpType() == "FakeQuant" {
				n[a.GetName()]++
			}
		}
	}
	var list []string
	for _, name := range []string{"Relu", "clip"} {
		if n[name] > 0 {
			list = append(list, fmt.Sprint(n[name], " ", name))
		}
	}
	return strings.Join(list, ", ")
}
