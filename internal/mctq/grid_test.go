package mctq_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"

	"example.org/demote/internal/mctq"
	"example.org/demote/internal/onnxruntest"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/quant"
)

// TestMCTQGridValues: for the attributes of a file, every formula gives what the toolkit gives: `mctq` what its
// operator's torch function computes, `torch` what its model's fake quantization computes, both bit for bit but for
// the sign of zero. `qdq` is `mctq` on symmetric grids.
func TestMCTQGridValues(t *testing.T) {
	data, err := os.ReadFile("../../onnx/testdata/mctq/grids.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Op        string
		Bits      int64
		Signed    bool
		Threshold float32
		Min, Max  float32
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	record := onnxruntest.ReadNPZ(t, "../../onnx/testdata/mctq/grids.npz")
	for i, c := range cases {
		name := fmt.Sprintf("%+v", c)
		for _, f := range []quant.Formula{quant.MCTQ, quant.Torch, quant.QDQ} {
			key := string(f)
			if f == quant.QDQ {
				if key = string(quant.MCTQ); c.Op == "Uniform" {
					continue
				}
			}
			grid := gridOf(t, c.Op, f, c.Bits, c.Signed, c.Threshold, c.Min, c.Max)
			x, want := record[fmt.Sprintf("x%d", i)].Floats, record[fmt.Sprintf("%s%d", key, i)].Floats
			have := make([]float32, len(x))
			grid.Apply(have, x)
			wrong := 0
			for k, v := range want {
				if math.Float32bits(v+0) != math.Float32bits(have[k]) {
					if wrong++; wrong == 1 {
						t.Errorf("%s, formula %s: %g becomes %g, the toolkit has %g", name, f, x[k], have[k], v)
					}
				}
			}
			if wrong > 1 {
				t.Errorf("%s, formula %s: %d of %d values differ", name, f, wrong, len(x))
			}
		}
	}
}

// gridOf reads the grid from a file whose one quantizer has these attributes.
func gridOf(t *testing.T, op string, f quant.Formula, bits int64, signed bool, threshold, lo, hi float32) quant.Grid {
	t.Helper()
	m := onnxruntest.Read(t, "../../onnx/testdata/mctq/pot_low.onnx")
	for _, n := range m.Graph().Node {
		if n.GetOpType() != "ActivationPOTQuantizer" {
			continue
		}
		integer := func(name string, v int64) *onnxpb.AttributeProto {
			return &onnxpb.AttributeProto{Name: &name, Type: onnxpb.AttributeProto_INT.Enum(), I: &v}
		}
		float := func(name string, v float32) *onnxpb.AttributeProto {
			return &onnxpb.AttributeProto{Name: &name, Type: onnxpb.AttributeProto_FLOAT.Enum(), F: &v}
		}
		n.OpType = new("Activation" + op + "Quantizer")
		n.Attribute = []*onnxpb.AttributeProto{integer("num_bits", bits)}
		if op == "Uniform" {
			n.Attribute = append(n.Attribute, float("min_range", lo), float("max_range", hi))
			continue
		}
		sign := int64(0)
		if signed {
			sign = 1
		}
		n.Attribute = append(n.Attribute, integer("signed", sign), float("threshold", threshold))
	}
	_, grids, err := mctq.Read(m, f)
	if err != nil {
		t.Fatal(err)
	}
	return grids[0]
}
