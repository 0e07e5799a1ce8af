package onnx_test

import (
	"math"
	"math/rand/v2"

	"demote/onnx"
	"demote/onnx/onnxpb"
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
		return onnx.NewNode(name, "n", append([]string{"x"}, inputs...), []string{"y"}, attrs...)
	}
	ints := func(name string, values ...int64) *onnxpb.TensorProto {
		return onnx.NewInts(name, onnx.Int64, []int64{int64(len(values))}, values)
	}
	channel := onnx.NewFloats("c", []int64{4}, []float32{1, 2, 3, 4})
	weight := onnx.NewFloats("w", []int64{3, 4, 3, 3}, x[:108])
	square := onnx.NewFloats("m", []int64{6, 5}, x[:30])
	index := ints("i", 2, 0, 1)
	cases := []olderNet{
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
			cases = append(cases, olderNet{name + " from axis " + string(rune('0'+axis)), []int64{7, 11, 12}, nchw, op(name, nil, onnx.IntAttr("axis", axis)), nil})
		}
		cases = append(cases, olderNet{name + " by default", []int64{7, 12}, nchw, op(name, nil), nil}, olderNet{name + " of a list", []int64{7, 12}, []int64{4, 6}, op(name, nil), nil},
			olderNet{name + " from the end", []int64{11}, nchw, op(name, nil, onnx.IntAttr("axis", -2)), nil}, olderNet{name + " of the last", []int64{11}, nchw, op(name, nil, onnx.IntAttr("axis", -1)), nil})
	}
	return cases
}
