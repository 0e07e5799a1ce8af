package opset_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
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

// TestConvertedOperatorsComputeTheSame runs every operator whose form changed before and after the conversion to
// opset 21.
func TestConvertedOperatorsComputeTheSame(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	x := make([]float32, 2*4*6*6)
	for i := range x {
		x[i] = 0.1 + r.Float32()
	}
	nchw := []int64{2, 4, 6, 6}
	floats := func(name string, dims []int64, values ...float32) *onnxpb.TensorProto {
		return ir.NewFloats(name, dims, values)
	}
	ints := func(name string, values ...int64) *onnxpb.TensorProto {
		return ir.NewInts(name, ir.Int64, []int64{int64(len(values))}, values)
	}
	grid := make([]float32, 2*3*3*2)
	for i := range grid {
		grid[i] = 2*r.Float32() - 1
	}
	type net struct {
		name      string
		opset     int64
		dims      []int64
		node      *onnxpb.NodeProto
		constants []*onnxpb.TensorProto
	}
	op := func(name string, inputs []string, attrs ...*onnxpb.AttributeProto) *onnxpb.NodeProto {
		return ir.NewNode(name, "n", append([]string{"x"}, inputs...), []string{"y"}, attrs...)
	}
	var cases []net
	for _, name := range []string{"ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSumSquare"} {
		cases = append(cases,
			net{name, 13, nchw, op(name, nil, ir.IntsAttr("axes", 1, -1), ir.IntAttr("keepdims", 0)), nil},
			net{name + " of everything", 17, nchw, op(name, nil), nil})
	}
	boxes := []*onnxpb.TensorProto{floats("r", []int64{2, 4}, 0, 0, 4, 4, 1, 1, 5, 3), ints("b", 0, 1)}
	for _, mode := range []string{"bilinear", "nearest", "bicubic"} {
		cases = append(cases, net{"GridSample " + mode, 16, nchw, op("GridSample", []string{"g"}, ir.StringAttr("mode", mode)),
			[]*onnxpb.TensorProto{floats("g", []int64{2, 3, 3, 2}, grid...)}})
	}
	channel := floats("c", []int64{4}, 1, 2, 3, 4)
	cases = append(cases,
		net{"Split", 13, nchw, ir.NewNode("Split", "n", []string{"x"}, []string{"y", "z"}, ir.IntAttr("axis", 1)), nil},
		net{"RoiAlign 10", 13, nchw, op("RoiAlign", []string{"r", "b"}, ir.IntAttr("output_height", 2), ir.IntAttr("output_width", 2)), boxes},
		net{"RoiAlign 16", 16, nchw, op("RoiAlign", []string{"r", "b"}, ir.IntAttr("output_height", 2), ir.IntAttr("output_width", 2)), boxes},
		net{"DFT", 17, []int64{2, 12, 12, 1}, op("DFT", nil), nil},
		net{"DFT of an axis", 17, []int64{2, 12, 12, 1}, op("DFT", nil, ir.IntAttr("axis", 2)), nil},
		net{"GroupNormalization", 18, nchw, op("GroupNormalization", []string{"s", "b"}, ir.IntAttr("num_groups", 2)),
			[]*onnxpb.TensorProto{floats("s", []int64{2}, 1, 2), floats("b", []int64{2}, 0.5, -0.5)}},
		net{"Pad", 13, nchw, op("Pad", []string{"p"}, ir.StringAttr("mode", "reflect")), []*onnxpb.TensorProto{ints("p", 0, 0, 1, 2, 0, 0, 0, 1)}},
		net{"Resize by scales", 13, nchw, op("Resize", []string{"", "s"}, ir.StringAttr("mode", "linear")),
			[]*onnxpb.TensorProto{floats("s", []int64{4}, 1, 1, 2, 1.5)}},
		net{"Resize to sizes", 13, nchw, op("Resize", []string{"", "", "s"}, ir.StringAttr("mode", "cubic"),
			ir.StringAttr("coordinate_transformation_mode", "align_corners")), []*onnxpb.TensorProto{ints("s", 2, 4, 9, 11)}},
		net{"BatchNormalization", 13, nchw, op("BatchNormalization", []string{"c", "c", "c", "c"}), []*onnxpb.TensorProto{channel}},
		net{"HardSwish", 22, nchw, op("HardSwish", nil), nil},
		net{"MaxPool", 22, nchw, op("MaxPool", nil, ir.IntsAttr("kernel_shape", 2, 2)), nil},
		net{"Transpose", 24, nchw, op("Transpose", nil, ir.IntsAttr("perm", 3, 2, 1, 0)), nil},
	)
	pool := func(kernel, stride, begin, end, ceil, include int64) net {
		return net{fmt.Sprintf("AveragePool %d/%d, pads %d %d, ceil %d, include %d", kernel, stride, begin, end, ceil, include), 13, nchw,
			op("AveragePool", nil, ir.IntsAttr("kernel_shape", kernel, kernel), ir.IntsAttr("strides", stride, stride),
				ir.IntsAttr("pads", begin, begin, end, end), ir.IntAttr("ceil_mode", ceil), ir.IntAttr("count_include_pad", include)), nil}
	}
	for _, ceil := range []int64{0, 1} {
		for _, include := range []int64{0, 1} {
			if ceil == 1 && include == 1 {
				continue // refused: TestAveragePoolOfTwoMeanings
			}
			cases = append(cases, pool(3, 2, 1, 1, ceil, include), pool(3, 2, 0, 0, ceil, include), pool(3, 2, 0, 1, ceil, include),
				pool(2, 2, 0, 0, ceil, include), pool(5, 3, 2, 2, ceil, include), pool(4, 3, 1, 1, ceil, include))
		}
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := onnxtest.NetOf(t, c.opset, c.dims, c.node, c.constants...)
			converted := m.Clone()
			if err := opset.Convert(converted); err != nil {
				t.Fatal(err)
			}
			in := onnxruntest.Feed{Name: "x", Dims: c.dims, Floats: x}
			plain := onnxruntest.Settings{Level: ort.GraphOptimizationLevelDisableAll}
			want, got := onnxruntest.Run(t, m, plain, in)["y"], onnxruntest.Run(t, converted, plain, in)["y"]
			if len(want) == 0 || len(got) != len(want) {
				t.Fatalf("%d values instead of %d", len(got), len(want))
			}
			if strings.HasPrefix(ort.GetVersion(), "1.24.") && c.name == "AveragePool 3/2, pads 0 1, ceil 0, include 1" {
				return // its kernel of version 19 forgets counted padding at one end alone; 1.26 does not
			}
			for i := range want {
				// its newer kernel adds in another order
				near := c.node.GetOpType() == "AveragePool" && math.Abs(float64(got[i]-want[i])) < 1e-6
				if math.Float32bits(got[i]) != math.Float32bits(want[i]) && !near {
					t.Fatalf("element %d is %g instead of %g", i, got[i], want[i])
				}
			}
		})
	}
}

// TestAveragePoolOfTwoMeanings holds that a pool whose result depends on the operator set, and on the release of ONNX
// Runtime, is refused on the way up, and taken as it is where nothing is converted.
func TestAveragePoolOfTwoMeanings(t *testing.T) {
	for _, c := range []struct {
		opset   int64
		refused bool
	}{{13, true}, {18, true}, {19, false}, {21, false}} {
		m := onnxtest.NetOf(t, c.opset, []int64{2, 4, 6, 6}, ir.NewNode("AveragePool", "n", []string{"x"}, []string{"y"},
			ir.IntsAttr("kernel_shape", 3, 3), ir.IntsAttr("strides", 2, 2), ir.IntAttr("ceil_mode", 1), ir.IntAttr("count_include_pad", 1)))
		if err := opset.Convert(m); (err != nil) != c.refused || c.refused && !errors.Is(err, mistake.Err) {
			t.Errorf("opset %d: %v", c.opset, err)
		}
	}
}
