//go:build integer && !cuda

package integer_test

import (
	"maps"
	"math"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/cgo"
	"example.org/demote/cuda/integer"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/quant"
	"example.org/demote/search"
)

// value is a tensor of a block; grid is the one that its values lie on, with scale 0 for none.
type value struct {
	dims []int64
	v    []float32
	grid quant.Params
}

// net is a switchable network that runs node by node: sums of grids with int8 weights as integers, by the twin, or all
// by ONNX Runtime; every other node by ONNX Runtime.
type net struct {
	t        *testing.T
	g        *onnxpb.GraphProto
	opsets   []*onnxpb.OperatorSetIdProto
	records  []quant.Record
	weights  map[string]*network.Weight
	consts   map[string]*onnxpb.TensorProto
	sessions map[string]*single
	layers   map[string]*integer.Layer
	integers bool
	tf32     bool // what is multiplied in sums is rounded to 10 bits of mantissa before, as tensor cores do with TF32
	sums     int  // nodes that were sums of integers in the last run
}

// keeps are operators that leave values as they are.
var keeps = []string{"Flatten", "Reshape", "Transpose", "Identity", "Squeeze", "Unsqueeze"}

// run computes a block under a mask; in is its input.
func (n *net) run(mask search.Mask, in value) value {
	n.t.Helper()
	tensors := map[string]value{n.g.Input[0].GetName(): in}
	n.sums = 0
	for _, node := range n.g.Node {
		x := tensors[node.Input[0]]
		out := node.Output[0]
		switch w := n.weightOf(node); {
		case node.GetOpType() == ir.FakeQuantOp:
			h := int(ir.AttrInt(node, "holder", -1))
			p := n.records[h].High.Params()
			if mask.Low(h) {
				p = n.records[h].Low.Params()
			}
			y := value{x.dims, make([]float32, len(x.v)), p}
			p.Apply(y.v, x.v)
			tensors[out] = y
		case n.integers && w != nil && x.grid.Scale != 0:
			n.sums++
			tensors[out] = n.sum(node, w, x)
		case n.tf32 && slices.Contains([]string{"Conv", "Gemm", "MatMul"}, node.GetOpType()):
			tensors[out] = n.rounded(node, tensors)
		default:
			tensors[out] = n.single(node, tensors)
			if slices.Contains(keeps, node.GetOpType()) {
				y := tensors[out]
				y.grid = x.grid
				tensors[out] = y
			}
		}
	}
	return tensors[n.g.Output[0].GetName()]
}

// weightOf is the int8 weight of a node that sums; nil for others.
func (n *net) weightOf(node *onnxpb.NodeProto) *network.Weight {
	switch node.GetOpType() {
	case "Conv", "Gemm", "MatMul":
		return n.weights[ir.Input(node, 1)]
	}
	return nil
}

// sum is a node as a sum of integers.
func (n *net) sum(node *onnxpb.NodeProto, w *network.Weight, x value) value {
	l := n.layers[node.Output[0]]
	conv := node.GetOpType() == "Conv"
	if l == nil {
		l = n.layer(node, w, x)
		n.layers[node.Output[0]] = l
	}
	l.In = x.grid
	steps := integer.Steps(x.grid, x.v)
	if conv {
		steps = last(steps, l.Samples, l.Inputs)
	}
	values := l.Values(l.Sums(steps))
	if !conv {
		return value{append(slices.Clone(x.dims[:len(x.dims)-1]), int64(l.Channels)), values, quant.Params{}}
	}
	return value{[]int64{x.dims[0], int64(l.Channels), int64(l.Out[0]), int64(l.Out[1])}, first(values, l.Samples, l.Channels), quant.Params{}}
}

// layer is the twin's form of a node.
func (n *net) layer(node *onnxpb.NodeProto, w *network.Weight, x value) *integer.Layer {
	one := [2]int{1, 1}
	l := &integer.Layer{Clip: [2]float32{-inf, inf}}
	l.Kernel, l.Stride, l.Dilation, l.Out, l.Groups, l.Height, l.Width = one, one, one, one, 1, 1, 1
	if node.GetOpType() == "Conv" {
		l.Samples, l.Inputs, l.Height, l.Width = int(x.dims[0]), int(x.dims[1]), int(x.dims[2]), int(x.dims[3])
		l.Groups, l.Channels, l.Kernel = int(ir.AttrInt(node, "group", 1)), int(w.Dims[0]), [2]int{int(w.Dims[2]), int(w.Dims[3])}
		for i := range 2 {
			if a := ir.Attr(node, "strides"); a != nil {
				l.Stride[i] = int(a.Ints[i])
			}
			after := 0
			if a := ir.Attr(node, "pads"); a != nil {
				l.Pad[i], after = int(a.Ints[i]), int(a.Ints[i+2])
			}
			if a := ir.Attr(node, "dilations"); a != nil {
				l.Dilation[i] = int(a.Ints[i])
			}
			l.Out[i] = ([]int{l.Height, l.Width}[i]+l.Pad[i]+after-l.Dilation[i]*(l.Kernel[i]-1)-1)/l.Stride[i] + 1
		}
		l.Weights = last(w.Codes, l.Channels, l.Inputs/l.Groups)
	} else {
		l.Inputs = int(x.dims[len(x.dims)-1])
		l.Samples, l.Channels = len(x.v)/l.Inputs, len(w.Codes)/l.Inputs
		if l.Weights = w.Codes; node.GetOpType() == "MatMul" || ir.AttrInt(node, "transB", 0) == 0 {
			l.Weights = last(w.Codes, 1, l.Inputs)
		}
	}
	if l.Scales = w.Scales; len(w.Scales) == 1 {
		l.Scales = slices.Repeat(w.Scales, l.Channels)
	}
	l.Bias = make([]float32, l.Channels)
	if bias := ir.Input(node, 2); bias != "" {
		v, err := ir.Floats(n.consts[bias])
		if err != nil {
			n.t.Fatal(err)
		}
		copy(l.Bias, v)
	}
	if err := l.Check(); err != nil {
		n.t.Fatal(err)
	}
	return l
}

// rounded is a node that sums, of factors with 10 bits of mantissa.
func (n *net) rounded(node *onnxpb.NodeProto, tensors map[string]value) value {
	n.t.Helper()
	of := maps.Clone(tensors)
	for _, name := range node.Input[:2] {
		if x, is := tensors[name]; is {
			of[name] = value{dims: x.dims, v: tf32(x.v)}
		} else if n.sessions[node.Output[0]] == nil {
			v, err := ir.Floats(n.consts[name])
			if err != nil {
				n.t.Fatal(err)
			}
			n.consts[name] = &onnxpb.TensorProto{Name: proto.String(name), Dims: n.consts[name].Dims, DataType: proto.Int32(1), FloatData: tf32(v)}
		}
	}
	return n.single(node, of)
}

// tf32 rounds to 10 bits of mantissa, half to even.
func tf32(v []float32) []float32 {
	out := make([]float32, len(v))
	for i, x := range v {
		bits := math.Float32bits(x)
		out[i] = math.Float32frombits((bits + 0xfff + bits>>13&1) &^ 0x1fff)
	}
	return out
}

// last brings the second of three axes last, first the last of them second.
func last[T any](x []T, outer, middle int) []T { return turned(x, outer, middle) }
func first[T any](x []T, outer, middle int) []T {
	return turned(x, outer, len(x)/outer/middle)
}

func turned[T any](x []T, outer, rows int) []T {
	y, columns := make([]T, 0, len(x)), len(x)/outer/rows
	for o := range outer {
		for c := range columns {
			for r := range rows {
				y = append(y, x[(o*rows+r)*columns+c])
			}
		}
	}
	return y
}

// single is a node in ONNX Runtime.
type single struct {
	binding *cgo.Binding
	in      map[string]*cgo.Tensor
	out     *cgo.Tensor
	dims    []int64
}

func (n *net) single(node *onnxpb.NodeProto, tensors map[string]value) value {
	n.t.Helper()
	s := n.sessions[node.Output[0]]
	if s == nil {
		s = n.open(node, tensors)
		n.sessions[node.Output[0]] = s
	}
	for name, in := range s.in {
		copy(in.Float32s(), tensors[name].v)
	}
	if err := s.binding.Run(); err != nil {
		n.t.Fatal(err)
	}
	return value{dims: s.dims, v: slices.Clone(s.out.Float32s())}
}

func (n *net) open(node *onnxpb.NodeProto, tensors map[string]value) *single {
	g := &onnxpb.GraphProto{Name: proto.String("g"), Node: []*onnxpb.NodeProto{node}, Output: []*onnxpb.ValueInfoProto{{Name: &node.Output[0]}}}
	s := &single{in: map[string]*cgo.Tensor{}}
	must := func(err error) {
		n.t.Helper()
		if err != nil {
			n.t.Fatal(node.GetOpType(), err)
		}
	}
	for _, name := range node.Input {
		x, is := tensors[name]
		switch {
		case n.consts[name] != nil:
			g.Initializer = append(g.Initializer, n.consts[name])
		case is && s.in[name] == nil:
			g.Input = append(g.Input, ir.NewValue(name, ir.Float, x.dims))
			in, err := cgo.NewTensor(cgo.Float32, x.dims...)
			must(err)
			s.in[name] = in
			copy(in.Float32s(), x.v)
		}
	}
	data, err := proto.Marshal(&onnxpb.ModelProto{IrVersion: proto.Int64(10), OpsetImport: n.opsets, Graph: g})
	must(err)
	session, err := cgo.NewSession(data, cgo.Options{Level: 99, IntraThreads: 1})
	must(err)
	shapes, err := session.Measure(maps.Clone(s.in))
	must(err)
	s.dims = shapes[0].Dims
	s.out, err = cgo.NewTensor(cgo.Float32, s.dims...)
	must(err)
	s.binding, err = session.NewBinding()
	must(err)
	for name, in := range s.in {
		at, err := s.binding.Input(name)
		must(err)
		must(s.binding.Bind(at, in))
	}
	at, err := s.binding.Output(node.Output[0])
	must(err)
	must(s.binding.Bind(at, s.out))
	n.t.Cleanup(func() {
		s.binding.Close()
		session.Close()
		s.out.Close()
		for _, in := range s.in {
			in.Close()
		}
	})
	return s
}
