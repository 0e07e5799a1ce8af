package ir_test

import (
	"math"
	"slices"
	"testing"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/onnx/onnxpb"
)

// sparse makes a sparse tensor with linear indices, or one a dimension.
func sparse(values ir.Tensor, at []int64, perAxis bool, dims ...int64) *onnxpb.SparseTensorProto {
	shape := []int64{int64(len(at))}
	if perAxis {
		shape = []int64{int64(len(at) / max(1, len(dims))), int64(len(dims))}
	}
	return &onnxpb.SparseTensorProto{Values: values, Indices: ir.NewInts("", ir.Int64, shape, at), Dims: dims}
}

// TestSparseIsDense holds that sparse tensors are read as the dense ones that they stand for, wherever they are and
// in every type.
func TestSparseIsDense(t *testing.T) {
	want := []float32{0, 2, 0, 0, 0, -3}
	for name, s := range map[string]*onnxpb.SparseTensorProto{
		"linear":   sparse(ir.NewFloats("w", []int64{2}, []float32{2, -3}), []int64{1, 5}, false, 2, 3),
		"by axis":  sparse(ir.NewFloats("w", []int64{2}, []float32{2, -3}), []int64{0, 1, 1, 2}, true, 2, 3),
		"unsorted": sparse(ir.NewFloats("w", []int64{2}, []float32{-3, 2}), []int64{5, 1}, false, 2, 3),
		"typed":    sparse(&onnxpb.TensorProto{Name: ir.Str("w"), Dims: []int64{2}, DataType: new(int32(ir.Float)), FloatData: []float32{2, -3}}, []int64{1, 5}, false, 2, 3),
	} {
		t.Run(name, func(t *testing.T) {
			b := onnxtest.NewNet(17, -1, 2).Node("MatMul", []string{"x", "w"}, []string{"y"}).Output("y")
			b.P.Graph.SparseInitializer = []*onnxpb.SparseTensorProto{s}
			m := b.Model(t)
			if got, err := ir.Floats(onnxtest.Initializer(t, m, "w")); err != nil || !slices.Equal(got, want) || len(m.Graph().SparseInitializer) > 0 {
				t.Errorf("%v, %v", got, err)
			}
			body := &onnxpb.GraphProto{Name: ir.Str("body"), SparseInitializer: []*onnxpb.SparseTensorProto{s}, Output: []*onnxpb.ValueInfoProto{ir.NewValue("w", ir.Float, []int64{2, 3})}}
			m = with(onnxtest.NewNet(17, -1, 2).Node("If", []string{"c"}, []string{"y"}, &onnxpb.AttributeProto{Name: ir.Str("then_branch"), Type: onnxpb.AttributeProto_GRAPH.Enum(), G: body},
				&onnxpb.AttributeProto{Name: ir.Str("else_branch"), Type: onnxpb.AttributeProto_GRAPH.Enum(), G: body}).Output("y"), "c").Model(t)
			if g := ir.Subgraphs(onnxtest.Find(t, m, "y"))[0]; len(g.Initializer) != 1 || len(g.SparseInitializer) != 0 {
				t.Errorf("in a body: %v", g)
			}
			m = onnxtest.NewNet(17, -1, 2).Node("Constant", nil, []string{"w"}, &onnxpb.AttributeProto{Name: ir.Str("sparse_value"), Type: onnxpb.AttributeProto_SPARSE_TENSOR.Enum(), SparseTensor: s}).
				Node("MatMul", []string{"x", "w"}, []string{"y"}).Output("y").Model(t)
			if got, err := ir.Floats(ir.ConstantValue(onnxtest.Find(t, m, "w"))); err != nil || !slices.Equal(got, want) {
				t.Errorf("of a Constant: %v, %v", got, err)
			}
		})
	}
	for typ, values := range map[ir.DType]ir.Tensor{
		ir.Int64: ir.NewInts("w", ir.Int64, []int64{1}, []int64{-7}), ir.Int8: ir.NewInts("w", ir.Int8, []int64{1}, []int64{-7}), ir.Int32: {Name: ir.Str("w"), Dims: []int64{1}, DataType: new(int32(ir.Int32)), Int32Data: []int32{-7}},
		ir.Int16: {Name: ir.Str("w"), Dims: []int64{1}, DataType: new(int32(ir.Int16)), Int32Data: []int32{-7}}, ir.Uint8: {Name: ir.Str("w"), Dims: []int64{1}, DataType: new(int32(ir.Uint8)), Int32Data: []int32{249}},
	} {
		b := onnxtest.NewNet(17, -1, 3).Node("Identity", []string{"x"}, []string{"y"}).Node("Cast", []string{"w"}, []string{"z"}, ir.IntAttr("to", 1)).Output("y", "z")
		b.P.Graph.SparseInitializer = []*onnxpb.SparseTensorProto{sparse(values, []int64{2}, false, 3)}
		got, err := ir.Ints(onnxtest.Initializer(t, b.Model(t), "w"))
		if last := map[bool]int64{true: 249, false: -7}[typ == ir.Uint8]; err != nil || !slices.Equal(got, []int64{0, 0, last}) {
			t.Errorf("%s: %v, %v", typ, got, err)
		}
	}
	double := sparse(&onnxpb.TensorProto{Name: ir.Str("w"), Dims: []int64{1}, DataType: new(int32(ir.Double)), DoubleData: []float64{math.Pi}}, []int64{0}, false, 1)
	b := onnxtest.NewNet(17, -1, 2).Node("Identity", []string{"x"}, []string{"y"}).Output("y")
	b.P.Graph.SparseInitializer = []*onnxpb.SparseTensorProto{double}
	if got, err := ir.Floats(onnxtest.Initializer(t, b.Model(t), "w")); err != nil || got[0] != math.Pi {
		t.Errorf("double: %v, %v", got, err)
	}
}

// with adds a boolean input.
func with(b *onnxtest.Net, name string) *onnxtest.Net {
	b.P.Graph.Input = append(b.P.Graph.Input, ir.NewValue(name, ir.Bool, []int64{1}))
	return b
}

// TestBadSparse refuses sparse tensors that say what cannot be, before anything is made for them.
func TestBadSparse(t *testing.T) {
	one := ir.NewFloats("w", []int64{1}, []float32{2})
	for text, s := range map[string]*onnxpb.SparseTensorProto{
		"index 6 lies outside of":                        sparse(one, []int64{6}, false, 2, 3),
		"index -1 lies outside of":                       sparse(one, []int64{-1}, false, 2, 3),
		"index [1 3] lies outside of":                    sparse(one, []int64{1, 3}, true, 2, 3),
		"have indices of dimensions [2]":                 sparse(one, []int64{1, 3}, false, 2, 3),
		"have indices of dimensions [2 2]":               sparse(one, []int64{1, 1, 0, 0}, true, 2, 3),
		"take more than 1024 MiB":                        sparse(one, []int64{1}, false, 1<<20, 1<<20),
		"are too large":                                  sparse(one, []int64{1}, false, 1<<40, 1<<40),
		"index 0 lies outside of [0]":                    sparse(one, []int64{0}, false, 0),
		"of type FLOAT and dimensions [1] has 0 values":  sparse(&onnxpb.TensorProto{Name: ir.Str("w"), Dims: []int64{1}, DataType: new(int32(ir.Float))}, []int64{1}, false, 2, 3),
		"sparse tensors of type UINT4 are not supported": sparse(&onnxpb.TensorProto{Name: ir.Str("w"), Dims: []int64{1}, DataType: new(int32(onnxpb.TensorProto_UINT4)), RawData: []byte{1}}, []int64{1}, false, 2, 3),
	} {
		b := onnxtest.NewNet(17, -1, 2).Node("Identity", []string{"x"}, []string{"y"}).Output("y")
		b.P.Graph.SparseInitializer = []*onnxpb.SparseTensorProto{s}
		_, err := ir.Parse(b.Bytes(t), "")
		onnxtest.CheckBad(t, err, text)
	}
}
