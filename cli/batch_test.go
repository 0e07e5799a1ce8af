package cli

import (
	"path/filepath"
	"strings"
	"testing"

	"example.org/demote/onnx"
)

// TestBlocksOfOneAreTold holds that every command that runs a network whose samples must be run alone says so, in one
// line.
func TestBlocksOfOneAreTold(t *testing.T) {
	in := good(t)
	g := newGraph().weights("w", []int64{16, 5}).node("Flatten", "f", "x").node("MatMul", "a", "f", "w").node("Relu", "r", "a").weights("v", []int64{5, 5}).
		node("MatMul", "z", "r", "v").node("ReduceMax", "m", "r").node("Add", "y", "z", "m").output("y", 5)
	g.Graph.Output[0].Type.GetTensorType().Shape = nil
	in.write(t, "net.onnx", g.bytes())
	const said = "output y of a sample depends on the samples beside it: every sample is run alone, in blocks of one\n"
	model, calib, data := in.flags["--model"], in.flags["--calib"], in.flags["--data"]
	for name, args := range map[string][]string{
		"search":   in.args("--metric", "top1"),
		"eval":     {"eval", model, "--data", data, "--metric", "top1"},
		"quantize": {"quantize", "--model", model, "--calib", calib, "--out", in.path("files"), "--fix-shapes"},
		"inspect":  {"inspect", "--model", model, "--calib", calib},
		"bench":    {"bench", "--model", model, "--calib", calib, "--data", data},
	} {
		if got := must(t, args...); strings.Count(got.err, said) != 1 {
			t.Errorf("%s says %q", name, got.err)
		}
	}
	got := must(t, in.args("--metric", "top1", "--fix-shapes", "--out", in.path("fixed"))...)
	if !strings.Contains(got.out, "bit for bit") {
		t.Errorf("the search says %s%s", got.err, got.out)
	}
	for _, file := range []string{in.path("fixed/mixed.onnx"), filepath.Join(in.path("files"), "net_int8.onnx")} {
		m, err := onnx.Read(file)
		if err != nil || m.Inputs()[0].Dims[0] != 1 {
			t.Errorf("%s: %v, %v", file, m.Inputs(), err)
		}
	}
}
