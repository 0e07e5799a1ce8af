package task

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/internal/tasktest"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
	"example.org/demote/onnx/onnxpb"
)

// withChance puts Add(tensor, RandomNormalLike(tensor)) behind a tensor of a network that has been read: chance that
// no rule about operators has seen.
func withChance(n *onnx.Network, tensor string) {
	g := n.Model.Graph()
	at := slices.IndexFunc(g.Node, func(nd *onnxpb.NodeProto) bool { return slices.Contains(nd.Output, tensor) }) + 1
	if at > 0 {
		g.Node[at-1].Output[slices.Index(g.Node[at-1].Output, tensor)] = "before"
	}
	noise := &onnxpb.NodeProto{OpType: proto.String("RandomNormalLike"), Name: proto.String("noise"), Input: []string{"before"}, Output: []string{"noisy"}}
	add := &onnxpb.NodeProto{OpType: proto.String("Add"), Name: proto.String("add"), Input: []string{"before", "noisy"}, Output: []string{tensor}}
	g.Node = slices.Insert(g.Node, at, noise, add)
}

// TestCalibrationRunsTwice refuses a network that gives other bits when a block runs again, wherever chance comes in,
// naming the first node; full and short blocks of one that does not are observed once, sample by sample.
func TestCalibrationRunsTwice(t *testing.T) {
	for _, c := range []struct {
		name, tensor string
		samples      int
	}{
		{"in the middle", "a2", 20}, {"before anything is quantized", "c1", 3}, {"behind all that is quantized", "logits", 8}, {"nowhere", "", 20},
		{"nowhere, in a short block", "", 3}, {"nowhere, in one block", "", 8},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := tasktest.TinyConfig(t, c.samples).Filled()
			m, err := onnx.Read(cfg.Model)
			if err != nil {
				t.Fatal(err)
			}
			n, err := onnx.Prepare(m, onnx.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if c.tensor != "" {
				withChance(n, c.tensor)
			}
			data, err := OpenData(cfg.Data, "", m, cfg, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer data.Close()
			_, err = CalibrateAndTell(context.Background(), n, data, cfg.Filled())
			if c.tensor == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !errors.Is(err, mistake.Err) || !strings.Contains(err.Error(), `RandomNormalLike node "noise"`) || !strings.Contains(err.Error(), "runs again") || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v", err)
			}
		})
	}
}
