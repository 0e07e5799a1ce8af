package cli

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"example.org/demote/internal/serve/servetest"
)

// TestServerIsTop1 searches by a server that judges by top-1, and by top1: the same mix, scores and evaluations. The
// server's cost is told, eval and verify say the same, and the dry run counts what is handed over.
func TestServerIsTop1(t *testing.T) {
	in := good(t)
	in.flags["--target"], in.flags["--strategy"] = "50%", "auto"
	must(t, in.args("--bits", "4,16")...)
	want := resultOf(t, in.path("run"))
	line := servetest.Line("hits")
	in.flags["--out"] = in.path("served")
	got := must(t, in.args("--bits", "4,16", "--metric-serve", line, "--metric-name", "my-top1")...)
	r := resultOf(t, in.path("served"))
	for i := range r.Holders { // how far a refused trial has come when it is stopped is another thing
		r.Holders[i].Demoted, want.Holders[i].Demoted = nil, nil
	}
	if !slices.Equal(r.Promotion, want.Promotion) || *r.Score.Mixed.Value != *want.Score.Mixed.Value || *r.Score.Mixed.Correct != *want.Score.Mixed.Correct ||
		!reflect.DeepEqual(r.Chain, want.Chain) || !reflect.DeepEqual(r.Holders, want.Holders) || r.Evaluations != want.Evaluations || r.Trials != want.Trials || r.Metric != "my-top1" {
		t.Errorf("by the server %q %+v, %d evaluations; by top1 %q %+v, %d", r.Promotion, r.Score.Mixed, r.Evaluations, want.Promotion, want.Score.Mixed, want.Evaluations)
	}
	if m := r.MetricServer; m == nil || m.Starts != 1 || m.Requests < 5 || m.Seconds <= 0 || r.MetricCommand != nil || !strings.Contains(got.out, "the metric server was started once, answered ") {
		t.Errorf("cost of the server: %+v, %s", m, got.out)
	}
	if e := evaluate(t, in.path("served")+"/mixed.onnx", "--data", in.path("eval.npz"), "--block", "8", "--metric-serve", line); *e.Score.Correct != *r.Score.Mixed.Correct {
		t.Errorf("eval says %+v, the search %+v", e.Score, r.Score.Mixed)
	}
	if got := must(t, "verify", in.path("served"), "--metric-serve", line); strings.Contains(got.out, "metric is a command") {
		t.Error(got.out)
	}
	if got := must(t, "verify", in.path("served")); !strings.Contains(got.out, "repeat it with --metric-cmd or --metric-serve") {
		t.Error(got.out)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"verify", in.path("served"), "--metric-cmd", line}, "by the same command with the other of --metric-cmd and --metric-serve"},
		{[]string{"verify", in.path("served"), "--metric-serve", "cat"}, "by another command"},
		{[]string{"verify", in.path("run"), "--metric-serve", line}, "has the metric top1; leave it out"},
	} {
		checkRefused(t, call(c.args...), c.want)
	}
	delete(in.flags, "--out")
	for _, c := range []struct {
		args []string
		want string
	}{
		// 40 samples of 5 classes; labels of 8 bytes
		{[]string{"--metric-serve", line}, `a full evaluation hands 0.8 KiB of outputs to the server, block by block; it gets 0.3 KiB of labels once`},
		{[]string{"--metric-serve", servetest.Line("whole")}, `a full evaluation hands 0.8 KiB of outputs to the server, block by block; it gets 0.3 KiB of labels once`},
		{[]string{"--metric-cmd", "cat"}, `every evaluation starts the command and hands it 0.8 KiB of outputs and 0.3 KiB of labels`},
	} {
		if got := must(t, in.args(append(c.args, "--dry-run")...)...); !strings.Contains(got.out, c.want) {
			t.Errorf("dry run: %s, want %q", got.out, c.want)
		}
	}
}

// TestServerThatDiesOnTheWay keeps the best so far on disk; the same command goes on from it, and starts the server
// again. Another script is another run.
func TestServerThatDiesOnTheWay(t *testing.T) {
	in := good(t)
	in.flags["--target"], in.flags["--strategy"], in.flags["--range"] = "16bit-0.02", "rank", "minmax"
	in.write(t, "score.sh", []byte("if [ -e "+in.path("broken")+" ]; then "+servetest.Line("hits dies 60")+"; fi; "+servetest.Line("hits")))
	in.write(t, "broken", nil)
	args := []string{"--metric-serve", "sh " + in.path("score.sh"), "--grid", "pow2"}
	got := call(in.args(args...)...)
	if got.code != 2 || !strings.Contains(got.err, "exit status 9: no table") || strings.Count(got.err, "demote: ") != 1 {
		t.Fatalf("exit code %d, %s", got.code, got.err)
	}
	r := resultOf(t, in.path("run"))
	if r.Finished || r.Score.Mixed == nil {
		t.Errorf("%+v", r.Score.Mixed)
	}
	if err := os.Remove(in.path("broken")); err != nil {
		t.Fatal(err)
	}
	script := []byte(servetest.Line("hits"))
	was, err := os.ReadFile(in.path("score.sh"))
	if err != nil {
		t.Fatal(err)
	}
	in.write(t, "score.sh", script)
	checkRefused(t, call(in.args(args...)...), "score.sh", "has changed since the run")
	in.write(t, "score.sh", was)
	known := regexp.MustCompile(`going on with a run that knows [1-9]`)
	if got = must(t, in.args(args...)...); !known.MatchString(got.err) {
		t.Errorf("standard error: %s", got.err)
	}
	if m := resultOf(t, in.path("run")).MetricServer; m.Starts != 2 || m.Requests < 60 {
		t.Errorf("%+v", m)
	}
}

// TestBadServers: flags that do not go together, and servers that are none, are one line and exit code 2.
func TestBadServers(t *testing.T) {
	in := good(t)
	line := servetest.Line("hits")
	for _, c := range []struct {
		name  string
		args  []string
		texts []string
	}{
		{"a server and a command", []string{"--metric-serve", line, "--metric-cmd", "cat"}, []string{"--metric-cmd and --metric-serve exclude each other"}},
		{"a server and a metric", []string{"--metric-serve", line, "--metric", "top1"}, []string{"--metric and --metric-serve exclude each other"}},
		{"a server and weights", []string{"--metric-serve", line, "--class-weights", "balanced"}, []string{"--class-weights", "--metric-serve"}},
		{"no server", []string{"--metric-serve", ""}, []string{"--metric-serve needs a value"}},
		{"hits, of which fewer are better", []string{"--metric-serve", line, "--metric-lower"}, []string{"it counts hits", "--metric-lower"}},
		{"a name that is taken", []string{"--metric-serve", line, "--metric-name", "top1"}, []string{"--metric-name"}},
		{"a program that is not there", []string{"--metric-serve", "/nowhere/score.py"}, []string{"--metric-serve", "/nowhere/score.py"}},
		{"a command for every score", []string{"--metric-serve", "cat >/dev/null; echo 0.5", "--metric-timeout", "300ms"}, []string{"--metric-serve", "it has not said what it judges within 300ms", "--metric-cmd"}},
		{"a program that prints", []string{"--metric-serve", "echo 0.5 hits of all"}, []string{"--metric-serve", `"0.5 hits of `, "print to standard error"}},
		{"hits in points", []string{"--metric-serve", line, "--target", "91"}, []string{`"91"`, "0.91"}},
		{"another version", []string{"--metric-serve", servetest.Line("hits version")}, []string{"version 2 of the protocol"}},
	} {
		t.Run(c.name, func(t *testing.T) { checkRefused(t, call(in.args(c.args...)...), c.texts...) })
	}
}
