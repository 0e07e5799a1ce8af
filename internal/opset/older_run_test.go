package opset_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	ort "github.com/yalue/onnxruntime_go"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/onnxruntest"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/internal/opset"
	"example.org/demote/mistake"
	"example.org/demote/onnx/onnxpb"
)

// TestOlderOperatorsComputeTheSame runs operators in the form that they had between opsets 7 and 12, and in that of
// opset 21: the bits are the same.
func TestOlderOperatorsComputeTheSame(t *testing.T) {
	x := olderInput()
	for _, c := range olderNets() {
		for _, version := range c.opsets {
			m := onnxtest.NetOf(t, version, c.dims, c.node, c.constants...)
			converted := m.Clone()
			if err := opset.Convert(converted); err != nil {
				t.Errorf("%s, opset %d: %v", c.name, version, err)
				continue
			}
			in := onnxruntest.Feed{Name: "x", Dims: c.dims, Floats: x}
			plain := onnxruntest.Settings{Level: ort.GraphOptimizationLevelDisableAll}
			want, got := onnxruntest.Run(t, m, plain, in)["y"], onnxruntest.Run(t, converted, plain, in)["y"]
			if len(want) == 0 || len(got) != len(want) {
				t.Errorf("%s, opset %d: %d values instead of %d", c.name, version, len(got), len(want))
				continue
			}
			for i := range want {
				// its newer kernel adds in another order
				near := c.name == "AveragePool" && math.Abs(float64(got[i]-want[i])) < 1e-6
				if math.Float32bits(got[i]) != math.Float32bits(want[i]) && !near {
					t.Errorf("%s, opset %d: element %d is %g instead of %g", c.name, version, i, got[i], want[i])
					break
				}
			}
		}
	}
}

// TestOlderLimitsHaveTheOperandsType raises a Clip and a Pad whose limits and value were attributes, which are
// float32 whatever the operand is: ONNX Runtime, which takes no operands of two types, runs what comes of it.
func TestOlderLimitsHaveTheOperandsType(t *testing.T) {
	x := []float32{-9.5, -0.25, 0.125, 3, 7, 100}
	for _, c := range []struct {
		name string
		node *onnxpb.NodeProto
		want []float32
	}{
		{"Clip", ir.NewNode("Clip", "n", []string{"d"}, []string{"e"}, ir.FloatAttr("min", -0.5), ir.FloatAttr("max", 6)), []float32{-0.5, -0.25, 0.125, 3, 6, 6}},
		{"Pad", ir.NewNode("Pad", "n", []string{"d"}, []string{"e"}, ir.IntsAttr("pads", 0, 1, 0, 0), ir.FloatAttr("value", -1.5)), []float32{-1.5, -9.5, -0.25, 0.125, 3, 7, 100}},
	} {
		for name, typ := range map[string]int64{"float32": 1, "float16": 10, "double": 11} {
			m := onnxtest.NetOf(t, 10, []int64{1, 6}, ir.NewNode("Identity", "n", []string{"x"}, []string{"y"}))
			m.Graph().Node = []*onnxpb.NodeProto{
				ir.NewNode("Cast", "there", []string{"x"}, []string{"d"}, ir.IntAttr("to", typ)), c.node,
				ir.NewNode("Cast", "back", []string{"e"}, []string{"y"}, ir.IntAttr("to", 1))}
			m = m.Clone()
			if err := opset.Convert(m); err != nil {
				t.Errorf("%s of %s: %v", c.name, name, err)
				continue
			}
			got := onnxruntest.Run(t, m, onnxruntest.Settings{Level: ort.GraphOptimizationLevelDisableAll}, onnxruntest.Feed{Name: "x", Dims: []int64{1, 6}, Floats: x})["y"]
			if !slices.Equal(got, c.want) {
				t.Errorf("%s of %s: %v instead of %v", c.name, name, got, c.want)
			}
		}
	}
}

// TestOlderScalesAreComputed raises Resize and Upsample whose scales follow from constants by way of nodes, or of
// known dimensions: the bits are the same as before.
func TestOlderScalesAreComputed(t *testing.T) {
	x := make([]float32, 1*2*4*6)
	for i := range x {
		x[i] = float32(i*i%31) - 9
	}
	two := ir.NewFloats("two", []int64{2}, []float32{2, 1.5})
	ones := ir.NewFloats("ones", []int64{2}, []float32{1, 1})
	ints := ir.NewInts("ints", ir.Int64, []int64{4}, []int64{1, 1, 2, 3})
	half := ir.NewFloats("half", nil, []float32{0.5})
	all := ir.NewFloats("all", []int64{4}, []float32{1, 1, 2, 2})
	first := ir.NewInts("first", ir.Int64, []int64{1}, []int64{0})
	through := ir.NewNode("Identity", "n", []string{"x"}, []string{"y"}) // until the others are there
	concat := ir.NewNode("Concat", "c", []string{"ones", "two"}, []string{"s"}, ir.IntAttr("axis", 0))
	for _, c := range []struct {
		name  string
		nodes []*onnxpb.NodeProto
	}{
		{"Concat", []*onnxpb.NodeProto{concat}},
		{"Identity", []*onnxpb.NodeProto{ir.NewNode("Identity", "i", []string{"all"}, []string{"s"})}},
		{"Cast", []*onnxpb.NodeProto{ir.NewNode("Cast", "i", []string{"ints"}, []string{"s"}, ir.IntAttr("to", 1))}},
		{"arithmetic", []*onnxpb.NodeProto{
			ir.NewNode("Mul", "m", []string{"all", "half"}, []string{"h"}),
			ir.NewNode("Add", "a", []string{"h", "half"}, []string{"s"})}},
		{"single values", []*onnxpb.NodeProto{
			ir.NewNode("Gather", "l", []string{"two", "first"}, []string{"one"}),
			ir.NewNode("Squeeze", "q", []string{"one"}, []string{"scalar"}, ir.IntsAttr("axes", 0)),
			ir.NewNode("Unsqueeze", "u", []string{"scalar"}, []string{"list"}, ir.IntsAttr("axes", 0)),
			ir.NewNode("Concat", "c", []string{"ones", "list", "list"}, []string{"s"}, ir.IntAttr("axis", 0))}},
		{"dimensions", []*onnxpb.NodeProto{
			ir.NewNode("Shape", "d", []string{"x"}, []string{"shape"}),
			ir.NewNode("Cast", "f", []string{"shape"}, []string{"sizes"}, ir.IntAttr("to", 1)),
			ir.NewNode("Mul", "m", []string{"sizes", "all"}, []string{"wanted"}),
			ir.NewNode("Div", "v", []string{"wanted", "sizes"}, []string{"s"})}},
	} {
		for _, version := range []int64{9, 10} {
			last := ir.NewNode(map[int64]string{9: "Upsample", 10: "Resize"}[version], "n", []string{"x", "s"}, []string{"y"})
			m := onnxtest.NetOf(t, version, []int64{1, 2, 4, 6}, through, two, ones, ints, half, all, first)
			m.Graph().Node = append(c.nodes, last)
			converted := m.Clone()
			if err := opset.Convert(converted); err != nil {
				t.Errorf("%s, opset %d: %v", c.name, version, err)
				continue
			}
			in := onnxruntest.Feed{Name: "x", Dims: []int64{1, 2, 4, 6}, Floats: x}
			plain := onnxruntest.Settings{Level: ort.GraphOptimizationLevelDisableAll}
			want, got := onnxruntest.Run(t, m, plain, in)["y"], onnxruntest.Run(t, converted, plain, in)["y"]
			if len(want) == 0 || !slices.Equal(got, want) {
				t.Errorf("%s, opset %d: %v instead of %v", c.name, version, got, want)
			}
		}
	}

	last := ir.NewNode("Resize", "n", []string{"x", "s"}, []string{"y"})
	m := onnxtest.NetOf(t, 10, []int64{1, 2, 4, 6}, through, ones)
	m.Graph().Node = []*onnxpb.NodeProto{
		ir.NewNode("ReduceMax", "most", []string{"x"}, []string{"r"}, ir.IntsAttr("axes", 0, 2, 3), ir.IntAttr("keepdims", 0)),
		ir.NewNode("Concat", "joined", []string{"ones", "r"}, []string{"s"}, ir.IntAttr("axis", 0)), last}
	want := `its scales, "s", are not constant but computed by Concat node "joined"`
	if err := opset.Convert(m); !errors.Is(err, mistake.Err) || !strings.Contains(err.Error(), want) {
		t.Errorf("%v instead of %s", err, want)
	}
}

// TestOlderOperatorsWithoutCounterpart names what cannot be raised.
func TestOlderOperatorsWithoutCounterpart(t *testing.T) {
	nchw := []int64{2, 4, 6, 6}
	channel := ir.NewFloats("c", []int64{4}, []float32{1, 2, 3, 4})
	for _, c := range []struct {
		opset     int64
		node      *onnxpb.NodeProto
		constants []*onnxpb.TensorProto
		text      string
	}{
		{7, ir.NewNode("BatchNormalization", "n", []string{"x", "c", "c", "c", "c"}, []string{"y"}, ir.IntAttr("spatial", 0)), []*onnxpb.TensorProto{channel}, "spatial"},
		{8, ir.NewNode("LayerNormalization", "n", []string{"x", "c"}, []string{"y"}), []*onnxpb.TensorProto{channel}, "LayerNormalization"},
		{10, ir.NewNode("Resize", "n", []string{"x", "s"}, []string{"y"}), []*onnxpb.TensorProto{ir.NewFloats("s", []int64{4}, []float32{1, 1, 2, 0.5})}, "opset_version=17"},
	} {
		err := opset.Convert(onnxtest.NetOf(t, c.opset, nchw, c.node, c.constants...))
		if !errors.Is(err, mistake.Err) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s of opset %d: %v", c.node.GetOpType(), c.opset, err)
		}
	}
}
