package prepare

import (
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/onnxtest"
)

func TestPrepareRefuses(t *testing.T) {
	half := func() *onnxtest.Net {
		b := onnxtest.NewNet(17, 1, 4).Output("y")
		b.P.Graph.Input[0].Type.GetTensorType().ElemType = proto.Int32(int32(ir.Float16))
		return b.Node("Relu", []string{"x"}, []string{"y"})
	}
	cases := []struct {
		name  string
		net   *onnxtest.Net
		texts []string
	}{
		{"float16 network", half(), []string{`Relu node "y" computes in float16`, "float32"}},
		{"unknown operator", onnxtest.NewNet(17, 1, 4).Node("Swizzle", []string{"x"}, []string{"y"}).Output("y"),
			[]string{"operator Swizzle", `"y"`, "17 to 21"}},
		{"tensor scatter of opset 24", onnxtest.NewNet(24, 1, 2, 4, 4).Node("TensorScatter", []string{"x", "x"}, []string{"y"}).Output("y"),
			[]string{"TensorScatter", `"y"`, "opset 21"}},
		{"nothing to quantize", onnxtest.NewNet(17, 1, 4).Floats("k", nil, 1).Node("Identity", []string{"k"}, []string{"y"}).Output("y"),
			[]string{"no float activation"}},
	}
	cases[len(cases)-1].net.P.Graph.Input = nil
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := c.net.Model(t)
			m.Path = "file.onnx"
			_, err := Network(m, network.Options{})
			onnxtest.CheckBad(t, err, append(c.texts, "file.onnx: ")...)
		})
	}
}
