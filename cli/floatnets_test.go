package cli

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/internal/ir"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/run"
)

// behindRNN is a classifier with an RNN of 16 inputs and 4 units before its last product: 80 multiply-accumulates of
// 100.
func behindRNN() graph {
	g := newGraph().node("Reshape", "row", "x", "to-row").weights("w", []int64{1, 4, 16}).weights("r", []int64{1, 4, 4}).
		node("RNN", "h", "row", "w", "r").node("Reshape", "f", "h", "to-flat").weights("v", []int64{4, 5}).node("MatMul", "y", "f", "v").output("y", 5)
	g.Graph.Initializer = append(g.Graph.Initializer, ir.NewInts("to-row", ir.Int64, []int64{3}, []int64{1, -1, 16}),
		ir.NewInts("to-flat", ir.Int64, []int64{2}, []int64{-1, 4}))
	rnn := g.Graph.Node[1]
	rnn.Output = []string{"", "h"}
	rnn.Attribute = []*onnxpb.AttributeProto{{Name: proto.String("hidden_size"), Type: onnxpb.AttributeProto_INT.Enum(), I: proto.Int64(4)}}
	return g
}

// TestFloatIslands tells, in inspect, search, its result and the report, how much of a network stays in floating
// point.
func TestFloatIslands(t *testing.T) {
	in := good(t)
	in.write(t, "net.onnx", behindRNN().bytes())
	const said = `80 of 100 multiply-accumulates stay float: RNN node "make h"`
	got := must(t, in.args("--metric", "top1")...)
	if !strings.Contains(got.out, said) || !strings.Contains(got.err, said) {
		t.Errorf("the search says %s%s", got.err, got.out)
	}
	if f := resultOf(t, in.path("run")).FloatWork; f == nil || f.MACs != 100 || f.Float != 80 || f.Least || len(f.FloatNodes) != 1 {
		t.Errorf("result.json has %+v", f)
	}
	must(t, "report", in.path("run"))
	if page, err := os.ReadFile(in.path("run/report.html")); err != nil || !strings.Contains(string(page), "80 of 100 multiply-accumulates of a sample stay float (80.0 %)") {
		t.Errorf("the report does not say it, %v", err)
	}
	if got = must(t, "inspect", "--model", in.path("net.onnx")); !strings.Contains(got.out, "multiply-accumulates stay float: RNN node") {
		t.Errorf("inspect says %s", got.out)
	}
	var seen run.Inspection
	got = must(t, "inspect", "--json", "--model", in.path("net.onnx"))
	if err := json.Unmarshal([]byte(got.out), &seen); err != nil || seen.FloatWork == nil || seen.FloatWork.Float < 80 || len(seen.FloatWork.FloatNodes) != 1 {
		t.Errorf("%+v, %v", seen.FloatWork, err)
	}
	in.write(t, "net.onnx", plain().bytes())
	in.flags["--out"] = in.path("whole")
	if got = must(t, in.args()...); strings.Contains(got.out+got.err, "stay float") {
		t.Errorf("of a network without any: %s%s", got.err, got.out)
	}
	if f := resultOf(t, in.path("whole")).FloatWork; f == nil || f.MACs != 4*2*2*9+16*8+8*5 || f.Float != 0 {
		t.Errorf("result.json has %+v", f)
	}
	if got = must(t, "inspect", "--model", in.path("net.onnx")); !strings.Contains(got.out, "\n0 of 312 multiply-accumulates stay float\n") {
		t.Errorf("inspect says %s", got.out)
	}
}

// TestUnroll holds that the same network has nothing left in floating point with --unroll, that every command says
// so, and that the flag where nothing is to be opened is a mistake.
func TestUnroll(t *testing.T) {
	in := good(t)
	in.write(t, "net.onnx", behindRNN().bytes())
	got := must(t, in.args("--metric", "top1", "--unroll")...)
	if strings.Contains(got.out+got.err, "stay float") || !strings.Contains(got.err, "unrolled: RNN make h (steps: 1, nodes: ") {
		t.Errorf("the search says %s%s", got.err, got.out)
	}
	r := resultOf(t, in.path("run"))
	if f := r.FloatWork; f == nil || f.MACs != 16*4+20 || f.Float != 0 || len(r.Unrolled) != 1 {
		t.Errorf("result.json has %+v, %+v", f, r.Unrolled)
	}
	must(t, "verify", in.path("run"))
	must(t, "report", in.path("run"))
	if page, err := os.ReadFile(in.path("run/report.html")); err != nil || !strings.Contains(string(page), "single operators: RNN make h (steps: 1)") {
		t.Errorf("the report does not say it, %v", err)
	}
	for _, words := range [][]string{nil, {"--calib", in.path("calib.npz")}} {
		got = must(t, append([]string{"inspect", "--unroll", "--model", in.path("net.onnx")}, words...)...)
		if !strings.Contains(got.out, "\n0 of 84 multiply-accumulates stay float\n") {
			t.Errorf("inspect says %s", got.out)
		}
	}
	must(t, "quantize", "--unroll", "--model", in.path("net.onnx"), "--calib", in.path("calib.npz"), "--out", in.path("q"))
	pair := must(t, "inspect", "--low", in.path("q/net_int8.onnx"), "--high", in.path("q/net_int16.onnx"))
	if !strings.Contains(pair.out, "make h_h") {
		t.Errorf("the pair has %s", pair.out)
	}
	in.flags["--out"] = in.path("without")
	in.write(t, "net.onnx", plain().bytes())
	for _, args := range [][]string{in.args("--unroll"), {"inspect", "--unroll", "--model", in.path("net.onnx")}} {
		if c := call(args...); c.code != 2 || !strings.Contains(c.err, "--unroll: the network has no LSTM, GRU or RNN: leave it out") {
			t.Errorf("exit code %d, %s", c.code, c.err)
		}
	}
}

// TestModelsThatAreNoFloatNetworks gives every command with --model networks that it cannot begin with: one line that
// names a node and says what to give, and nothing written.
func TestModelsThatAreNoFloatNetworks(t *testing.T) {
	in := good(t)
	must(t, "quantize", "--model", in.path("net.onnx"), "--calib", in.path("calib.npz"), "--out", in.path("q"))
	dropout := plain()
	dropout.Graph.Initializer = append(dropout.Graph.Initializer, ir.NewFloats("p", nil, []float32{0.5}), ir.NewInts("on", ir.Bool, nil, []int64{1}))
	dropout.node("Dropout", "z", "y", "p", "on").Graph.Output = []*onnxpb.ValueInfoProto{value("z", 1, -1, 5)}
	half := newGraph()
	half.Graph.Input[0] = value("x", int32(ir.Float16), -1, 1, 4, 4)
	half.node("Relu", "a", "x").node("Flatten", "y", "a").Graph.Output = []*onnxpb.ValueInfoProto{value("y", int32(ir.Float16), -1, 16)}
	only := newGraph().node("Relu", "a", "x").node("Sigmoid", "s", "a").node("Flatten", "y", "s").output("y", 16)
	for name, c := range map[string]struct {
		file string
		data []byte
		want []string
	}{
		"quantized to int8":  {"q/net_int8.onnx", nil, []string{"QuantizeLinear node", "QDQ", "give the float network"}},
		"quantized to int16": {"q/net_int16.onnx", nil, []string{"QuantizeLinear node", "--low and --high"}},
		"half":               {"half.onnx", half.bytes(), []string{"no Conv, Gemm or MatMul", "1 Relu"}},
		"Dropout":            {"dropout.onnx", dropout.bytes(), []string{`Dropout node "make z"`, "training mode", "evaluation mode"}},
		"nothing multiplies": {"only.onnx", only.bytes(), []string{"no Conv, Gemm or MatMul", "1 Relu"}},
	} {
		if c.data != nil {
			in.write(t, c.file, c.data)
		}
		for _, args := range [][]string{
			in.args(), {"quantize", "--calib", in.path("calib.npz"), "--out", in.path("out")}, {"inspect"},
			{"bench", "--calib", in.path("calib.npz"), "--data", in.path("eval.npz")},
		} {
			t.Run(name+", "+args[0], func(t *testing.T) {
				args := slices.Clone(args)
				if i := slices.Index(args, "--model"); i >= 0 {
					args[i+1] = in.path(c.file)
				} else {
					args = append(args, "--model", in.path(c.file))
				}
				got := call(args...)
				last := strings.TrimSpace(got.err)
				last = last[strings.LastIndex(last, "\n")+1:]
				if got.code != run.ExitMistake || got.out != "" || !strings.HasPrefix(last, "demote: ") || !strings.Contains(last, c.file) {
					t.Errorf("exit code %d, %s%s", got.code, got.out, got.err)
				}
				for _, part := range c.want {
					if !strings.Contains(last, part) {
						t.Errorf("%q does not say %q", last, part)
					}
				}
				for _, dir := range []string{"run", "out"} {
					if _, err := os.Stat(in.path(dir)); err == nil {
						t.Errorf("there is a folder %s", dir)
					}
				}
			})
		}
	}
}
