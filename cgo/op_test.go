package cgo_test

import (
	"math"
	"strings"
	"testing"

	"example.org/demote/cgo"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/quant"

	"google.golang.org/protobuf/proto"
)

func grid(t testing.TB, f quant.Formula, k quant.Kind, bits int, lo, hi float32) quant.Grid {
	t.Helper()
	g, err := quant.GridOf(f, k, bits, quant.Range{Min: lo, Max: hi})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func open(t testing.TB, model []byte, o cgo.Options) *cgo.Session {
	t.Helper()
	s, err := cgo.NewSession(model, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func tensor(t testing.TB, d cgo.DType, shape ...int64) *cgo.Tensor {
	t.Helper()
	v, err := cgo.NewTensor(d, shape...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	return v
}

// bind returns a binding of s with the named tensors bound.
func bind(t testing.TB, s *cgo.Session, inputs, outputs map[string]*cgo.Tensor) *cgo.Binding {
	t.Helper()
	b, err := s.NewBinding()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	for name, v := range inputs {
		at, err := b.Input(name)
		if err == nil {
			err = b.Bind(at, v)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, v := range outputs {
		at, err := b.Output(name)
		if err == nil {
			err = b.Bind(at, v)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func sameBits(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) }

func TestOpChoosesByMask(t *testing.T) {
	for _, formula := range []quant.Formula{quant.QDQ, quant.MCTQ, quant.Torch} {
		for _, level := range []int{0, 99} {
			for _, n := range []int64{1, 1000, 100_000} { // the last is split over threads
				first := quant.Record{Low: grid(t, formula, quant.Asymmetric, 8, -1, 3), High: grid(t, formula, quant.Asymmetric, 16, -1, 3)}
				second := quant.Record{Low: grid(t, formula, quant.Pow2, 8, -1, 3), High: grid(t, formula, quant.Symmetric, 16, -1, 2)}
				model := network(t, 2, float("x", -1), float("y", -1),
					fake{"x", "a", 0, first}.node(), node("Neg", "", []string{"a"}, "b"), fake{"b", "y", 1, second}.node())
				s := open(t, model, cgo.Options{Level: level, IntraThreads: 2})
				x, y, mask := tensor(t, cgo.Float32, n), tensor(t, cgo.Float32, n), tensor(t, cgo.Uint8, 2)
				b := bind(t, s, map[string]*cgo.Tensor{"x": x, "demote.mask": mask}, map[string]*cgo.Tensor{"y": y})
				for i := range x.Float32s() {
					x.Float32s()[i] = float32(math.Sin(float64(i)*1.7) * 4)
				}
				for bits := range 4 {
					g, h := first.High, second.High
					mask.Bytes()[0], mask.Bytes()[1] = byte(bits&1), byte(bits>>1)
					if bits&1 != 0 {
						g = first.Low
					}
					if bits&2 != 0 {
						h = second.Low
					}
					if err := b.Run(); err != nil {
						t.Fatal(err)
					}
					for i, v := range x.Float32s() {
						if want := h.Value(-g.Value(v)); !sameBits(y.Float32s()[i], want) {
							t.Fatalf("%s, level %d, mask %02b: element %d (%g) is %g, want %g", formula, level, bits, i, v, y.Float32s()[i], want)
						}
					}
				}
			}
		}
	}
}

func TestOpRefusesBadAttributes(t *testing.T) {
	long := strings.Repeat("name", 100)
	for _, c := range []struct {
		name, want string
		change     func(n *onnxpb.NodeProto)
	}{
		{"no holder", "attribute holder", func(n *onnxpb.NodeProto) { n.Attribute = n.Attribute[1:] }},
		{"no low", "attribute low", func(n *onnxpb.NodeProto) { n.Attribute = append(n.Attribute[:1:1], n.Attribute[2]) }},
		{"no high", "attribute high", func(n *onnxpb.NodeProto) { n.Attribute = n.Attribute[:2] }},
		{"negative holder", "holder is negative", func(n *onnxpb.NodeProto) { n.Attribute[0].I = proto.Int64(-1) }},
		{"holder of another type", "attribute holder", func(n *onnxpb.NodeProto) {
			n.Attribute[0] = &onnxpb.AttributeProto{Name: proto.String("holder"), Type: onnxpb.AttributeProto_FLOAT.Enum(), F: proto.Float32(1)}
		}},
		{"five numbers", "attribute low has 5 numbers", func(n *onnxpb.NodeProto) { n.Attribute[1].Floats = n.Attribute[1].Floats[:5] }},
		{"unknown kind", "attribute low: unknown kind", func(n *onnxpb.NodeProto) { n.Attribute[1].Floats[0] = 7 }},
		{"scale 0", "attribute high: scale", func(n *onnxpb.NodeProto) { n.Attribute[2].Floats[1] = 0 }},
		{"bounds swapped", "attribute high: lowest", func(n *onnxpb.NodeProto) { n.Attribute[2].Floats[4] = -1e6 }},
		{"half a code", "attribute low: bounds are not whole", func(n *onnxpb.NodeProto) { n.Attribute[1].Floats[3] += 0.5 }},
		{"node named", "y_node", func(n *onnxpb.NodeProto) { n.Attribute[1].Floats[0] = 7 }},
		{"long node name", "attribute low", func(n *onnxpb.NodeProto) { n.Name, n.Attribute[1].Floats[0] = &long, 7 }},
	} {
		n := fake{"x", "y", 0, record(t)}.node()
		c.change(n)
		s, err := cgo.NewSession(network(t, 1, float("x", 4), float("y", 4), n), cgo.Options{})
		if err == nil {
			s.Close()
			t.Errorf("%s: no error", c.name)
		} else if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q in it", c.name, err, c.want)
		}
	}
}

// TestOpMaskElements holds that every operator counts the mask's elements, whatever its shape, and refuses one too
// short.
func TestOpMaskElements(t *testing.T) {
	for _, op := range []struct {
		name, what string
		x, y       onnxpb.TensorProto_DataType
		in, out    cgo.DType
	}{
		{"FakeQuant", "FakeQuant", onnxpb.TensorProto_FLOAT, onnxpb.TensorProto_FLOAT, cgo.Float32, cgo.Float32},
		{"FromCodes", "codes", onnxpb.TensorProto_UINT16, onnxpb.TensorProto_FLOAT, cgo.Uint16, cgo.Float32},
	} {
		for _, c := range []struct {
			shape []int64
			want  string
		}{
			{[]int64{3}, ""}, {[]int64{1, 3}, ""}, {[]int64{2, 2}, ""},
			{[]int64{2}, op.what + ": holder 2, but the mask has 2 elements"}, {[]int64{1, 2}, "the mask has 2 elements"}, {nil, "the mask has 1 elements"},
		} {
			node := node(op.name, "demote", []string{"x", "demote.mask"}, "y", fake{"x", "y", 2, record(t)}.node().Attribute...)
			data := networkOf(t, value("x", op.x, 4), value("demote.mask", onnxpb.TensorProto_UINT8, c.shape...), value("y", op.y, 4), node)
			b := bind(t, open(t, data, cgo.Options{}), map[string]*cgo.Tensor{"x": tensor(t, op.in, 4), "demote.mask": tensor(t, cgo.Uint8, c.shape...)},
				map[string]*cgo.Tensor{"y": tensor(t, op.out, 4)})
			if err := b.Run(); c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%s, mask of shape %v: error %v, want %q", op.name, c.shape, err, c.want)
			}
		}
	}
}

// TestOpShapes runs scalars, empty tensors and several dimensions.
func TestOpShapes(t *testing.T) {
	r := record(t)
	for _, c := range []struct {
		name  string
		x     *onnxpb.ValueInfoProto
		y     *onnxpb.ValueInfoProto
		shape []int64
	}{
		{"scalar", float("x"), float("y"), nil},
		{"empty", float("x", -1, 3), float("y", -1, 3), []int64{0, 3}},
		{"four dimensions", float("x", 2, 3, 4, 5), float("y", 2, 3, 4, 5), []int64{2, 3, 4, 5}},
	} {
		s := open(t, network(t, 1, c.x, c.y, fake{"x", "y", 0, r}.node()), cgo.Options{})
		x, y, mask := tensor(t, cgo.Float32, c.shape...), tensor(t, cgo.Float32, c.shape...), tensor(t, cgo.Uint8, 1)
		b := bind(t, s, map[string]*cgo.Tensor{"x": x, "demote.mask": mask}, map[string]*cgo.Tensor{"y": y})
		for i := range x.Float32s() {
			x.Float32s()[i] = float32(i)/30 - 0.51
		}
		if err := b.Run(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		for i, v := range x.Float32s() {
			if want := r.High.Value(v); !sameBits(y.Float32s()[i], want) {
				t.Errorf("%s: element %d is %g, want %g", c.name, i, y.Float32s()[i], want)
			}
		}
	}
}

// TestOpRunsInPlace holds the peak of a chain to one tensor: without the shape inference callback, or the map of inputs
// that may be written to, it takes two.
func TestOpRunsInPlace(t *testing.T) {
	const n = 1 << 20
	r := record(t)
	s := open(t, network(t, 2, float("x", n), float("y", n), node("Neg", "", []string{"x"}, "a"), fake{"a", "b", 0, r}.node(),
		fake{"b", "c", 1, r}.node(), fake{"c", "d", 1, r}.node(), node("Neg", "", []string{"d"}, "y")),
		cgo.Options{IntraThreads: 1, Level: 99})
	b := bind(t, s, map[string]*cgo.Tensor{"x": tensor(t, cgo.Float32, n), "demote.mask": tensor(t, cgo.Uint8, 2)},
		map[string]*cgo.Tensor{"y": tensor(t, cgo.Float32, n)})
	for range 3 {
		if err := b.Run(); err != nil {
			t.Fatal(err)
		}
	}
	if _, peak, err := s.Memory(); err != nil || peak != 4*n {
		t.Errorf("at most %d bytes were in use (%v), want those of one tensor, %d", peak, err, 4*n)
	}
}

// TestOpOfUnknownShape: what ONNX Runtime does not know of a shape must not become rank 0 or a size of -1, which the
// MatMul behind would refuse.
func TestOpOfUnknownShape(t *testing.T) {
	unnamed := &onnxpb.TensorShapeProto{Dim: []*onnxpb.TensorShapeProto_Dimension{{}, {}}}
	for name, shape := range map[string]*onnxpb.TensorShapeProto{"rank": nil, "sizes without names": unnamed} {
		x, y := float("x"), float("y")
		x.Type.GetTensorType().Shape, y.Type.GetTensorType().Shape = shape, nil
		r := record(t)
		s, err := cgo.NewSession(network(t, 1, x, y, fake{"x", "a", 0, r}.node(), node("MatMul", "", []string{"a", "a"}, "y")), cgo.Options{Level: 99})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		t.Cleanup(s.Close)
		in, out, mask := tensor(t, cgo.Float32, 2, 2), tensor(t, cgo.Float32, 2, 2), tensor(t, cgo.Uint8, 1)
		copy(in.Float32s(), []float32{0, 1, 1, 0})
		b := bind(t, s, map[string]*cgo.Tensor{"x": in, "demote.mask": mask}, map[string]*cgo.Tensor{"y": out})
		if err := b.Run(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if one := r.High.Value(1); out.Float32s()[0] != one*one || out.Float32s()[1] != 0 {
			t.Errorf("%s: the square of a swap is %v", name, out.Float32s())
		}
	}
}
