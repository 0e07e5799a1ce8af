package opset_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	ort "github.com/yalue/onnxruntime_go"
	"google.golang.org/protobuf/proto"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/onnxruntest"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/internal/opset"
	"example.org/demote/onnx/onnxpb"
)

// TestFunctionOperatorsComputeTheSame runs Attention, RMSNormalization, RotaryEmbedding and Swish of operator set 24,
// in all their forms, against the operators that are put in their place.
func TestFunctionOperatorsComputeTheSame(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 9))
	draw := func(n int) (list []float32) {
		for range n {
			list = append(list, float32(r.NormFloat64()))
		}
		return list
	}
	rows, heads, pastDims := []int64{2, 6, 8}, []int64{2, 2, 6, 4}, []int64{2, 2, 3, 4}
	op := func(name, inputs string, attrs ...*onnxpb.AttributeProto) *onnxpb.NodeProto {
		in, out, _ := strings.Cut(inputs, " -> ")
		outputs := append([]string{"y"}, strings.Fields(out)...)
		list := strings.Fields(in)
		for _, names := range [][]string{list, outputs} {
			for i := range names {
				names[i] = strings.Trim(names[i], "_")
			}
		}
		return ir.NewNode(name, "n", list, outputs, attrs...)
	}
	two := func(more ...*onnxpb.AttributeProto) []*onnxpb.AttributeProto {
		return append([]*onnxpb.AttributeProto{ir.IntAttr("q_num_heads", 2), ir.IntAttr("kv_num_heads", 2)}, more...)
	}
	bits := &onnxpb.TensorProto{Name: proto.String("keep"), DataType: proto.Int32(9), Dims: []int64{6, 6}}
	for i := range 36 {
		bits.Int32Data = append(bits.Int32Data, int32(1&(i*7/3)|i%7/6))
	}
	table := make([]float32, 36)
	for i := range table {
		if i%6 > i/6 {
			table[i] = -1e9
		}
	}
	keep := []*onnxpb.TensorProto{bits}
	past := []*onnxpb.TensorProto{ir.NewFloats("pk", pastDims, draw(48)), ir.NewFloats("pv", pastDims, draw(48))}
	fewer := []*onnxpb.TensorProto{ir.NewFloats("k", []int64{2, 6, 4}, draw(48)), ir.NewFloats("v", []int64{2, 6, 4}, draw(48))}
	waves := func(dims ...int64) []*onnxpb.TensorProto {
		n := 1
		for _, d := range dims {
			n *= int(d)
		}
		return []*onnxpb.TensorProto{ir.NewFloats("c", dims, draw(n)), ir.NewFloats("s", dims, draw(n))}
	}
	places := ir.NewInts("at", ir.Int64, []int64{2, 6}, []int64{0, 1, 2, 3, 4, 5, 3, 4, 5, 6, 7, 8})
	for name, c := range map[string]struct {
		dims      []int64
		node      *onnxpb.NodeProto
		constants []*onnxpb.TensorProto
	}{
		"plain":           {rows, op("Attention", "x x x", two()...), nil},
		"causal":          {rows, op("Attention", "x x x", two(ir.IntAttr("is_causal", 1))...), nil},
		"scale":           {rows, op("Attention", "x x x", two(ir.FloatAttr("scale", 0.3))...), nil},
		"softcap":         {rows, op("Attention", "x x x", two(ir.FloatAttr("softcap", 1.5))...), nil},
		"booleans":        {rows, op("Attention", "x x x keep", two()...), keep},
		"causal with":     {rows, op("Attention", "x x x keep", two(ir.IntAttr("is_causal", 1))...), keep},
		"numbers":         {rows, op("Attention", "x x x table", two()...), []*onnxpb.TensorProto{ir.NewFloats("table", []int64{6, 6}, table)}},
		"four axes":       {heads, op("Attention", "x x x"), nil},
		"past":            {rows, op("Attention", "x x x _ pk pv -> a b", two()...), past},
		"past, causal":    {rows, op("Attention", "x x x _ pk pv -> a b", two(ir.IntAttr("is_causal", 1))...), past},
		"shared heads":    {rows, op("Attention", "x k v", ir.IntAttr("q_num_heads", 4), ir.IntAttr("kv_num_heads", 2)), fewer},
		"one head":        {rows, op("Attention", "x k v", ir.IntAttr("q_num_heads", 2), ir.IntAttr("kv_num_heads", 1)), fewer},
		"RMS":             {rows, op("RMSNormalization", "x g"), []*onnxpb.TensorProto{ir.NewFloats("g", []int64{8}, draw(8))}},
		"RMS, epsilon":    {rows, op("RMSNormalization", "x g", ir.FloatAttr("epsilon", 0.5), ir.IntAttr("axis", 2)), []*onnxpb.TensorProto{ir.NewFloats("g", []int64{8}, draw(8))}},
		"RMS, two axes":   {rows, op("RMSNormalization", "x g", ir.IntAttr("axis", -2)), []*onnxpb.TensorProto{ir.NewFloats("g", []int64{6, 8}, draw(48))}},
		"swish":           {heads, op("Swish", "x"), nil},
		"swish, steep":    {heads, op("Swish", "x", ir.FloatAttr("alpha", 1.75)), nil},
		"rotary":          {heads, op("RotaryEmbedding", "x c s"), waves(2, 6, 2)},
		"rotary, places":  {heads, op("RotaryEmbedding", "x c s at", ir.IntAttr("interleaved", 1)), append(waves(9, 2), places)},
		"rotary, part":    {rows, op("RotaryEmbedding", "x c s at", ir.IntAttr("num_heads", 2), ir.IntAttr("rotary_embedding_dim", 2)), append(waves(9, 1), places)},
		"rotary, joined":  {rows, op("RotaryEmbedding", "x c s", ir.IntAttr("num_heads", 2), ir.IntAttr("interleaved", 1)), waves(2, 6, 2)},
		"RMS, from front": {rows, op("RMSNormalization", "x g", ir.IntAttr("axis", 1)), []*onnxpb.TensorProto{ir.NewFloats("g", []int64{6, 8}, draw(48))}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, unknown := range []bool{false, true} { // the batch alone is free, or all is
				m := onnxtest.NetOf(t, 24, c.dims, c.node, c.constants...)
				if unknown {
					shape := m.Graph().Input[0].GetType().GetTensorType().Shape
					for i := range shape.Dim {
						shape.Dim[i] = &onnxpb.TensorShapeProto_Dimension{}
					}
				}
				converted := m.Clone()
				if err := opset.Convert(converted); err != nil {
					t.Fatal(err)
				}
				n := 1
				for _, d := range c.dims {
					n *= int(d)
				}
				in := onnxruntest.Feed{Name: "x", Dims: c.dims, Floats: draw(n)}
				plain := onnxruntest.Settings{Level: ort.GraphOptimizationLevelDisableAll}
				want, got := onnxruntest.Run(t, m, plain, in)["y"], onnxruntest.Run(t, converted, plain, in)["y"]
				if len(want) == 0 || len(got) != len(want) {
					t.Fatalf("%d values instead of %d", len(got), len(want))
				}
				for i := range want {
					if d := math.Abs(float64(got[i] - want[i])); !(d < 1e-5) {
						t.Fatalf("element %d is %g instead of %g", i, got[i], want[i])
					}
				}
			}
		})
	}
	for text, node := range map[string]*onnxpb.NodeProto{
		"output qk_matmul_output is not supported: export the network with opset_version=22 or less":  op("Attention", "x x x -> _ _ q", two()...),
		"is not known to be of booleans or float32: export the network with opset_version=22 or less": op("Attention", "x x x m", two()...),
		"attributes q_num_heads and kv_num_heads are missing":                                         op("Attention", "x x x"),
		"3 heads cannot share 2 of keys and values":                                                   op("Attention", "x x x", ir.IntAttr("q_num_heads", 3), ir.IntAttr("kv_num_heads", 2)),
		"input nonpad_kv_seqlen does not exist there":                                                 op("Attention", "x x x _ _ _ m", two()...),
		"attribute left_window_size has a value that does not exist there":                            op("Attention", "x x x", two(ir.IntAttr("left_window_size", 2))...),
		"operator TensorScatter does not exist there":                                                 op("TensorScatter", "x x"),
		"operator CumProd does not exist there":                                                       op("CumProd", "x m"),
		"attribute num_heads is missing":                                                              op("RotaryEmbedding", "x x x"),
	} {
		m := onnxtest.NetOf(t, 26, rows, node, ir.NewInts("m", ir.Int64, []int64{1, 1}, []int64{0}))
		if err := opset.Convert(m.Clone()); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%v, want %s", err, text)
		}
	}
}
