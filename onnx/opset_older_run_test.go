package onnx_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	ort "github.com/yalue/onnxruntime_go"

	"demote/onnx"
	"demote/onnx/onnxpb"
)

// floatAttr is an attribute with a number.
func floatAttr(name string, v float32) *onnxpb.AttributeProto {
	return &onnxpb.AttributeProto{Name: &name, Type: onnxpb.AttributeProto_FLOAT.Enum(), F: &v}
}

// floatsAttr is an attribute with a list of numbers.
func floatsAttr(name string, v ...float32) *onnxpb.AttributeProto {
	return &onnxpb.AttributeProto{Name: &name, Type: onnxpb.AttributeProto_FLOATS.Enum(), Floats: v}
}

// TestOlderOperatorsComputeTheSame runs operators in the form that they had between opsets 7 and 12, and in that of opset 21: the
// bits are the same.
func TestOlderOperatorsComputeTheSame(t *testing.T) {
	x := olderInput()
	for _, c := range olderNets() {
		for _, opset := range c.opsets {
			m := onnx.NetOf(t, opset, c.dims, c.node, c.constants...)
			converted := m.Clone()
			if err := onnx.ConvertOpset(converted); err != nil {
				t.Errorf("%s, opset %d: %v", c.name, opset, err)
				continue
			}
			in := feed{name: "x", dims: c.dims, floats: x}
			plain := settings{level: ort.GraphOptimizationLevelDisableAll}
			want, got := run(t, m, plain, in)["y"], run(t, converted, plain, in)["y"]
			if len(want) == 0 || len(got) != len(want) {
				t.Errorf("%s, opset %d: %d values instead of %d", c.name, opset, len(got), len(want))
				continue
			}
			for i := range want {
				near := c.name == "AveragePool" && math.Abs(float64(got[i]-want[i])) < 1e-6 // its newer kernel adds in another order
				if math.Float32bits(got[i]) != math.Float32bits(want[i]) && !near {
					t.Errorf("%s, opset %d: element %d is %g instead of %g", c.name, opset, i, got[i], want[i])
					break
				}
			}
		}
	}
}

// TestOlderLimitsHaveTheOperandsType raises a Clip and a Pad whose limits and value were attributes, which are float32 whatever
// the operand is: ONNX Runtime, which takes no operands of two types, runs what comes of it.
func TestOlderLimitsHaveTheOperandsType(t *testing.T) {
	x := []float32{-9.5, -0.25, 0.125, 3, 7, 100}
	for _, c := range []struct {
		name string
		node *onnxpb.NodeProto
		want []float32
	}{
		{"Clip", onnx.NewNode("Clip", "n", []string{"d"}, []string{"e"}, floatAttr("min", -0.5), floatAttr("max", 6)), []float32{-0.5, -0.25, 0.125, 3, 6, 6}},
		{"Pad", onnx.NewNode("Pad", "n", []string{"d"}, []string{"e"}, onnx.IntsAttr("pads", 0, 1, 0, 0), floatAttr("value", -1.5)), []float32{-1.5, -9.5, -0.25, 0.125, 3, 7, 100}},
	} {
		for name, typ := range map[string]int64{"float32": 1, "float16": 10, "double": 11} {
			m := onnx.NetOf(t, 10, []int64{1, 6}, onnx.NewNode("Identity", "n", []string{"x"}, []string{"y"}))
			m.Graph().Node = []*onnxpb.NodeProto{
				onnx.NewNode("Cast", "there", []string{"x"}, []string{"d"}, onnx.IntAttr("to", typ)), c.node,
				onnx.NewNode("Cast", "back", []string{"e"}, []string{"y"}, onnx.IntAttr("to", 1))}
			m = m.Clone()
			if err := onnx.ConvertOpset(m); err != nil {
				t.Errorf("%s of %s: %v", c.name, name, err)
				continue
			}
			got := run(t, m, settings{level: ort.GraphOptimizationLevelDisableAll}, feed{name: "x", dims: []int64{1, 6}, floats: x})["y"]
			if !slices.Equal(got, c.want) {
				t.Errorf("%s of %s: %v instead of %v", c.name, name, got, c.want)
			}
		}
	}
}

// TestOlderScalesAreComputed raises Resize and Upsample whose scales follow from constants by way of nodes, or of known
// dimensions: the bits are the same as before.
func TestOlderScalesAreComputed(t *testing.T) {
	x := make([]float32, 1*2*4*6)
	for i := range x {
		x[i] = float32(i*i%31) - 9
	}
	two := onnx.NewFloats("two", []int64{2}, []float32{2, 1.5})
	ones := onnx.NewFloats("ones", []int64{2}, []float32{1, 1})
	ints := onnx.NewInts("ints", onnx.Int64, []int64{4}, []int64{1, 1, 2, 3})
	half := onnx.NewFloats("half", nil, []float32{0.5})
	all := onnx.NewFloats("all", []int64{4}, []float32{1, 1, 2, 2})
	first := onnx.NewInts("first", onnx.Int64, []int64{1}, []int64{0})
	through := onnx.NewNode("Identity", "n", []string{"x"}, []string{"y"}) // until the others are there
	concat := onnx.NewNode("Concat", "c", []string{"ones", "two"}, []string{"s"}, onnx.IntAttr("axis", 0))
	for _, c := range []struct {
		name  string
		nodes []*onnxpb.NodeProto
	}{
		{"Concat", []*onnxpb.NodeProto{concat}},
		{"Identity", []*onnxpb.NodeProto{onnx.NewNode("Identity", "i", []string{"all"}, []string{"s"})}},
		{"Cast", []*onnxpb.NodeProto{onnx.NewNode("Cast", "i", []string{"ints"}, []string{"s"}, onnx.IntAttr("to", 1))}},
		{"arithmetic", []*onnxpb.NodeProto{
			onnx.NewNode("Mul", "m", []string{"all", "half"}, []string{"h"}),
			onnx.NewNode("Add", "a", []string{"h", "half"}, []string{"s"})}},
		{"single values", []*onnxpb.NodeProto{
			onnx.NewNode("Gather", "l", []string{"two", "first"}, []string{"one"}),
			onnx.NewNode("Squeeze", "q", []string{"one"}, []string{"scalar"}, onnx.IntsAttr("axes", 0)),
			onnx.NewNode("Unsqueeze", "u", []string{"scalar"}, []string{"list"}, onnx.IntsAttr("axes", 0)),
			onnx.NewNode("Concat", "c", []string{"ones", "list", "list"}, []string{"s"}, onnx.IntAttr("axis", 0))}},
		{"dimensions", []*onnxpb.NodeProto{
			onnx.NewNode("Shape", "d", []string{"x"}, []string{"shape"}),
			onnx.NewNode("Cast", "f", []string{"shape"}, []string{"sizes"}, onnx.IntAttr("to", 1)),
			onnx.NewNode("Mul", "m", []string{"sizes", "all"}, []string{"wanted"}),
			onnx.NewNode("Div", "v", []string{"wanted", "sizes"}, []string{"s"})}},
	} {
		for _, opset := range []int64{9, 10} {
			last := onnx.NewNode(map[int64]string{9: "Upsample", 10: "Resize"}[opset], "n", []string{"x", "s"}, []string{"y"})
			m := onnx.NetOf(t, opset, []int64{1, 2, 4, 6}, through, two, ones, ints, half, all, first)
			m.Graph().Node = append(c.nodes, last)
			converted := m.Clone()
			if err := onnx.ConvertOpset(converted); err != nil {
				t.Errorf("%s, opset %d: %v", c.name, opset, err)
				continue
			}
			in := feed{name: "x", dims: []int64{1, 2, 4, 6}, floats: x}
			plain := settings{level: ort.GraphOptimizationLevelDisableAll}
			want, got := run(t, m, plain, in)["y"], run(t, converted, plain, in)["y"]
			if len(want) == 0 || !slices.Equal(got, want) {
				t.Errorf("%s, opset %d: %v instead of %v", c.name, opset, got, want)
			}
		}
	}

	last := onnx.NewNode("Resize", "n", []string{"x", "s"}, []string{"y"})
	m := onnx.NetOf(t, 10, []int64{1, 2, 4, 6}, through, ones)
	m.Graph().Node = []*onnxpb.NodeProto{
		onnx.NewNode("ReduceMax", "most", []string{"x"}, []string{"r"}, onnx.IntsAttr("axes", 0, 2, 3), onnx.IntAttr("keepdims", 0)),
		onnx.NewNode("Concat", "joined", []string{"ones", "r"}, []string{"s"}, onnx.IntAttr("axis", 0)), last}
	want := `its scales, "s", are not constant but computed by Concat node "joined"`
	if err := onnx.ConvertOpset(m); !errors.Is(err, onnx.ErrInput) || !strings.Contains(err.Error(), want) {
		t.Errorf("%v instead of %s", err, want)
	}
}

// TestOlderOperatorsWithoutCounterpart names what cannot be raised.
func TestOlderOperatorsWithoutCounterpart(t *testing.T) {
	nchw := []int64{2, 4, 6, 6}
	channel := onnx.NewFloats("c", []int64{4}, []float32{1, 2, 3, 4})
	for _, c := range []struct {
		opset     int64
		node      *onnxpb.NodeProto
		constants []*onnxpb.TensorProto
		text      string
	}{
		{7, onnx.NewNode("BatchNormalization", "n", []string{"x", "c", "c", "c", "c"}, []string{"y"}, onnx.IntAttr("spatial", 0)), []*onnxpb.TensorProto{channel}, "spatial"},
		{8, onnx.NewNode("LayerNormalization", "n", []string{"x", "c"}, []string{"y"}), []*onnxpb.TensorProto{channel}, "LayerNormalization"},
		{10, onnx.NewNode("Resize", "n", []string{"x", "s"}, []string{"y"}), []*onnxpb.TensorProto{onnx.NewFloats("s", []int64{4}, []float32{1, 1, 2, 0.5})}, "opset_version=17"},
	} {
		err := onnx.ConvertOpset(onnx.NetOf(t, c.opset, nchw, c.node, c.constants...))
		if !errors.Is(err, onnx.ErrInput) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s of opset %d: %v", c.node.GetOpType(), c.opset, err)
		}
	}
}
