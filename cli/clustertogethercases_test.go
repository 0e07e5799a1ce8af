package cli

import (
	"testing"
)

// togetherUses are searches that ask for several things at once, where what one does stands beside what another has
// open.
func togetherUses() []use {
	list := func(target string, more ...string) maker {
		return func(t *testing.T, in inputs) []string {
			learned(t, in)
			in.flags["--target"] = target
			return more
		}
	}
	seen := func(confidence string, n int, m maker) maker {
		return func(t *testing.T, in inputs) []string {
			more := m(t, in)
			return append(more, "--holdout", unseen(t, in, n), "--confidence", confidence)
		}
	}
	return []use{
		{name: "list, ranges, holdout", make: list("16bit-0.02,16bit-0.2", "--bits", "4,16", "--range", "auto", "--holdout", "40%")},
		{name: "ranges, promise", make: seen("0.8", 150, list("16bit-0.3", "--bits", "4,16", "--range", "auto"))},
		{name: "list of ladders, promise", make: seen("0.8", 150, list("16bit-0.4,16bit-0.5", "--ladder", "4,8,16", "--strategy", "gallop"))},
		{name: "ladder, ranges, repairs, share of decibels", make: list("16bit-25", "--metric", "sqnr", "--ladder", "4,8,16", "--range", "auto", "--repair", "auto", "--holdout", "30%")},
		{name: "promise against float", make: seen("0.8", 150, list("float-0.4", "--bits", "4,16"))},
		{name: "promise of weights", make: seen("0.8", 150, list("16bit-0.4", "--search-weights", "--range", "auto", "--strategy", "auto"))},
		{name: "budget, holdout", make: func(t *testing.T, in inputs) []string {
			in.flags["--strategy"] = "-"
			return list("-", "--budget", "1.1x", "--cost", "bytes", "--bits", "4,16", "--holdout", "40%")(t, in)
		}},
		{name: "ladder by a command", make: func(t *testing.T, in inputs) []string {
			return list("16bit-0.3", "--ladder", "4,8,16", "--metric-cmd", metricLine("top1"), "--strategy", "gallop")(t, in)
		}},
		{name: "server, ranges, holdout", make: func(t *testing.T, in inputs) []string {
			return append(served("def hits(outputs, labels, indices):\n    return outputs.argmax(1) == labels\ndemote_metric.serve(hits=hits)\n", "16bit-0.05")(t, in), "--range", "auto", "--bits", "4,16", "--holdout", "40%")
		}},
		{name: "auroc, ranges, repairs, holdout", make: list("16bit-0.001", "--metric", "auroc", "--bits", "4,16", "--range", "auto", "--repair", "auto", "--holdout", "40%")},
		{name: "f1, ladder, holdout", make: list("16bit-0.3", "--metric", "f1", "--ladder", "4,8,16", "--holdout", "40%", "--class-weights", "balanced")},
		{name: "session default, list, holdout", make: list("16bit-0.02,16bit-0.1", "--session", "default", "--holdout", "40%", "--export", "qdq-ms,encodings")},
		{name: "curve, proof, ranges", make: list("16bit-0.1", "--bits", "4,16", "--range", "auto", "--curve", "--prove", "2", "--strategy", "gallop")},
		{name: "reuse", make: func(t *testing.T, in inputs) []string {
			more := list("16bit-0.2", "--bits", "4,16", "--range", "minmax")(t, in)
			must(t, in.args(append([]string{"--out", in.path("before/run")}, more...)...)...)
			in.flags["--target"] = "16bit-0.1"
			return append(more, "--reuse", in.path("before/run"))
		}},
		{name: "reuse of a ladder", make: func(t *testing.T, in inputs) []string {
			more := list("16bit-0.4", "--ladder", "4,8,16", "--range", "minmax")(t, in)
			must(t, in.args(append([]string{"--out", in.path("before/run")}, more...)...)...)
			in.flags["--target"] = "16bit-0.2"
			return append(more, "--reuse", in.path("before/run"))
		}},
		{name: "improve, pins, bytes, ranges", make: list("16bit-0.05", "--bits", "4,16", "--strategy", "improve", "--pin", "op:Tanh=int16", "--cost", "bytes", "--range", "auto", "--time", "1h")},
	}
}
