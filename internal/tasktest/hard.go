package tasktest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/config"
	"example.org/demote/onnx/onnxpb"
)

// hardSwishes are HardSwish of x in the forms of networks, hardSigmoids those of HardSigmoid: nodes, with OUT for what
// they make and T for a prefix of tensors of their own.
var (
	hardSwishes = []string{
		"OUT = HardSwish x", "Ts = HardSigmoid x; OUT = Mul x Ts", "Tb = Add x k3; Tc = Clip Tb k0 k6; Tm = Mul x Tc; OUT = Div Tm k6",
		"Tb = Add x k3; Tc = Clip Tb k0 k6; Td = Div Tc k6; OUT = Mul x Td", "Tb = Add x k3; Tr = Relu Tb; Tc = Min Tr k6; Tm = Mul x Tc; OUT = Mul Tm kr",
		"Tb = Add x k3; Tc = Clip Tb k0 k6; Td = Mul x kr; OUT = Mul Td Tc",
	}
	hardSigmoids = []string{"OUT = HardSigmoid x", "Tb = Add x k3; Tc = Clip Tb k0 k6; OUT = Div Tc k6"}
)

// HardConfig is FashionConfig of its network with HardSwish for each SiLU and HardSigmoid for each other Sigmoid, in
// turn in all forms, as in MobileNetV3. Its weights are those of the SiLUs.
func HardConfig(t testing.TB) config.Config {
	t.Helper()
	cfg := FashionConfig(t)
	data, err := os.ReadFile(cfg.Model)
	if err != nil {
		t.Fatal(err)
	}
	m := &onnxpb.ModelProto{}
	if err := proto.Unmarshal(data, m); err != nil {
		t.Fatal(err)
	}
	b := NewGraph(0)
	for name, v := range map[string]float32{"k0": 0, "k3": 3, "k6": 6, "kr": 1.0 / 6} {
		b.Constant(name, []float32{v})
	}
	swishes, sigmoids := 0, 0
	old := m.Graph.Node
	m.Graph.Node = nil
	for i, n := range old {
		var form string
		out := n.GetOutput()
		switch {
		case n.GetOpType() == "Mul" && i > 0 && old[i-1].GetOpType() == "Sigmoid" && old[i-1].Input[0] == n.Input[0]:
			form, swishes = hardSwishes[swishes%len(hardSwishes)], swishes+1
		case n.GetOpType() == "Sigmoid" && (old[i+1].GetOpType() != "Mul" || old[i+1].Input[0] != n.Input[0]):
			form, sigmoids = hardSigmoids[sigmoids%len(hardSigmoids)], sigmoids+1
		case n.GetOpType() == "Sigmoid":
			continue
		default:
			m.Graph.Node = append(m.Graph.Node, n)
			continue
		}
		text := strings.NewReplacer("OUT", "y", "T", fmt.Sprintf("t%d.", i)).Replace(form)
		b.G.Node = nil
		for _, made := range b.Do(text).G.Node {
			for j, in := range made.Input {
				if in == "x" {
					made.Input[j] = n.Input[0]
				}
			}
			if made.GetOpType() == "HardSigmoid" && len(old[i].Input) == 2 { // a HardSwish's
				made.Attribute = []*onnxpb.AttributeProto{{Name: proto.String("alpha"), Type: onnxpb.AttributeProto_FLOAT.Enum(), F: proto.Float32(1.0 / 6)}}
			}
			if made.Output[0] == "y" {
				made.Output = out
			}
			made.Name = &made.Output[0]
			m.Graph.Node = append(m.Graph.Node, made)
		}
	}
	m.Graph.Initializer = append(m.Graph.Initializer, b.G.Initializer...)
	if data, err = proto.Marshal(m); err != nil {
		t.Fatal(err)
	}
	cfg.Model = filepath.Join(t.TempDir(), "hard.onnx")
	if err := os.WriteFile(cfg.Model, data, 0o666); err != nil {
		t.Fatal(err)
	}
	return cfg
}
