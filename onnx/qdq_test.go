package onnx

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"testing"

	"demote/quant"
)

// quantized is a prepared network with quantized weights, its records, and a mask of every other holder.
func quantized(t testing.TB, m *Model, o Options) (*Network, []quant.Record, []bool) {
	t.Helper()
	n, err := Prepare(m, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := n.QuantizeWeights(); err != nil {
		t.Fatal(err)
	}
	low := make([]bool, len(n.Holders))
	for i := range low {
		low[i] = i%2 == 0
	}
	return n, someRecords(t, len(n.Holders)), low
}

func TestSwitchableHasAFakeQuantPerHolder(t *testing.T) {
	for _, path := range []string{exampleFile, vitFile} {
		n, records, _ := quantized(t, readFile(t, path), Options{})
		m, err := n.Switchable(records)
		if err != nil {
			t.Fatal(err)
		}
		x, err := NewIndex(m)
		if err != nil {
			t.Fatal(err)
		}
		if in := m.Inputs(); in[len(in)-1].Name != MaskInput || in[len(in)-1].Type != Uint8 || in[len(in)-1].Dims[0] != int64(len(n.Holders)) {
			t.Errorf("inputs are %v", in)
		}
		if m.OpsetOf(fakeQuantDomain) != 1 || m.OpsetOf("") != Opset {
			t.Errorf("operator sets %v", m.Proto.OpsetImport)
		}
		for _, h := range n.Holders {
			fq := x.Producer(h.Tensor + ":fq")
			if fq.GetOpType() != FakeQuantOp || attrInt(fq, "holder", -1) != int64(h.Index) {
				t.Fatalf("holder %q: %v", h.Name, fq)
			}
			low, high := records[h.Index].Low.Params().Floats(), records[h.Index].High.Params().Floats()
			if !slices.Equal(attr(fq, "low").Floats, low[:]) || !slices.Equal(attr(fq, "high").Floats, high[:]) {
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
	n, records, low := quantized(t, convNet(17).model(t), Options{OutputHolder: true})
	last := n.Holders[len(n.Holders)-1]
	if last.Tensor != "y" || last.Producer != "y" || last.Op != "Conv" {
		t.Fatalf("last holder %+v", last)
	}
	m, err := n.Switchable(records)
	if err != nil {
		t.Fatal(err)
	}
	if fq := find(t, m, "y"); fq.GetOpType() != FakeQuantOp || fq.Input[0] != "y:raw" || find(t, m, "y:raw").GetOpType() != "Conv" {
		t.Errorf("the output is made by %v", fq)
	}
	if m, err = n.QDQ(records, low); err != nil {
		t.Fatal(err)
	}
	if dq := find(t, m, "y"); dq.GetOpType() != "DequantizeLinear" || find(t, m, "y_QuantizeLinear_Input").GetOpType() != "Conv" {
		t.Errorf("the output is made by %v", dq)
	}
}

func TestQDQHasTheGridsOfTheMask(t *testing.T) {
	for _, path := range []string{exampleFile, vitFile} {
		n, records, low := quantized(t, readFile(t, path), Options{})
		m, err := n.QDQ(records, low)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := NewIndex(m); err != nil {
			t.Fatal(err)
		}
		for _, h := range n.Holders {
			grid, typ := records[h.Index].High, Uint16
			if low[h.Index] {
				grid, typ = records[h.Index].Low, Uint8
			}
			if grid.Signed {
				typ = map[DType]DType{Uint8: Int8, Uint16: Int16}[typ]
			}
			dq := find(t, m, h.Tensor+"_DequantizeLinear_Output")
			q := find(t, m, dq.Input[0])
			if q.Input[0] != h.Tensor || !slices.Equal(q.Input[1:], dq.Input[1:]) || q.GetDomain() != "" {
				t.Fatalf("holder %q: %v and %v", h.Name, q, dq)
			}
			scale, err := Floats(initializer(t, m, q.Input[1]))
			if err != nil || len(scale) != 1 || scale[0] != grid.Scale {
				t.Errorf("holder %q: scale %v instead of %g", h.Name, scale, grid.Scale)
			}
			zero := initializer(t, m, q.Input[2])
			code, err := Ints(zero)
			if err != nil || code[0] != int64(grid.Zero) || DType(zero.GetDataType()) != typ || len(zero.Dims) != 0 {
				t.Errorf("holder %q: zero point %v of %s instead of %d", h.Name, code, DType(zero.GetDataType()), grid.Zero)
			}
		}
	}
}

func TestQDQWeightsAreTheSearchedValues(t *testing.T) {
	n, records, low := quantized(t, readFile(t, exampleFile), Options{})
	m, err := n.QDQ(records, low)
	if err != nil {
		t.Fatal(err)
	}
	if len(n.Weights) != 35 {
		t.Errorf("%d weights", len(n.Weights))
	}
	for name, w := range n.Weights {
		want, err := Floats(initializer(t, n.Model, name))
		if err != nil {
			t.Fatal(err)
		}
		dq := find(t, m, name)
		codes := initializer(t, m, dq.Input[0])
		scales, err := Floats(initializer(t, m, dq.Input[1]))
		if err != nil || dq.GetOpType() != "DequantizeLinear" || DType(codes.GetDataType()) != Int8 || attrInt(dq, "axis", -9) != int64(w.Axis) {
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
	b := oddModel()
	n, records, low := quantized(t, b.model(t), Options{})
	m, err := n.QDQ(records, low)
	if err != nil {
		t.Fatal(err)
	}
	p := m.Proto
	if p.GetDocString() != "doc" || p.GetProducerName() != "maker" || p.GetDomain() != "com.example" || p.GetModelVersion() != 3 ||
		len(p.MetadataProps) != 1 || len(p.ProtoReflect().GetUnknown()) == 0 || p.Graph.GetDocString() != "graph doc" || m.OpsetOf("com.example") != 4 {
		t.Errorf("lost something: %v", p)
	}
	c := find(t, m, "c")
	if c.GetName() != "c" || c.GetDocString() != "node doc" || len(c.MetadataProps) != 1 || len(c.ProtoReflect().GetUnknown()) == 0 {
		t.Errorf("the node lost something: %v", c)
	}
	if w := initializer(t, m, "w1_quantized"); w.GetDocString() != "tensor doc" {
		t.Errorf("the weight lost its text: %v", w)
	}
	if m.OpsetOf("") != 21 || p.GetIrVersion() != 10 {
		t.Errorf("opset %d, IR %d", m.OpsetOf(""), p.GetIrVersion())
	}
}

func TestQDQNamesGiveWay(t *testing.T) {
	b := convNet(17).floats("x_scale", nil, 1).floats("w1_quantized", nil, 2)
	b.node("Mul", []string{"y", "x_scale"}, []string{"r_QuantizeLinear_Output"}).
		node("Add", []string{"r_QuantizeLinear_Output", "w1_quantized"}, []string{"z"}).output("z")
	n, records, low := quantized(t, b.model(t), Options{})
	m, err := n.QDQ(records, low)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewIndex(m); err != nil {
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
			n, records, low := quantized(t, convNet(17).model(t), Options{})
			records[0].Low = c.grid
			m, err := n.QDQ(records, low)
			if c.typ == "" {
				checkBad(t, err, fmt.Sprintf("holder %q", n.Holders[0].Name))
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			zero := initializer(t, m, n.Holders[0].Tensor+"_zero_point")
			if got := DType(zero.GetDataType()).String(); got != c.typ {
				t.Errorf("type %s", got)
			}
		})
	}
	t.Run("scale 0", func(t *testing.T) {
		n, records, low := quantized(t, convNet(17).model(t), Options{})
		records[0].High.Scale = 0
		_, err := n.QDQ(records, low)
		checkBad(t, err, fmt.Sprintf("holder %q", n.Holders[0].Name))
		_, err = n.Switchable(records)
		checkBad(t, err, fmt.Sprintf("holder %q", n.Holders[0].Name))
	})
	raw := newScalar("z", gridDType(t, grid(4, true, -8, 7)), -3).RawData
	if len(raw) != 1 || raw[0] != 0xd {
		t.Errorf("-3 in 4 bits is % x", raw)
	}
	if v := binary.LittleEndian.Uint16(newScalar("z", Int16, -3).RawData); int16(v) != -3 {
		t.Errorf("-3 in 16 bits is %d", int16(v))
	}
}

func gridDType(t *testing.T, g quant.Grid) DType {
	t.Helper()
	typ, err := gridType(g)
	if err != nil {
		t.Fatal(err)
	}
	return typ
}
