package opset_test

import (
	"math"
	"math/rand/v2"

	"example.org/demote/internal/ir"
	"example.org/demote/onnx/onnxpb"
)

// An olderNet is a network of one operator in the form that it had in some opsets below 13. It reads x and gives y.
type olderNet struct {
	name      string
	opsets    []int64
	dims      []int64
	node      *onnxpb.NodeProto
	constants []*onnxpb.TensorProto
}

// olderInput are the values of x, and of constants; a network of fewer elements takes the first of them.
func olderInput() []float32 {
	r := rand.New(rand.NewPCG(5, 5))
	x := make([]float32, 2*4*6*6)
	for i := range x {
		x[i] = 2*r.Float32() - 1
	}
	return x
}

// olderNets are the operators that have changed between opset 7 and 13, in all their forms.
func olderNets() []olderNet {
	x := olderInput()
	nchw := []int64{2, 4, 6, 6}
	op := func(name string, inputs []string, attrs ...*onnxpb.AttributeProto) *onnxpb.NodeProto {
		return ir.NewNode(name, "n", append([]string{"x"}, inputs...), []string{"y"}, attrs...)
	}
	ints := func(name string, values ...int64) *onnxpb.TensorProto {
		return ir.NewInts(name, ir.Int64, []int64{int64(len(values))}, values)
	}
	channel := ir.NewFloats("c", []int64{4}, []float32{1, 2, 3, 4})
	weight := ir.NewFloats("w", []int64{3, 4, 3, 3}, x[:108])
	square := ir.NewFloats("m", []int64{6, 5}, x[:30])
	index := ints("i", 2, 0, 1)
	cases := []olderNet{
		{"Clip both", []int64{7, 9, 10}, nchw, op("Clip", nil, ir.FloatAttr("min", -0.25), ir.FloatAttr("max", 0.5)), nil},
		{"Clip below", []int64{7, 10}, nchw, op("Clip", nil, ir.FloatAttr("min", 0)), nil},
		{"Clip above", []int64{7, 10}, nchw, op("Clip", nil, ir.FloatAttr("max", 0.125)), nil},
		{"Clip nothing", []int64{7, 10}, nchw, op("Clip", nil, ir.FloatAttr("min", -math.MaxFloat32), ir.FloatAttr("max", math.MaxFloat32)), nil},
		{"Pad zero", []int64{7, 9, 10}, nchw, op("Pad", nil, ir.IntsAttr("pads", 0, 0, 1, 2, 0, 0, 0, 1)), nil},
		{"Pad value", []int64{7, 10}, nchw, op("Pad", nil, ir.IntsAttr("pads", 0, 1, 1, 2, 0, 0, 0, 1), ir.FloatAttr("value", -3)), nil},
		{"Pad reflect", []int64{7, 10}, nchw, op("Pad", nil, ir.IntsAttr("pads", 0, 0, 1, 2, 0, 0, 0, 1), ir.StringAttr("mode", "reflect")), nil},
		{"Pad edge", []int64{8, 10}, nchw, op("Pad", nil, ir.IntsAttr("pads", 0, 0, 1, 2, 0, 0, 0, 1), ir.StringAttr("mode", "edge")), nil},
		{"Slice", []int64{7, 9}, nchw, op("Slice", nil, ir.IntsAttr("starts", 1, -5), ir.IntsAttr("ends", 3, 9999), ir.IntsAttr("axes", 1, 3)), nil},
		{"Slice without axes", []int64{7, 9}, nchw, op("Slice", nil, ir.IntsAttr("starts", 0, 1), ir.IntsAttr("ends", 1, 3)), nil},
		{"Split", []int64{7, 11, 12}, nchw, ir.NewNode("Split", "n", []string{"x"}, []string{"y", "z"}, ir.IntAttr("axis", 1), ir.IntsAttr("split", 1, 3)), nil},
		{"Split evenly", []int64{7, 12}, nchw, ir.NewNode("Split", "n", []string{"x"}, []string{"y", "z"}, ir.IntAttr("axis", 2)), nil},
		{"Squeeze", []int64{7, 12}, []int64{2, 1, 6, 1}, op("Squeeze", nil, ir.IntsAttr("axes", 1, 3)), nil},
		{"Squeeze all", []int64{7, 12}, []int64{2, 1, 6, 1}, op("Squeeze", nil), nil},
		{"Unsqueeze", []int64{7, 11, 12}, []int64{2, 6}, op("Unsqueeze", nil, ir.IntsAttr("axes", 0, 3)), nil},
		{"Unsqueeze from the end", []int64{11}, []int64{2, 6}, op("Unsqueeze", nil, ir.IntsAttr("axes", -1)), nil},
		{"ReduceSum", []int64{7, 11, 12}, nchw, op("ReduceSum", nil, ir.IntsAttr("axes", 2, 3), ir.IntAttr("keepdims", 0)), nil},
		{"ReduceSum of all", []int64{7, 12}, nchw, op("ReduceSum", nil), nil},
		{"ReduceMean", []int64{7, 11}, nchw, op("ReduceMean", nil, ir.IntsAttr("axes", 2, 3)), nil},
		{"ReduceMax", []int64{7, 11, 12}, nchw, op("ReduceMax", nil, ir.IntsAttr("axes", 1)), nil},
		{"TopK", []int64{7, 9}, nchw, ir.NewNode("TopK", "n", []string{"x"}, []string{"y", "z"}, ir.IntAttr("k", 3)), nil},
		{"TopK of an axis", []int64{7, 9}, nchw, ir.NewNode("TopK", "n", []string{"x"}, []string{"y", "z"}, ir.IntAttr("k", 2), ir.IntAttr("axis", 1)), nil},
		{"Dropout", []int64{7, 10, 11}, nchw, op("Dropout", nil, ir.FloatAttr("ratio", 0.9)), nil},
		{"Dropout with a mask that nobody reads", []int64{7, 10}, nchw, ir.NewNode("Dropout", "n", []string{"x"}, []string{"y", "mask"}, ir.FloatAttr("ratio", 0.9)), nil},
		{"BatchNormalization", []int64{7, 8, 9}, nchw, op("BatchNormalization", []string{"c", "c", "c", "c"}), []*onnxpb.TensorProto{channel}},
		{"BatchNormalization, spatial", []int64{7, 8}, nchw, op("BatchNormalization", []string{"c", "c", "c", "c"}, ir.IntAttr("spatial", 1)), []*onnxpb.TensorProto{channel}},
		{"Conv", []int64{7, 10, 11}, nchw, op("Conv", []string{"w"}, ir.IntsAttr("pads", 1, 1, 1, 1), ir.IntsAttr("strides", 2, 1)), []*onnxpb.TensorProto{weight}},
		{"Conv, auto_pad", []int64{7, 10}, nchw, op("Conv", []string{"w"}, ir.StringAttr("auto_pad", "SAME_UPPER"), ir.IntsAttr("strides", 2, 2)), []*onnxpb.TensorProto{weight}},
		{"MaxPool", []int64{7, 8, 10, 11, 12}, nchw, op("MaxPool", nil, ir.IntsAttr("kernel_shape", 3, 2), ir.IntsAttr("strides", 2, 2)), nil},
		{"AveragePool", []int64{7, 10, 11}, nchw, op("AveragePool", nil, ir.IntsAttr("kernel_shape", 3, 3), ir.IntsAttr("pads", 1, 1, 1, 1), ir.IntAttr("count_include_pad", 1)), nil},
		{"MatMul", []int64{7, 9, 12}, nchw, op("MatMul", []string{"m"}), []*onnxpb.TensorProto{square}},
		{"Gemm", []int64{7, 9, 11, 12}, []int64{3, 6}, op("Gemm", []string{"m", "b"}), []*onnxpb.TensorProto{square, ir.NewFloats("b", []int64{5}, x[:5])}},
		{"PRelu", []int64{7, 9}, nchw, op("PRelu", []string{"s"}), []*onnxpb.TensorProto{ir.NewFloats("s", []int64{4, 1, 1}, x[:4])}},
		{"Gather", []int64{7, 11, 12}, nchw, op("Gather", []string{"i"}, ir.IntAttr("axis", 1)), []*onnxpb.TensorProto{index}},
		{"Flatten", []int64{7, 9, 11}, nchw, op("Flatten", nil, ir.IntAttr("axis", 2)), nil},
		{"Sum", []int64{7, 8}, nchw, op("Sum", []string{"x", "x"}), nil},
		{"Scatter", []int64{9, 10}, []int64{1, 3}, op("Scatter", []string{"p", "u"}, ir.IntAttr("axis", 1)),
			[]*onnxpb.TensorProto{ir.NewInts("p", ir.Int64, []int64{1, 2}, []int64{2, 0}), ir.NewFloats("u", []int64{1, 2}, []float32{7, 8})}},
		{"DepthToSpace", []int64{7, 10, 11}, nchw, op("DepthToSpace", nil, ir.IntAttr("blocksize", 2)), nil},
		{"Upsample nearest", []int64{7, 8}, nchw, op("Upsample", nil, ir.FloatsAttr("scales", 1, 1, 2, 1.5), ir.StringAttr("mode", "nearest")), nil},
		{"Upsample by default", []int64{7}, nchw, op("Upsample", nil, ir.FloatsAttr("scales", 1, 1, 3, 2)), nil},
		{"Upsample linear", []int64{7, 8}, nchw, op("Upsample", nil, ir.FloatsAttr("scales", 1, 1, 2, 1.5), ir.StringAttr("mode", "linear")), nil},
		{"Upsample 9 nearest", []int64{9}, nchw, op("Upsample", []string{"s"}), []*onnxpb.TensorProto{ir.NewFloats("s", []int64{4}, []float32{1, 1, 2, 2})}},
		{"Upsample 9 linear", []int64{9}, nchw, op("Upsample", []string{"s"}, ir.StringAttr("mode", "linear")), []*onnxpb.TensorProto{ir.NewFloats("s", []int64{4}, []float32{1, 1, 2, 1.7})}},
		{"Resize 10 nearest, larger", []int64{10}, nchw, op("Resize", []string{"s"}), []*onnxpb.TensorProto{ir.NewFloats("s", []int64{4}, []float32{1, 1, 2, 1.3})}},
		{"Resize 10 nearest, smaller", []int64{10}, nchw, op("Resize", []string{"s"}), []*onnxpb.TensorProto{ir.NewFloats("s", []int64{4}, []float32{1, 1, 0.5, 0.6})}},
		{"Resize 10 linear", []int64{10}, nchw, op("Resize", []string{"s"}, ir.StringAttr("mode", "linear")), []*onnxpb.TensorProto{ir.NewFloats("s", []int64{4}, []float32{1, 1, 0.7, 1.4})}},
		{"Resize 11", []int64{11, 12}, nchw, op("Resize", []string{"roi", "s"}, ir.StringAttr("mode", "linear")),
			[]*onnxpb.TensorProto{ir.NewFloats("roi", []int64{0}, nil), ir.NewFloats("s", []int64{4}, []float32{1, 1, 2, 1.4})}},
		{"LSTM", []int64{7, 12}, []int64{3, 2, 4}, ir.NewNode("LSTM", "n", []string{"x", "w", "r"}, []string{"y"}, ir.IntAttr("hidden_size", 2)),
			[]*onnxpb.TensorProto{ir.NewFloats("w", []int64{1, 8, 4}, x[:32]), ir.NewFloats("r", []int64{1, 8, 2}, x[:16])}},
	}
	for _, name := range []string{"Softmax", "LogSoftmax", "Hardmax"} {
		for axis := range int64(4) {
			cases = append(cases, olderNet{name + " from axis " + string(rune('0'+axis)), []int64{7, 11, 12}, nchw, op(name, nil, ir.IntAttr("axis", axis)), nil})
		}
		cases = append(cases, olderNet{name + " by default", []int64{7, 12}, nchw, op(name, nil), nil}, olderNet{name + " of a list", []int64{7, 12}, []int64{4, 6}, op(name, nil), nil},
			olderNet{name + " from the end", []int64{11}, nchw, op(name, nil, ir.IntAttr("axis", -2)), nil}, olderNet{name + " of the last", []int64{11}, nchw, op(name, nil, ir.IntAttr("axis", -1)), nil})
	}
	return cases
}
