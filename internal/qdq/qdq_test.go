package qdq

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"testing"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/internal/prepare"
	"example.org/demote/internal/quantize"
	"example.org/demote/internal/rewrite"
	"example.org/demote/quant"
)

// quantized is a prepared network with quantized weights, its records, and a mask of every other holder.
func quantized(t testing.TB, m *ir.Model, o network.Options) (*network.Network, []quant.Record, []bool) {
	t.Helper()
	n, err := prepare.Network(m, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := quantize.Weights(n); err != nil {
		t.Fatal(err)
	}
	low := make([]bool, len(n.Holders))
	for i := range low {
		low[i] = i%2 == 0
	}
	return n, onnxtest.SomeRecords(t, len(n.Holders)), low
}

func TestSwitchableHasAFakeQuantPerHolder(t *testing.T) {
	for _, path := range []string{onnxtest.ExampleFile, onnxtest.VitFile} {
		n, records, _ := quantized(t, onnxtest.ReadFile(t, path), network.Options{})
		m, err := rewrite.Switchable(n, records)
		if err != nil {
			t.Fatal(err)
		}
		x, err := ir.NewIndex(m)
		if err != nil {
			t.Fatal(err)
		}
		if in := m.Inputs(); in[len(in)-1].Name != ir.MaskInput || in[len(in)-1].Type != ir.Uint8 || in[len(in)-1].Dims[0] != int64(len(n.Holders)) {
			t.Errorf("inputs are %v", in)
		}
		if m.OpsetOf(ir.FakeQuantDomain) != 1 || m.OpsetOf("") != ir.Opset {
			t.Errorf("operator sets %v", m.Proto.OpsetImport)
		}
		for _, h := range n.Holders {
			fq := x.Producer(h.Tensor + ":fq")
			if fq.GetOpType() != ir.FakeQuantOp || ir.AttrInt(fq, "holder", -1) != int64(h.Index) {
				t.Fatalf("holder %q: %v", h.Name, fq)
			}
			low, high := records[h.Index].Low.Params().Floats(), records[h.Index].High.Params().Floats()
			if !slices.Equal(ir.Attr(fq, "low").Floats, low[:]) || !slices.Equal(ir.Attr(fq, "high").Floats, high[:]) {
				t.Errorf("holder %q: parameters %v", h.Name, fq.Attribute)
			}
			if c := x.Consumers(h.Tensor); len(c) != 1 || c[0] != fq {
				t.Errorf("holder %q: its tensor is read by %v", h.Name, c)
			}
			var readers []string
			for _, c := range x.Consumers(h.Tensor + ":fq") {
				readers = append(readers, c.GetName())
			}
			if !slices.Equal(readers, h.Consumers) {
				t.Errorf("holder %q: read by %v instead of %v", h.Name, readers, h.Consumers)
			}
		}
	}
}

func TestHolderAtAnOutputOfTheGraph(t *testing.T) {
	n, records, low := quantized(t, onnxtest.ConvNet(17).Model(t), network.Options{OutputHolder: true})
	last := n.Holders[len(n.Holders)-1]
	if last.Tensor != "y" || last.Producer != "y" || last.Op != "Conv" {
		t.Fatalf("last holder %+v", last)
	}
	m, err := rewrite.Switchable(n, records)
	if err != nil {
		t.Fatal(err)
	}
	if fq := onnxtest.Find(t, m, "y"); fq.GetOpType() != ir.FakeQuantOp || fq.Input[0] != "y:raw" || onnxtest.Find(t, m, "y:raw").GetOpType() != "Conv" {
		t.Errorf("the output is made by %v", fq)
	}
	if m, err = Write(n, records, low); err != nil {
		t.Fatal(err)
	}
	if dq := onnxtest.Find(t, m, "y"); dq.GetOpType() != "DequantizeLinear" || onnxtest.Find(t, m, "y_QuantizeLinear_Input").GetOpType() != "Conv" {
		t.Errorf("the output is made by %v", dq)
	}
}

func TestQDQHasTheGridsOfTheMask(t *testing.T) {
	for _, path := range []string{onnxtest.ExampleFile, onnxtest.VitFile} {
		n, records, low := quantized(t, onnxtest.ReadFile(t, path), network.Options{})
		m, err := Write(n, records, low)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ir.NewIndex(m); err != nil {
			t.Fatal(err)
		}
		for _, h := range n.Holders {
			grid, typ := records[h.Index].High, ir.Uint16
			if low[h.Index] {
				grid, typ = records[h.Index].Low, ir.Uint8
			}
			if grid.Signed {
				typ = map[ir.DType]ir.DType{ir.Uint8: ir.Int8, ir.Uint16: ir.Int16}[typ]
			}
			dq := onnxtest.Find(t, m, h.Tensor+"_DequantizeLinear_Output")
			q := onnxtest.Find(t, m, dq.Input[0])
			if q.Input[0] != h.Tensor || !slices.Equal(q.Input[1:], dq.Input[1:]) || q.GetDomain() != "" {
				t.Fatalf("holder %q: %v and %v", h.Name, q, dq)
			}
			scale, err := ir.Floats(onnxtest.Initializer(t, m, q.Input[1]))
			if err != nil || len(scale) != 1 || scale[0] != grid.Scale {
				t.Errorf("holder %q: scale %v instead of %g", h.Name, scale, grid.Scale)
			}
			zero := onnxtest.Initializer(t, m, q.Input[2])
			code, err := ir.Ints(zero)
			if err != nil || code[0] != int64(grid.Zero) || ir.DType(zero.GetDataType()) != typ || len(zero.Dims) != 0 {
				t.Errorf("holder %q: zero point %v of %s instead of %d", h.Name, code, ir.DType(zero.GetDataType()), grid.Zero)
			}
		}
	}
}

func TestQDQWeightsAreTheSearchedValues(t *testing.T) {
	n, records, low := quantized(t, onnxtest.ReadFile(t, onnxtest.ExampleFile), network.Options{})
	m, err := Write(n, records, low)
	if err != nil {
		t.Fatal(err)
	}
	if len(n.Weights) != 35 {
		t.Errorf("%d weights", len(n.Weights))
	}
	for name, w := range n.Weights {
		want, err := ir.Floats(onnxtest.Initializer(t, n.Model, name))
		if err != nil {
			t.Fatal(err)
		}
		dq := onnxtest.Find(t, m, name)
		codes := onnxtest.Initializer(t, m, dq.Input[0])
		scales, err := ir.Floats(onnxtest.Initializer(t, m, dq.Input[1]))
		if err != nil || dq.GetOpType() != "DequantizeLinear" || ir.DType(codes.GetDataType()) != ir.Int8 || ir.AttrInt(dq, "axis", -9) != int64(w.Axis) {
			t.Fatalf("weight %q: %v, %v", name, dq, err)
		}
		got := make([]float32, len(want))
		code := make([]int8, len(want))
		for i, b := range codes.RawData {
			code[i] = int8(b)
		}
		quant.DequantizeWeights(got, code, scales, codes.Dims, w.Axis)
		for i := range want {
			if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
				t.Fatalf("weight %q, element %d: %g instead of %g", name, i, got[i], want[i])
			}
		}
	}
	for _, i := range m.Graph().Initializer { // biases stay float
		if n.Weights[i.GetName()] != nil {
			t.Errorf("%q is still a float initializer", i.GetName())
		}
	}
}

func TestQDQKeepsWhatTheInputSays(t *testing.T) {
	b := onnxtest.OddModel()
	n, records, low := quantized(t, b.Model(t), network.Options{})
	m, err := Write(n, records, low)
	if err != nil {
		t.Fatal(err)
	}
	p := m.Proto
	if p.GetDocString() != "doc" || p.GetProducerName() != "maker" || p.GetDomain() != "com.example" || p.GetModelVersion() != 3 ||
		len(p.MetadataProps) != 1 || len(p.ProtoReflect().GetUnknown()) == 0 || p.Graph.GetDocString() != "graph doc" || m.OpsetOf("com.example") != 4 {
		t.Errorf("lost something: %v", p)
	}
	c := onnxtest.Find(t, m, "c")
	if c.GetName() != "c" || c.GetDocString() != "node doc" || len(c.MetadataProps) != 1 || len(c.ProtoReflect().GetUnknown()) == 0 {
		t.Errorf("the node lost something: %v", c)
	}
	if w := onnxtest.Initializer(t, m, "w1_quantized"); w.GetDocString() != "tensor doc" {
		t.Errorf("the weight lost its text: %v", w)
	}
	if m.OpsetOf("") != 21 || p.GetIrVersion() != 10 {
		t.Errorf("opset %d, IR %d", m.OpsetOf(""), p.GetIrVersion())
	}
}

func TestQDQNamesGiveWay(t *testing.T) {
	b := onnxtest.ConvNet(17).Floats("x_scale", nil, 1).Floats("w1_quantized", nil, 2)
	b.Node("Mul", []string{"y", "x_scale"}, []string{"r_QuantizeLinear_Output"}).
		Node("Add", []string{"r_QuantizeLinear_Output", "w1_quantized"}, []string{"z"}).Output("z")
	n, records, low := quantized(t, b.Model(t), network.Options{})
	m, err := Write(n, records, low)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ir.NewIndex(m); err != nil {
		t.Error(err)
	}
}

func TestGridsThatQuantizeLinearCannotHold(t *testing.T) {
	grid := func(bits int, signed bool, lo, hi int32) quant.Grid {
		return quant.Grid{Formula: quant.QDQ, Bits: bits, Signed: signed, Scale: 0.5, Min: lo, Max: hi}
	}
	cases := []struct {
		name string
		grid quant.Grid
		typ  string // "" means an error
	}{
		{"int8", grid(8, true, -128, 127), "INT8"},
		{"uint8", grid(8, false, 0, 255), "UINT8"},
		{"int16", grid(16, true, -32768, 32767), "INT16"},
		{"uint16", grid(16, false, 0, 65535), "UINT16"},
		{"int4", grid(4, true, -8, 7), "INT4"},
		{"uint4", grid(4, false, 0, 15), "UINT4"},
		{"narrow int8", grid(8, true, -127, 127), ""},
		{"6 bits", grid(6, false, 0, 63), ""},
		{"7 bits in 8", grid(8, false, 0, 127), ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			n, records, low := quantized(t, onnxtest.ConvNet(17).Model(t), network.Options{})
			records[0].Low = c.grid
			m, err := Write(n, records, low)
			if c.typ == "" {
				onnxtest.CheckBad(t, err, fmt.Sprintf("holder %q", n.Holders[0].Name))
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			zero := onnxtest.Initializer(t, m, n.Holders[0].Tensor+"_zero_point")
			if got := ir.DType(zero.GetDataType()).String(); got != c.typ {
				t.Errorf("type %s", got)
			}
		})
	}
	t.Run("scale 0", func(t *testing.T) {
		n, records, low := quantized(t, onnxtest.ConvNet(17).Model(t), network.Options{})
		records[0].High.Scale = 0
		_, err := Write(n, records, low)
		onnxtest.CheckBad(t, err, fmt.Sprintf("holder %q", n.Holders[0].Name))
		_, err = rewrite.Switchable(n, records)
		onnxtest.CheckBad(t, err, fmt.Sprintf("holder %q", n.Holders[0].Name))
	})
	raw := newScalar("z", gridDType(t, grid(4, true, -8, 7)), -3).RawData
	if len(raw) != 1 || raw[0] != 0xd {
		t.Errorf("-3 in 4 bits is % x", raw)
	}
	if v := binary.LittleEndian.Uint16(newScalar("z", ir.Int16, -3).RawData); int16(v) != -3 {
		t.Errorf("-3 in 16 bits is %d", int16(v))
	}
}

func gridDType(t *testing.T, g quant.Grid) ir.DType {
	t.Helper()
	typ, err := quantize.GridType(g)
	if err != nil {
		t.Fatal(err)
	}
	return typ
}
