package cli

import (
	"os"
	"strings"
	"testing"

	"example.org/demote/run"
)

// small are networks of x [N, 1, 4, 4] so small that some graph that a command makes of them has no node.
func small() map[string]graph {
	gemm := func(in, out string) graph {
		return newGraph().node("Flatten", "f", "x").weights("w", []int64{16, 5}).weights("b", []int64{5}).node("Gemm", out, in, "w", "b")
	}
	conv := newGraph().weights("w", []int64{5, 1, 4, 4}).node("Conv", "y", "x", "w")
	conv.Graph.Output = append(conv.Graph.Output, value("y", 1, -1, 5, 1, 1))
	matmul := newGraph().weights("w", []int64{4, 5}).node("MatMul", "y", "x", "w")
	matmul.Graph.Output = append(matmul.Graph.Output, value("y", 1, -1, 1, 4, 5))
	beside := gemm("f", "y").output("y", 5)
	beside.Graph.Output = append(beside.Graph.Output, value("x", 1, -1, 1, 4, 4))
	constant := gemm("f", "y").output("y", 5)
	constant.Graph.Output = append(constant.Graph.Output, value("b", 1, 5))
	return map[string]graph{
		"Flatten and Gemm":             gemm("f", "y").output("y", 5),
		"softmax regression":           gemm("f", "z").node("Softmax", "y", "z").output("y", 5),
		"Gemm and Identity":            gemm("f", "z").node("Identity", "y", "z").output("y", 5),
		"one Conv":                     conv,
		"one MatMul":                   matmul,
		"an output that is the input":  beside,
		"an output that is a constant": constant,
	}
}

// TestOneLayer has networks of one layer searched, verified, exported, quantized, scored and measured.
func TestOneLayer(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for name, g := range small() {
		t.Run(name, func(t *testing.T) {
			in := good(t)
			in.write(t, "net.onnx", g.bytes())
			in.flags["--target"] = "1"
			must(t, in.args("--metric", "sqnr", "--output", "y")...)
			must(t, "verify", in.path("run"))
			formats := []string{"qdq-ms"}
			if name == "Flatten and Gemm" {
				formats = run.FormatNames()
			}
			for _, format := range formats {
				must(t, "export", in.path("run"), "--format", format, "--force")
			}
			must(t, "eval", in.path("run/mixed.onnx"), "--data", in.path("eval.npz"), "--metric", "sqnr", "--reference", in.path("net.onnx"), "--output", "y")
			must(t, "quantize", "--model", in.path("net.onnx"), "--calib", in.path("calib.npz"), "--out", in.path("q"))
			must(t, "search", "--low", in.path("q/net_int8.onnx"), "--high", in.path("q/net_int16.onnx"), "--data", in.path("eval.npz"),
				"--metric", "sqnr", "--output", "y", "--target", "1", "--out", in.path("pair"))
		})
	}
	t.Run("bench", func(t *testing.T) {
		in := good(t)
		in.write(t, "net.onnx", small()["Flatten and Gemm"].bytes())
		must(t, "bench", "--model", in.path("net.onnx"), "--calib", in.path("calib.npz"), "--data", in.path("eval.npz"), "--target", "16bit-0.05")
	})
}

// TestOutputsThatAreInputs scores outputs that no node makes: an input gives its own values, a constant no score.
func TestOutputsThatAreInputs(t *testing.T) {
	in := good(t)
	nets := small()
	in.write(t, "net.onnx", nets["an output that is the input"].bytes())
	in.write(t, "constant.onnx", nets["an output that is a constant"].bytes())
	none := newGraph()
	none.Graph.Output = none.Graph.Input
	in.write(t, "none.onnx", none.bytes())
	twice := newGraph().node("Relu", "s", "x")
	twice.Graph.Output = append(twice.Graph.Output, value("x", 1, -1, 1, 4, 4), value("s", 1, -1, 1, 4, 4))
	in.write(t, "twice.onnx", twice.bytes())
	got := must(t, "eval", in.path("none.onnx"), "--data", in.path("eval.npz"), "--metric", "mse", "--reference", in.path("twice.onnx"), "--output", "x", "--json").out
	if !strings.Contains(got, `"value":0`) && !strings.Contains(got, `"value": 0`) {
		t.Errorf("the input differs from the input: %s", got)
	}
	checkRefused(t, call("eval", in.path("constant.onnx"), "--data", in.path("eval.npz"), "--metric", "mse", "--reference", in.path("constant.onnx"), "--output", "b"), "output b is a constant", "--output")
	if _, err := os.Stat(in.path("run")); err == nil {
		t.Error("eval made a run folder")
	}
}
