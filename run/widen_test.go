package run

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/config"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/tasktest"
	"example.org/demote/onnx/onnxpb"
)

// inType writes a number that float16 and bfloat16 hold exactly, but for its sign and exponent.
func inType(t ir.DType, v float32) []byte {
	bits := math.Float32bits(v)
	switch {
	case t == ir.Double:
		return binary.LittleEndian.AppendUint64(nil, math.Float64bits(float64(v)))
	case t == ir.BFloat16:
		return binary.LittleEndian.AppendUint16(nil, uint16(bits>>16))
	case v == 0:
		return []byte{0, 0}
	}
	return binary.LittleEndian.AppendUint16(nil, uint16(bits>>16&0x8000|(bits>>23&0xff-112)<<10|bits>>13&0x3ff))
}

// ofType is a network whose float constants, inputs and outputs are of another type.
func ofType(g *onnxpb.GraphProto, t ir.DType) *onnxpb.GraphProto {
	c := proto.Clone(g).(*onnxpb.GraphProto)
	for _, w := range c.Initializer {
		if w.GetDataType() != int32(ir.Float) {
			continue
		}
		for _, v := range w.FloatData {
			w.RawData = append(w.RawData, inType(t, v)...)
		}
		w.FloatData, w.DataType = nil, proto.Int32(int32(t))
	}
	for _, v := range append(c.Input, c.Output...) {
		if x := v.Type.GetTensorType(); x.GetElemType() == int32(ir.Float) {
			x.ElemType = proto.Int32(int32(t))
		}
	}
	return c
}

// coarse is a network of weights in sixteenths; middle computes what lies between its two products.
func coarse(first, middle, last string) *tasktest.Graph {
	net := tasktest.NewGraph(20).In("x", nil, 3, 8, 8).Weight("w1", 0.3, 8, 3, 3, 3).Weight("w2", 0.3, 8, 6).Constant("half", []float32{0.5})
	for _, w := range net.G.Initializer {
		for i, v := range w.FloatData {
			w.FloatData[i] = float32(math.Round(16*math.Max(-7, math.Min(7, float64(v)))) / 16)
		}
	}
	return net.Do(first+"; r = Relu c; p = GlobalAveragePool r; f = Flatten p; "+middle+"; m = MatMul s w2; "+last).Out("y", 6)
}

// TestOtherFloats searches networks that compute in float16, bfloat16 and float64, in and out or between Casts, with
// float32 islands in them: the decisions, the holders and the scores are those of the same network in float32, and
// the file that is written takes the same samples.
func TestOtherFloats(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	plain := coarse("c = Conv x w1", "s = Mul f half", "y = Relu m")
	want := mustSearch(t, plain.Config(t))
	for _, typ := range []ir.DType{ir.Float16, ir.BFloat16, ir.Double} {
		for name, net := range map[string]*onnxpb.GraphProto{
			"in and out": ofType(plain.G, typ),
			"between casts": func() *onnxpb.GraphProto {
				g := ofType(coarse(fmt.Sprintf("h = Cast x to=%d; c = Conv h w1", typ), "s = Mul f half", "r2 = Relu m; y = Cast r2 to=1").G, typ)
				g.Input[0].Type.GetTensorType().ElemType, g.Output[0].Type.GetTensorType().ElemType = proto.Int32(1), proto.Int32(1)
				return g
			}(),
			"an island": ofType(coarse("c = Conv x w1", fmt.Sprintf("wide = Cast f to=1; one = Cast half to=1; i = Mul wide one; s = Cast i to=%d", typ), "y = Relu m").G, typ),
		} {
			t.Run(fmt.Sprint(typ, " ", name), func(t *testing.T) {
				cfg := plain.Config(t)
				cfg.Model = tasktest.WriteNetwork(t, filepath.Join(t.TempDir(), "net.onnx"), net)
				r := mustSearch(t, cfg)
				if w := tasktest.Warning(r, "computed-in-float32"); w == nil || !strings.Contains(w.Text, "the network computes in "+strings.ToLower(typ.String())) {
					t.Errorf("warnings %q", texts(r.Warnings))
				}
				if toNine(r) != toNine(want) && name == "in and out" || *r.Score.Mixed.Value != *want.Score.Mixed.Value || len(r.Holders) != len(want.Holders) || !r.Verified.Identical {
					t.Errorf("%s of %d holders; in float32 %s of %d; %+v", toNine(r), len(r.Holders), toNine(want), len(want.Holders), r.Verified)
				}
			})
		}
	}
}

// TestReferenceOfAnotherType compares files that take their samples in different types.
func TestReferenceOfAnotherType(t *testing.T) {
	plain := coarse("c = Conv x w1", "s = Mul f half", "y = Relu m")
	cfg := plain.Config(t)
	r := mustSearch(t, cfg)
	mixed := filepath.Join(cfg.Out, journal.MixedFile)
	for _, typ := range []ir.DType{ir.Float16, ir.BFloat16, ir.Double} {
		other := tasktest.WriteNetwork(t, filepath.Join(t.TempDir(), "other.onnx"), ofType(plain.G, typ))
		said := ""
		c := config.Config{Data: cfg.Data, Metric: "sqnr", Say: func(line string) { said += line }}
		e, err := Eval(context.Background(), c, mixed, other, "")
		if err != nil || math.Abs(*e.Score.Value-*r.Score.Mixed.Value) > 1e-9 || !strings.Contains(said, "it is run in float32") {
			t.Errorf("%s: %+v, %v, %s; searched was %v", typ, e, err, said, *r.Score.Mixed.Value)
		}
		if typ == ir.Double {
			if _, err := Eval(context.Background(), c, other, mixed, ""); err == nil || !strings.Contains(err.Error(), "input x is of type double, and that of "+mixed+" is float: compare files that take one type") {
				t.Errorf("a file of %s: %v", typ, err)
			}
		}
	}
}
