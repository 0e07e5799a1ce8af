package tasktest

import (
	"math"
	"os"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/cgo"
	"example.org/demote/config"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/onnx/onnxpb"
)

// gruWeights are those of gruStep: wz and uz of the gate, wc of what is new, v of the output.
func gruWeights() map[string][]float32 {
	return map[string][]float32{"wz": Normals(1, 6*8), "uz": Normals(2, 8*8), "wc": Normals(3, 6*8), "v": Normals(4, 8*5)}
}

// GruStep is one step of a network with a gate: z = sigmoid(x wz + h uz), hn = h + z (tanh(x wc) - h), y = hn v.
func GruStep() *onnxpb.GraphProto {
	w, node := gruWeights(), Node
	return &onnxpb.GraphProto{Name: proto.String("gru"),
		Input:  []*onnxpb.ValueInfoProto{onnxtest.Declared("x", ir.Float, "N", 6), onnxtest.Declared("h", ir.Float, "N", 8)},
		Output: []*onnxpb.ValueInfoProto{onnxtest.Declared("y", ir.Float, "N", 5), onnxtest.Declared("hn", ir.Float, "N", 8)},
		Initializer: []*onnxpb.TensorProto{ir.NewFloats("wz", []int64{6, 8}, w["wz"]), ir.NewFloats("uz", []int64{8, 8}, w["uz"]),
			ir.NewFloats("wc", []int64{6, 8}, w["wc"]), ir.NewFloats("v", []int64{8, 5}, w["v"])},
		Node: []*onnxpb.NodeProto{node("MatMul", "a", "x", "wz"), node("MatMul", "b", "h", "uz"), node("Add", "s", "a", "b"), node("Sigmoid", "z", "s"),
			node("MatMul", "c", "x", "wc"), node("Tanh", "d", "c"), node("Sub", "e", "d", "h"), node("Mul", "f", "z", "e"), node("Add", "hn", "h", "f"),
			node("MatMul", "y", "hn", "v")}}
}

// SharedStep is gruStep with an input without steps, which is added to x in each of them.
func SharedStep() *onnxpb.GraphProto {
	g := GruStep()
	g.Input = append(g.Input, onnxtest.Declared("who", ir.Float, "N", 6))
	g.Node = append([]*onnxpb.NodeProto{Node("Add", "xw", "x", "who")}, g.Node...)
	for _, n := range g.Node[1:] {
		if n.Input[0] == "x" {
			n.Input[0] = "xw"
		}
	}
	return g
}

// FreeStep is gruStep that does not say how large its state is.
func FreeStep() *onnxpb.GraphProto {
	g := GruStep()
	g.Input[1], g.Output[1] = onnxtest.Declared("h", ir.Float, "N", "any"), onnxtest.Declared("hn", ir.Float, "N", "any")
	return g
}

// FlatStep is gruStep with a state that has no axis for samples.
func FlatStep() *onnxpb.GraphProto {
	g := GruStep()
	g.Input[1], g.Output[1] = onnxtest.Declared("h", ir.Float, 8), onnxtest.Declared("hn", ir.Float, 8)
	g.Node[8], g.Node[9] = Node("Add", "hr", "h", "f"), Node("MatMul", "y", "hr", "v")
	g.Initializer = append(g.Initializer, ir.NewInts("flat", ir.Int64, []int64{1}, []int64{8}))
	g.Node = append(g.Node, Node("Reshape", "hn", "hr", "flat"))
	return g
}

// FixedStep is gruStep for a batch of one size.
func FixedStep(batch int) *onnxpb.GraphProto {
	g := GruStep()
	g.Input = []*onnxpb.ValueInfoProto{onnxtest.Declared("x", ir.Float, batch, 6), onnxtest.Declared("h", ir.Float, batch, 8)}
	g.Output = []*onnxpb.ValueInfoProto{onnxtest.Declared("y", ir.Float, batch, 5), onnxtest.Declared("hn", ir.Float, batch, 8)}
	return g
}

// GruInGo computes what the steps of one sample give, and what h is in front of each of them.
func GruInGo(x, h []float32, steps int) (y, seen []float64) {
	w := gruWeights()
	times := func(v []float64, m []float32) []float64 {
		columns := len(m) / len(v)
		out := make([]float64, columns)
		for i, a := range v {
			for k := range out {
				out[k] += a * float64(m[i*columns+k])
			}
		}
		return out
	}
	state := make([]float64, 8)
	for i, v := range h {
		state[i] = float64(v)
	}
	for step := range steps {
		in := make([]float64, 6)
		for i := range in {
			in[i] = float64(x[step*6+i])
		}
		seen = append(seen, state...)
		a, b, c := times(in, w["wz"]), times(state, w["uz"]), times(in, w["wc"])
		next := make([]float64, 8)
		for i := range next {
			z := 1 / (1 + math.Exp(-a[i]-b[i]))
			next[i] = state[i] + z*(math.Tanh(c[i])-state[i])
		}
		state = next
		y = append(y, times(state, w["v"])...)
	}
	return y, seen
}

// LstmStep is one step of a network with two states of one shape.
func LstmStep() *onnxpb.GraphProto {
	node := Node
	cat := node("Concat", "xh", "x", "h")
	cat.Attribute = []*onnxpb.AttributeProto{{Name: proto.String("axis"), Type: onnxpb.AttributeProto_INT.Enum(), I: proto.Int64(1)}}
	g := &onnxpb.GraphProto{Name: proto.String("lstm"),
		Input:  []*onnxpb.ValueInfoProto{onnxtest.Declared("h", ir.Float, "N", 8), onnxtest.Declared("x", ir.Float, "N", 6), onnxtest.Declared("c", ir.Float, "N", 8)},
		Output: []*onnxpb.ValueInfoProto{onnxtest.Declared("hn", ir.Float, "N", 8), onnxtest.Declared("cn", ir.Float, "N", 8), onnxtest.Declared("y", ir.Float, "N", 5)},
		Node: []*onnxpb.NodeProto{cat, node("MatMul", "mi", "xh", "wi"), node("Sigmoid", "i", "mi"), node("MatMul", "mg", "xh", "wg"), node("Tanh", "g", "mg"),
			node("MatMul", "mf", "xh", "wf"), node("Sigmoid", "f", "mf"), node("Mul", "p", "i", "g"), node("Mul", "q", "f", "c"), node("Add", "cn", "p", "q"),
			node("Tanh", "tc", "cn"), node("Mul", "hn", "tc", "f"), node("MatMul", "y", "hn", "v")}}
	for i, name := range []string{"wi", "wg", "wf"} {
		g.Initializer = append(g.Initializer, ir.NewFloats(name, []int64{14, 8}, Normals(uint64(20+i), 14*8)))
	}
	g.Initializer = append(g.Initializer, ir.NewFloats("v", []int64{8, 5}, Normals(23, 8*5)))
	return g
}

// LayeredStep is one step of two layers, whose states lie behind each other in one: [2,batch,8].
func LayeredStep() *onnxpb.GraphProto {
	node := Node
	on := func(n *onnxpb.NodeProto, axis int64) *onnxpb.NodeProto {
		n.Attribute = []*onnxpb.AttributeProto{{Name: proto.String("axis"), Type: onnxpb.AttributeProto_INT.Enum(), I: proto.Int64(axis)}}
		return n
	}
	g := &onnxpb.GraphProto{Name: proto.String("layered"),
		Input:  []*onnxpb.ValueInfoProto{onnxtest.Declared("x", ir.Float, "N", 6), onnxtest.Declared("state", ir.Float, 2, "N", 8)},
		Output: []*onnxpb.ValueInfoProto{onnxtest.Declared("y", ir.Float, "N", 5), onnxtest.Declared("stateN", ir.Float, 2, "N", 8)},
		Node: []*onnxpb.NodeProto{on(node("Gather", "h0", "state", "zero"), 0), on(node("Gather", "h1", "state", "one"), 0),
			node("MatMul", "a", "x", "w0"), node("MatMul", "b", "h0", "u0"), node("Add", "s0", "a", "b"), node("Tanh", "n0", "s0"),
			node("MatMul", "c", "n0", "w1"), node("MatMul", "d", "h1", "u1"), node("Add", "s1", "c", "d"), node("Tanh", "n1", "s1"),
			node("Unsqueeze", "e0", "n0", "front"), node("Unsqueeze", "e1", "n1", "front"), on(node("Concat", "stateN", "e0", "e1"), 0), node("MatMul", "y", "n1", "v")},
		Initializer: []*onnxpb.TensorProto{ir.NewInts("zero", ir.Int64, nil, []int64{0}), ir.NewInts("one", ir.Int64, nil, []int64{1}), ir.NewInts("front", ir.Int64, []int64{1}, []int64{0})}}
	for i, name := range []string{"w0", "u0", "w1", "u1", "v"} {
		rows, columns := int64(8), int64(8)
		if name == "w0" {
			rows = 6
		}
		if name == "v" {
			columns = 5
		}
		g.Initializer = append(g.Initializer, ir.NewFloats(name, []int64{rows, columns}, Normals(uint64(30+i), int(rows*columns))))
	}
	return g
}

// StepNet is a search of a step, of n samples x of so many steps.
func StepNet(t testing.TB, g *onnxpb.GraphProto, n, steps int, states ...string) (config.Config, []float32) {
	t.Helper()
	x := Normals(50, n*steps*6)
	cfg := AloneConfig(t, g, map[string][]int{"x": {n, steps, 6}})
	WriteArrays(t, cfg.Data, map[string][]byte{"x": FloatsNPY(x, n, steps, 6)})
	cfg.State, cfg.GridLow, cfg.GridHigh = states, "pow2", "pow2"
	return cfg, x
}

// StepByStep runs a file by ONNX Runtime alone, one step after another from zeros on, and returns the output y of all
// steps, a sample behind the other. feeds are the states' shapes for a block, by input, and what feeds them.
func StepByStep(t testing.TB, path string, config map[string]string, x []float32, steps, block int, feeds map[string]string, dims ...int64) (y []float32) {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := cgo.NewSession(file, cgo.Options{Level: 99, IntraThreads: 1, Config: config})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	fed := map[string]*cgo.Tensor{}
	tensor := func(name string, dims ...int64) {
		v, err := cgo.NewTensor(cgo.Float32, dims...)
		if err != nil {
			t.Fatal(err)
		}
		fed[name] = v
	}
	tensor("x", int64(block), 6)
	for in := range feeds {
		tensor(in, dims...)
	}
	defer func() {
		for _, v := range fed {
			v.Close()
		}
	}()
	n := len(x) / (6 * steps)
	y = make([]float32, n*steps*5)
	for first := 0; first < n; first += block {
		for in := range feeds {
			clear(fed[in].Bytes())
		}
		for step := range steps {
			for slot := range block {
				sample := first
				if first+slot < n {
					sample += slot
				}
				copy(fed["x"].Float32s()[slot*6:][:6], x[(sample*steps+step)*6:])
			}
			out, err := s.MeasureValues(fed)
			if err != nil {
				t.Fatal(err)
			}
			made := map[string][]float32{}
			for i, p := range s.Outputs() {
				made[p.Name] = out[i].Floats
			}
			for slot := range min(block, n-first) {
				copy(y[((first+slot)*steps+step)*5:][:5], made["y"][slot*5:])
			}
			for in, from := range feeds {
				copy(fed[in].Float32s(), made[from])
			}
		}
	}
	return y
}
