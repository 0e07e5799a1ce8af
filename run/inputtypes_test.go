package run

import (
	"context"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"example.org/demote/internal/onnxtest"

	"google.golang.org/protobuf/proto"

	"example.org/demote/config"
	"example.org/demote/dataset"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/tasktest"
	"example.org/demote/onnx/onnxpb"
)

// TestInputTypes searches networks whose own input is no float32, and scores the file that is written on the same
// data, from arrays of the type and, of double, of another.
func TestInputTypes(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for _, c := range []struct {
		typ   ir.DType
		dtype string
		scale []float32
	}{{ir.Double, "<f8", nil}, {ir.Double, "<f4", nil}, {ir.Double, "<f8", []float32{0.5}}, {ir.Double, "|u1", []float32{0.01}}, {ir.Uint8, "|u1", nil}, {ir.Int8, "|i1", nil}, {ir.Uint16, "<u2", nil}, {ir.Float16, "<f4", nil}} {
		name := dataset.Type(c.typ).String() + " from " + c.dtype
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			g := tasktest.AloneNetwork(onnxtest.Declared("x", c.typ, "N", 6), nil, -1, "N", 4)
			cast := &onnxpb.NodeProto{OpType: proto.String("Cast"), Name: proto.String("cast"), Input: []string{"x"}, Output: []string{"xf"},
				Attribute: []*onnxpb.AttributeProto{{Name: proto.String("to"), Type: onnxpb.AttributeProto_INT.Enum(), I: proto.Int64(1)}}}
			g.Node[0].Input[0] = "xf"
			g.Node = append([]*onnxpb.NodeProto{cast}, g.Node...)
			cfg := tasktest.AloneConfig(t, g, nil)
			rng := rand.New(rand.NewPCG(5, 5))
			data := tasktest.NPYHeader(c.dtype, 24, 6)
			for range 24 * 6 {
				switch c.dtype {
				case "<f8":
					data = binary.LittleEndian.AppendUint64(data, math.Float64bits(rng.NormFloat64()))
				case "<f4":
					data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(rng.NormFloat64())))
				case "<u2":
					data = binary.LittleEndian.AppendUint16(data, uint16(rng.Uint32()))
				default:
					data = append(data, byte(rng.Uint32()))
				}
			}
			tasktest.WriteFile(t, cfg.Data, tasktest.NPZ(t, map[string][]byte{"x": data}))
			cfg.Block, cfg.Scale = 5, c.scale
			got, err := Search(ctx, cfg)
			if err != nil {
				t.Fatal(err)
			}
			if !got.Verified.Identical {
				t.Errorf("%+v", got.Verified)
			}
			again, err := Eval(ctx, config.Config{Data: cfg.Data, Metric: "sqnr", Scale: c.scale, Block: 5}, filepath.Join(cfg.Out, journal.MixedFile), cfg.Model, "exact")
			if err != nil || *again.Score.Value != *got.Score.Mixed.Value {
				t.Errorf("eval: %v, %v; the mix scores %v", again, err, *got.Score.Mixed.Value)
			}
		})
	}
}
