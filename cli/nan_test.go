package cli

import (
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/onnx/onnxpb"
)

// rooted has a tensor root, NaN for samples whose mean is below -2, and adds to every value of x what
// hide makes of it as the tensor safe.
func rooted(hide func(g graph)) graph {
	mean := make([]float32, 16)
	for i := range mean {
		mean[i] = 1. / 16
	}
	g := newGraph().weights("two", []int64{1}, 2).weights("zero", []int64{1}, 0).weights("mean", []int64{1, 1, 4, 4}, mean...).
		node("Conv", "m", "x", "mean").node("Add", "p", "m", "two").node("Sqrt", "root", "p")
	hide(g)
	return behind(g, "safe")
}

// behind adds a tensor to x and ends the network.
func behind(g graph, tensor string) graph {
	return g.node("Flatten", "sf", tensor).node("Flatten", "xf", "x").node("Add", "mixed", "xf", "sf").
		weights("w3", []int64{16, 5}).node("MatMul", "y", "mixed", "w3").output("y", 5)
}

// wide makes 32 channels of root and runs a convolution over them that the runtime does in its
// blocked layout, with an operator behind it that it may fuse.
func wide(op string, in ...string) func(graph) {
	return func(g graph) {
		ones := make([]float32, 32*32*9)
		for i := range ones {
			ones[i] = 1
		}
		g.weights("image", []int64{1, 1, 8, 8}, ones[:64]...).node("Mul", "large", "root", "image").
			weights("spread", []int64{32, 1, 3, 3}, ones[:288]...).node("Conv", "many", "large", "spread").
			weights("again", []int64{32, 32, 3, 3}, ones...).node("Conv", "more", "many", "again").
			node(op, "act", append([]string{"more"}, in...)...).weights("one", []int64{1, 32, 1, 1}, ones[:32]...).node("Conv", "few", "act", "one").
			node("GlobalAveragePool", "safe", "few")
	}
}

// ratio gives 0/0 for samples that the grid of 16 bits takes for 0, and numbers in float.
func ratio(g graph) graph {
	g.node("Div", "ratio", "x", "x").weights("zero", []int64{1}, 0).node("Greater", "is", "ratio", "zero").node("Where", "safe", "is", "ratio", "zero")
	return behind(g, "safe")
}

// ofOpset is the network at another opset, whose form it has already.
func ofOpset(version int64, g graph) graph {
	g.OpsetImport[0].Version = &version
	return g
}

// TestNaN gives networks that are not a number for one evaluation sample, whether the outputs show
// it or not.
func TestNaN(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	same := func(g graph) { g.node("Identity", "safe", "root") }
	where := func(g graph) { g.node("Greater", "is", "root", "zero").node("Where", "safe", "is", "root", "zero") }
	maximum := func(g graph) {
		g.node("ReduceMax", "safe", "root")
		g.Graph.Node[3].Attribute = []*onnxpb.AttributeProto{{Name: proto.String("axes"), Type: onnxpb.AttributeProto_INTS.Enum(), Ints: []int64{2, 3}}}
	}
	below := func(x, _ []float64) {
		for i := range 16 {
			x[11*16+i] -= 4
		}
	}
	tiny := func(x, _ []float64) {
		for i := range 16 {
			x[11*16+i] = 1e-9
		}
	}
	for _, c := range []struct {
		name   string
		net    graph
		file   string
		n      int
		change func(x, y []float64)
		texts  []string
	}{
		{"shown", rooted(same), "eval.npz", 40, below, []string{"net.onnx", "float network", "NaN", "sample 11", "root", "--allow-nan"}},
		{"chosen away", rooted(where), "eval.npz", 40, below, []string{"net.onnx", "float network", "NaN", "sample 11", "root"}},
		{"at opset 12", ofOpset(12, rooted(where)), "eval.npz", 40, below, []string{"net.onnx", "float network", "NaN", "sample 11", "root"}},
		{"at opset 9", ofOpset(9, rooted(where)), "eval.npz", 40, below, []string{"net.onnx", "float network", "NaN", "sample 11", "root"}},
		{"maximum", rooted(maximum), "eval.npz", 40, below, []string{"net.onnx", "float network", "NaN", "sample 11", "root"}},
		{"blocked Relu", rooted(wide("Relu")), "eval.npz", 40, below, []string{"net.onnx", "float network", "NaN", "sample 11", "root"}},
		{"blocked Clip", rooted(func(g graph) { wide("Clip", "low")(g.weights("low", nil, 0)) }), "eval.npz", 40, below, []string{"net.onnx", "float network", "NaN", "sample 11", "root"}},
		{"of 16 bits", ratio(newGraph()), "eval.npz", 40, tiny, []string{"net.onnx", "16-bit network", "NaN", "sample 11", "ratio"}},
		{"in the calibration data", rooted(where), "calib.npz", 16, below, []string{"net.onnx", "calib.npz", "NaN", "sample 11", "root"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := good(t)
			in.write(t, "net.onnx", c.net.bytes())
			more := data(c.file, c.n, c.change)(t, in)
			checkRefused(t, call(in.args(more...)...), c.texts...)
			if got := call(in.args(append(more, "--allow-nan")...)...); got.code == 1 || got.code == 2 {
				t.Errorf("--allow-nan: exit code %d, %s", got.code, got.err)
			}
		})
	}
}

// TestNoNaN holds that tensors whose sums overflow to NaN, without one in them, are not taken for it.
func TestNoNaN(t *testing.T) {
	in := good(t)
	huge := make([]float32, 16)
	for i := range huge {
		huge[i] = 3e38
	}
	g := newGraph().weights("huge", []int64{1, 1, 4, 4}, huge...).weights("zero", []int64{1}, 0).weights("one", []int64{1}, 1).
		node("Tanh", "t", "x").node("Mul", "far", "t", "huge").node("Greater", "is", "far", "zero").node("Where", "safe", "is", "one", "zero")
	in.write(t, "net.onnx", behind(g, "safe").bytes())
	if got := call(in.args()...); got.code == 1 || got.code == 2 {
		t.Errorf("exit code %d, %s", got.code, got.err)
	}
}
