package onnx_test

import (
	"errors"
	"math"
	"math/rand/v2"
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
	r := rand.New(rand.NewPCG(5, 5))
	x := make([]float32, 2*4*6*6)
	for i := range x {
		x[i] = 2*r.Float32() - 1
	}
	nchw := []int64{2, 4, 6, 6}
	op := func(name string, inputs []string, attrs ...*onnxpb.AttributeProto) *onnxpb.NodeProto {
		return onnx.NewNode(name, "n", append([]string{"x"}, inputs...), []string{"y"}, attrs...)
	}
	ints := func(name string, values ...int64) *onnxpb.TensorProto {
		return onnx.NewInts(name, onnx.Int64, []int64{int64(len(values))}, values)
	}
	channel := onnx.NewFloats("c", []int64{4}, []float32{1, 2, 3, 4})
	weight := onnx.NewFloats("w", []int64{3, 4, 3, 3}, x[:108])
	square := onnx.NewFloats("m", []int64{6, 5}, x[:30])
	index := ints("i", 2, 0, 1)
	type net struct {
		name      string
		opsets    []int64
		dims      []int64
		node      *onnxpb.NodeProto
		constants []*onnxpb.TensorProto
	}
	cases := []net{
		{"Clip both", []int64{7, 9, 10}, nchw, op("Clip", nil, floatAttr("min", -0.25), floatAttr("max", 0.5)), nil},
		{"Clip below", []int64{7, 10}, nchw, op("Clip", nil, floatAttr("min", 0)), nil},
		{"Clip above", []int64{7, 10}, nchw, op("Clip", nil, floatAttr("max", 0.125)), nil},
		{"Clip nothing", []int64{7, 10}, nchw, op("Clip", nil, floatAttr("min", -math.MaxFloat32), floatAttr("max", math.MaxFloat32)), nil},
		{"Pad zero", []int64{7, 9, 10}, nchw, op("Pad", nil, onnx.IntsAttr("pads", 0, 0, 1, 2, 0, 0, 0, 1)), nil},
		{"Pad value", []int64{7, 10}, nchw, op("Pad", nil, onnx.IntsAttr("pads", 0, 1, 1, 2, 0, 0, 0, 1), floatAttr("value", -3)), nil},
		{"Pad reflect", []int64{7, 10}, nchw, op("Pad", nil, onnx.IntsAttr("pads", 0, 0, 1, 2, 0, 0, 0, 1), onnx.StringAttr("mode", "reflect")), nil},
		{"Pad edge", []int64{8, 10}, nchw, op("Pad", nil, onnx.IntsAttr("pads", 0, 0, 1, 2, 0, 0, 0, 1), onnx.StringAttr("mode", "edge")), nil},
		{"Slice", []int64{7, 9}, nchw, op("Slice", nil, onnx.IntsAttr("starts", 1, -5), onnx.IntsAttr("ends", 3, 9999), onnx.IntsAttr("axes", 1, 3)), nil},
		{"Slice without axes", []int64{7, 9}, nchw, op("Slice", nil, onnx.IntsAttr("starts", 0, 1), onnx.IntsAttr("ends", 1, 3)), nil},
		{"Split", []int64{7, 11, 12}, nchw, onnx.NewNode("Split", "n", []string{"x"}, []string{"y", "z"}, onnx.IntAttr("axis", 1), onnx.IntsAttr("split", 1, 3)), nil},
		{"Split evenly", []int64{7, 12}, nchw, onnx.NewNode("Split", "n", []string{"x"}, []string{"y", "z"}, onnx.IntAttr("axis", 2)), nil},
		{"Squeeze", []int64{7, 12}, []int64{2, 1, 6, 1}, op("Squeeze", nil, onnx.IntsAttr("axes", 1, 3)), nil},
		{"Squeeze all", []int64{7, 12}, []int64{2, 1, 6, 1}, op("Squeeze", nil), nil},
		{"Unsqueeze", []int64{7, 11, 12}, []int64{2, 6}, op("Unsqueeze", nil, onnx.IntsAttr("axes", 0, 3)), nil},
		{"Unsqueeze from the end", []int64{11}, []int64{2, 6}, op("Unsqueeze", nil, onnx.IntsAttr("axes", -1)), nil},
		{"ReduceSum", []int64{7, 11, 12}, nchw, op("ReduceSum", nil, onnx.IntsAttr("axes", 2, 3), onnx.IntAttr("keepdims", 0)), nil},
		{"ReduceSum of all", []int64{7, 12}, nchw, op("ReduceSum", nil), nil},
		{"ReduceMean", []int64{7, 11}, nchw, op("ReduceMean", nil, onnx.IntsAttr("axes", 2, 3)), nil},
		{"ReduceMax", []int64{7, 11, 12}, nchw, op("ReduceMax", nil, onnx.IntsAttr("axes", 1)), nil},
		{"TopK", []int64{7, 9}, nchw, onnx.NewNode("TopK", "n", []string{"x"}, []string{"y", "z"}, onnx.IntAttr("k", 3)), nil},
		{"TopK of an axis", []int64{7, 9}, nchw, onnx.NewNode("TopK", "n", []string{"x"}, []string{"y", "z"}, onnx.IntAttr("k", 2), onnx.IntAttr("axis", 1)), nil},
		{"Dropout", []int64{7, 10, 11}, nchw, op("Dropout", nil, floatAttr("ratio", 0.9)), nil},
		{"Dropout with a mask that nobody reads", []int64{7, 10}, nchw, onnx.NewNode("Dropout", "n", []string{"x"}, []string{"y", "mask"}, floatAttr("ratio", 0.9)), nil},
		{"BatchNormalization", []int64{7, 8, 9}, nchw, op("BatchNormalization", []string{"c", "c", "c", "c"}), []*onnxpb.TensorProto{channel}},
		{"BatchNormalization, spatial", []int64{7, 8}, nchw, op("BatchNormalization", []string{"c", "c", "c", "c"}, onnx.IntAttr("spatial", 1)), []*onnxpb.TensorProto{channel}},
		{"Conv", []int64{7, 10, 11}, nchw, op("Conv", []string{"w"}, onnx.IntsAttr("pads", 1, 1, 1, 1), onnx.IntsAttr("strides", 2, 1)), []*onnxpb.TensorProto{weight}},
		{"Conv, auto_pad", []int64{7, 10}, nchw, op("Conv", []string{"w"}, onnx.StringAttr("auto_pad", "SAME_UPPER"), onnx.IntsAttr("strides", 2, 2)), []*onnxpb.TensorProto{weight}},
		{"MaxPool", []int64{7, 8, 10, 11, 12}, nchw, op("MaxPool", nil, onnx.IntsAttr("kernel_shape", 3, 2), onnx.IntsAttr("strides", 2, 2)), nil},
		{"AveragePool", []int64{7, 10, 11}, nchw, op("AveragePool", nil, onnx.IntsAttr("kernel_shape", 3, 3), onnx.IntsAttr("pads", 1, 1, 1, 1), onnx.IntAttr("count_include_pad", 1)), nil},
		{"MatMul", []int64{7, 9, 12}, nchw, op("MatMul", []string{"m"}), []*onnxpb.TensorProto{square}},
		{"Gemm", []int64{7, 9, 11, 12}, []int64{3, 6}, op("Gemm", []string{"m", "b"}), []*onnxpb.TensorProto{square, onnx.NewFloats("b", []int64{5}, x[:5])}},
		{"PRelu", []int64{7, 9}, nchw, op("PRelu", []string{"s"}), []*onnxpb.TensorProto{onnx.NewFloats("s", []int64{4, 1, 1}, x[:4])}},
		{"Gather", []int64{7, 11, 12}, nchw, op("Gather", []string{"i"}, onnx.IntAttr("axis", 1)), []*onnxpb.TensorProto{index}},
		{"Flatten", []int64{7, 9, 11}, nchw, op("Flatten", nil, onnx.IntAttr("axis", 2)), nil},
		{"Sum", []int64{7, 8}, nchw, op("Sum", []string{"x", "x"}), nil},
		{"Scatter", []int64{9, 10}, []int64{1, 3}, op("Scatter", []string{"p", "u"}, onnx.IntAttr("axis", 1)),
			[]*onnxpb.TensorProto{onnx.NewInts("p", onnx.Int64, []int64{1, 2}, []int64{2, 0}), onnx.NewFloats("u", []int64{1, 2}, []float32{7, 8})}},
		{"DepthToSpace", []int64{7, 10, 11}, nchw, op("DepthToSpace", nil, onnx.IntAttr("blocksize", 2)), nil},
		{"Upsample nearest", []int64{7, 8}, nchw, op("Upsample", nil, floatsAttr("scales", 1, 1, 2, 1.5), onnx.StringAttr("mode", "nearest")), nil},
		{"Upsample by default", []int64{7}, nchw, op("Upsample", nil, floatsAttr("scales", 1, 1, 3, 2)), nil},
		{"Upsample linear", []int64{7, 8}, nchw, op("Upsample", nil, floatsAttr("scales", 1, 1, 2, 1.5), onnx.StringAttr("mode", "linear")), nil},
		{"Upsample 9 nearest", []int64{9}, nchw, op("Upsample", []string{"s"}), []*onnxpb.TensorProto{onnx.NewFloats("s", []int64{4}, []float32{1, 1, 2, 2})}},
		{"Upsample 9 linear", []int64{9}, nchw, op("Upsample", []string{"s"}, onnx.StringAttr("mode", "linear")), []*onnxpb.TensorProto{onnx.NewFloats("s", []int64{4}, []float32{1, 1, 2, 1.7})}},
		{"Resize 10 nearest, larger", []int64{10}, nchw, op("Resize", []string{"s"}), []*onnxpb.TensorProto{onnx.NewFloats("s", []int64{4}, []float32{1, 1, 2, 1.3})}},
		{"Resize 10 nearest, smaller", []int64{10}, nchw, op("Resize", []string{"s"}), []*onnxpb.TensorProto{onnx.NewFloats("s", []int64{4}, []float32{1, 1, 0.5, 0.6})}},
		{"Resize 10 linear", []int64{10}, nchw, op("Resize", []string{"s"}, onnx.StringAttr("mode", "linear")), []*onnxpb.TensorProto{onnx.NewFloats("s", []int64{4}, []float32{1, 1, 0.7, 1.4})}},
		{"Resize 11", []int64{11, 12}, nchw, op("Resize", []string{"roi", "s"}, onnx.StringAttr("mode", "linear")),
			[]*onnxpb.TensorProto{onnx.NewFloats("roi", []int64{0}, nil), onnx.NewFloats("s", []int64{4}, []float32{1, 1, 2, 1.4})}},
		{"LSTM", []int64{7, 12}, []int64{3, 2, 4}, onnx.NewNode("LSTM", "n", []string{"x", "w", "r"}, []string{"y"}, onnx.IntAttr("hidden_size", 2)),
			[]*onnxpb.TensorProto{onnx.NewFloats("w", []int64{1, 8, 4}, x[:32]), onnx.NewFloats("r", []int64{1, 8, 2}, x[:16])}},
	}
	for _, name := range []string{"Softmax", "LogSoftmax", "Hardmax"} {
		for axis := range int64(4) {
			cases = append(cases, net{name + " from axis " + string(rune('0'+axis)), []int64{7, 11, 12}, nchw, op(name, nil, onnx.IntAttr("axis", axis)), nil})
		}
		cases = append(cases, net{name + " by default", []int64{7, 12}, nchw, op(name, nil), nil}, net{name + " of a list", []int64{7, 12}, []int64{4, 6}, op(name, nil), nil},
			net{name + " from the end", []int64{11}, nchw, op(name, nil, onnx.IntAttr("axis", -2)), nil}, net{name + " of the last", []int64{11}, nchw, op(name, nil, onnx.IntAttr("axis", -1)), nil})
	}
	for _, c := range cases {
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
