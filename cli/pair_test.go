package cli

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"demote/run"
)

// TestBadPairs gives a search what is no pair.
func TestBadPairs(t *testing.T) {
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
	} {
		t.Run(c.name, func(t *testing.T) {
			args := append([]string{"search", "--data", in.path("eval.npz"), "--out", in.path("run"), "--target", "16bit-0.05"}, c.args...)
			checkRefused(t, call(args...), c.texts...)
		})
	}
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
