package segments

import (
	"math"
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

// TestShippedChecksSteps has a search send states, steps and constants of two values that cannot be.
func TestShippedChecksSteps(t *testing.T) {
	w := ir.NewTensor("w", ir.Float, []int64{2, 3}, make([]byte, 24))
	file := func(g *onnxpb.GraphProto) []byte {
		data, err := proto.Marshal(&onnxpb.ModelProto{IrVersion: proto.Int64(8), OpsetImport: []*onnxpb.OperatorSetIdProto{{Domain: ir.Str(""), Version: proto.Int64(17)}}, Graph: g})
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	model := file(&onnxpb.GraphProto{
		Name: ir.Str("g"), Initializer: []*onnxpb.TensorProto{w, ir.NewTensor("n", onnxpb.TensorProto_INT64, []int64{1}, make([]byte, 8))},
		Input:  []*onnxpb.ValueInfoProto{ir.NewValue("x", ir.Float, []int64{2, 3}), ir.NewValue("h", ir.Float, []int64{2, 3})},
		Node:   []*onnxpb.NodeProto{ir.NewNode("Add", "s", []string{"x", "h"}, []string{"s"}), ir.NewNode("Add", "y", []string{"s", "w"}, []string{"y"})},
		Output: []*onnxpb.ValueInfoProto{ir.NewValue("y", ir.Float, []int64{2, 3})}, ValueInfo: []*onnxpb.ValueInfoProto{ir.NewValue("s", ir.Float, []int64{2, 3})},
	})
	low := func(name string, dims ...int64) []byte {
		values := ir.NewTensor(name, ir.Float, dims, make([]byte, 4*dims[0]*dims[1]))
		return file(&onnxpb.GraphProto{Name: ir.Str("low"), Initializer: []*onnxpb.TensorProto{values}, Output: []*onnxpb.ValueInfoProto{ir.NewValue(name, ir.Float, dims)}})
	}
	fed := []link.State{{Output: "s", Input: "h"}}
	for name, c := range map[string]struct {
		n    link.Network
		want string
	}{
		"right":               {link.Network{States: fed, Steps: map[string]int{"x": 5}, Low: low("w", 2, 3), Followed: []link.Followed{{Name: "w", Holder: 2}}}, ""},
		"no such input":       {link.Network{States: []link.State{{Output: "s", Input: "z"}}}, `"z" cannot be fed by "s"`},
		"no such output":      {link.Network{States: []link.State{{Output: "z", Input: "h"}}}, `"h" cannot be fed by "z"`},
		"fed twice":           {link.Network{States: append(fed, fed...)}, `"h" cannot be fed`},
		"steps of nothing":    {link.Network{States: fed, Steps: map[string]int{"z": 5}}, `5 steps of "z"`},
		"no steps":            {link.Network{States: fed, Steps: map[string]int{"x": -1}}, `-1 steps of "x"`},
		"steps without state": {link.Network{Steps: map[string]int{"x": 5}}, `5 steps of "x"`},
		"two numbers":         {link.Network{States: fed, Steps: map[string]int{"x": 5, "h": math.MaxInt}}, "steps"},
		"no low values":       {link.Network{Followed: []link.Followed{{Name: "w"}}}, "its low constants"},
		"of another":          {link.Network{Low: low("v", 2, 3), Followed: []link.Followed{{Name: "w"}}}, `no constant "w" of two values`},
		"of no constant":      {link.Network{Low: low("s", 2, 3), Followed: []link.Followed{{Name: "s"}}}, `no constant "s" of two values`},
		"another shape":       {link.Network{Low: low("w", 3, 2), Followed: []link.Followed{{Name: "w"}}}, `no constant "w" of two values`},
		"another type":        {link.Network{Low: low("n", 1, 1), Followed: []link.Followed{{Name: "n"}}}, `no constant "n" of two values`},
		"a holder too many":   {link.Network{Low: low("w", 2, 3), Followed: []link.Followed{{Name: "w", Holder: 3}}}, `constant "w" follows holder 3, of 3`},
		"no holder":           {link.Network{Low: low("w", 2, 3), Followed: []link.Followed{{Name: "w", Holder: -1}}}, `constant "w" follows holder -1`},
		"twice":               {link.Network{Low: low("w", 2, 3), Followed: []link.Followed{{Name: "w"}, {Name: "w"}}}, `constant "w" follows holder 0`},
		"garbage":             {link.Network{Low: []byte("garbage"), Followed: []link.Followed{{Name: "w"}}}, "its low constants"},
	} {
		c.n.Model, c.n.Outputs, c.n.Alone, c.n.Holders = model, []string{"y"}, true, 3
		src, err := shipped(c.n)
		switch {
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %q", name, err, c.want)
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.want == "":
			if in := src.Inputs(); in[0].Steps != 5 || in[1].Fed != "s" || len(src.followed) != 1 {
				t.Errorf("%s: %+v, %+v", name, in, src.followed)
			}
		}
	}
}
