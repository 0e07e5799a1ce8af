package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/onnx/onnxpb"
	"example.org/demote/run"
)

// TestBadPairs gives a search what is no pair.
func TestBadPairs(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	in := good(t)
	must(t, "quantize", "--model", in.path("net.onnx"), "--calib", in.path("calib.npz"), "--out", in.path("ends"))
	g := newGraph().node("Tanh", "t", "x")
	in.write(t, "other.onnx", behind(g, "t").bytes())
	must(t, "quantize", "--model", in.path("other.onnx"), "--calib", in.path("calib.npz"), "--out", in.path("ends"))
	low, high, other := in.path("ends/net_int8.onnx"), in.path("ends/net_int16.onnx"), in.path("ends/other_int16.onnx")
	for _, c := range []struct {
		name  string
		args  []string
		texts []string
	}{
		{"8 bits alone", []string{"--low", low}, []string{"--low and --high"}},
		{"16 bits alone", []string{"--high", high}, []string{"--low and --high"}},
		{"swapped", []string{"--low", high, "--high", low}, []string{"swapped"}},
		{"one file twice", []string{"--low", low, "--high", low}, []string{"nothing to demote"}},
		{"two networks", []string{"--low", low, "--high", other}, []string{"net_int8.onnx", "other_int16.onnx"}},
		{"a float network", []string{"--low", low, "--high", in.path("net.onnx")}, []string{"net.onnx", "--model"}},
		{"no such file", []string{"--low", in.path("none.onnx"), "--high", high}, []string{"none.onnx", "no such file"}},
		{"calibration data", []string{"--low", low, "--high", high, "--calib", in.path("calib.npz")}, []string{"--calib"}},
		{"a formula that QDQ lacks", []string{"--low", low, "--high", high, "--formula", "mctq"}, []string{"net_int8.onnx", "qdq", "mctq"}},
		{"a target from the float network", []string{"--low", low, "--high", high, "--target", "float-0.01"}, []string{"float", "16bit-0.005"}},
		{"an unknown output", []string{"--low", low, "--high", high, "--output", "z"}, []string{"net_int16.onnx", "--output z"}},
		{"FAKELY_QUANT, 16 bits", fixtures("mctq/pot_fq_low", "mctq/pot_fq_high"), []string{"pot_fq_high.onnx", "FAKELY_QUANT", "drops every holder", "MCTQ", "--model"}},
		{"a holder in the 8-bit file only", fixtures("mctq/shiftlow_low", "mctq/shiftlow_high"), []string{"shiftlow_low.onnx", `"hardswish_post_add_activation_holder_quantizer" is only in the 8-bit file`}},
		{"another number of inputs", fixtures("mctq/ports_low", "mctq/pot_high"), []string{"ports_low.onnx", "2 inputs", "1"}},
		{"MCTQ swapped", fixtures("mctq/pot_high", "mctq/pot_low"), []string{"swapped"}},
		{"a threshold of 0", broken(t, in, "mctq/pot_high", "ActivationPOTQuantizer", "threshold", 0), []string{"broken_threshold_0.onnx", "_activation_holder_quantizer", "threshold"}},
		{"a threshold that is no number", broken(t, in, "mctq/symmetric_high", "ActivationSymmetricQuantizer", "threshold", float32(math.NaN())), []string{"broken_threshold_NaN.onnx", "_activation_holder_quantizer", "threshold"}},
		{"an empty range", broken(t, in, "mctq/uniform_high", "ActivationUniformQuantizer", "max_range", -1e9), []string{"broken_max_range_-1e+09.onnx", "_activation_holder_quantizer", "max_range"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := append([]string{"search", "--data", in.path("eval.npz"), "--out", in.path("run")}, c.args...)
			if !slices.Contains(args, "--target") {
				args = append(args, "--target", "16bit-0.05")
			}
			checkRefused(t, call(args...), c.texts...)
		})
	}
}

// fixtures are the flags for a pair of the importer's test files.
func fixtures(low, high string) []string {
	const dir = "../onnx/testdata/"
	return []string{"--low", dir + low + ".onnx", "--high", dir + high + ".onnx"}
}

// broken is a pair whose 16-bit file has another value in an attribute of its first quantizer of a kind.
func broken(t *testing.T, in inputs, high, op, attribute string, value float32) []string {
	t.Helper()
	args := fixtures(strings.Replace(high, "_high", "_low", 1), high)
	data, err := os.ReadFile(args[3])
	if err != nil {
		t.Fatal(err)
	}
	m := new(onnxpb.ModelProto)
	if err := proto.Unmarshal(data, m); err != nil {
		t.Fatal(err)
	}
	changed := false
	for _, n := range m.Graph.Node {
		for _, a := range n.Attribute {
			if n.GetOpType() == op && a.GetName() == attribute && !changed {
				a.F, changed = &value, true
			}
		}
	}
	if !changed {
		t.Fatalf("%s has no %s with %s", high, op, attribute)
	}
	name := fmt.Sprintf("broken_%s_%v.onnx", attribute, value)
	in.write(t, name, graph{m}.bytes())
	args[3] = in.path(name)
	return args
}

// TestCancelled calls every command that computes with an interruption that has come already.
func TestCancelled(t *testing.T) {
	in := good(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	data := []string{"--model", in.path("net.onnx"), "--calib", in.path("calib.npz")}
	before := listing(t, in.dir)
	for _, args := range [][]string{
		append([]string{"quantize", "--out", in.path("ends")}, data...), append([]string{"inspect"}, data...), append([]string{"bench", "--data", in.path("eval.npz")}, data...),
		{"eval", in.path("net.onnx"), "--data", in.path("eval.npz")}, in.args(),
	} {
		var out, errs bytes.Buffer
		code := program(ctx, append([]string{"demote"}, args...), &out, &errs)
		if code != run.ExitInterrupted || !strings.HasPrefix(errs.String(), "demote: interrupted") || strings.Count(errs.String(), "\n") != 1 || out.Len() > 0 {
			t.Errorf("%s: exit code %d, %q, %q", args[0], code, out.String(), errs.String())
		}
	}
	if after := listing(t, in.dir); strings.Join(after, "\n") != strings.Join(before, "\n") {
		t.Errorf("the folder held %q and now %q", before, after)
	}
}

// TestQuantizeJSON: programs read where both ends are.
func TestQuantizeJSON(t *testing.T) {
	in := good(t)
	var ends struct{ Low, High string }
	done := must(t, "quantize", "--model", in.path("net.onnx"), "--calib", in.path("calib.npz"), "--out", in.path("ends"), "--json")
	if err := json.Unmarshal([]byte(done.out), &ends); err != nil || ends.Low != in.path("ends/net_int8.onnx") || ends.High != in.path("ends/net_int16.onnx") {
		t.Errorf("%v: %s", err, done.out)
	}
}
