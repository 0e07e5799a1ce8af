package cli

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.org/demote/result"
	"example.org/demote/run"
)

// metricEnv makes the test binary a program for --metric-cmd.
const metricEnv = "DEMOTE_TEST_METRIC"

// metricProgram reads outputs and labels from standard input and prints top-1, or what it misses of it.
func metricProgram(how string) int {
	in := bufio.NewReader(os.Stdin)
	rows, shape := readNPY(in, float, 4)
	labels, _ := readNPY(in, func(b []byte) float64 { return float64(binary.LittleEndian.Uint64(b)) }, 8)
	right := 0
	for i, want := range labels {
		best := 0
		row := rows[i*shape[1] : (i+1)*shape[1]]
		for c, v := range row {
			if v > row[best] {
				best = c
			}
		}
		if best == int(want) {
			right++
		}
	}
	share := float64(right) / float64(len(labels))
	if how == "misses" {
		share = float64(len(labels)-right) - 1000
	}
	fmt.Println(share)
	return 0
}

// float reads a float32.
func float(b []byte) float64 { return float64(math.Float32frombits(binary.LittleEndian.Uint32(b))) }

func readNPY(in io.Reader, value func([]byte) float64, size int) (list []float64, shape []int) {
	head := make([]byte, 10)
	_, err := io.ReadFull(in, head)
	text := make([]byte, binary.LittleEndian.Uint16(head[8:]))
	if err == nil {
		_, err = io.ReadFull(in, text)
	}
	n := 1
	for _, m := range regexp.MustCompile(`\d+`).FindAllString(strings.SplitAfter(string(text), "'shape'")[1], -1) {
		d, _ := strconv.Atoi(m)
		shape, n = append(shape, d), n*d
	}
	data := make([]byte, n*size)
	if err == nil {
		_, err = io.ReadFull(in, data)
	}
	if err != nil {
		panic(err)
	}
	for i := range n {
		list = append(list, value(data[i*size:]))
	}
	return list, shape
}

// metricLine is a --metric-cmd that is this test binary.
func metricLine(how string) string { return metricEnv + "=" + how + " " + os.Args[0] }

// regression puts labels of the output's shape into the evaluation data.
func regression(t *testing.T, in inputs) {
	t.Helper()
	x, _ := images(40)
	y := make([]float64, 40*5)
	for i := range y {
		y[i] = float64(i%7) / 4
	}
	in.write(t, "eval.npz", npz(map[string][]byte{"x": npy("<f4", x, 40, 1, 4, 4), "y": npy("<f4", y, 40, 5)}))
}

// segmentation is a network with an output of 3 classes over 4x4 pixels, and data with a label for each; every 7th is
// 255.
func segmentation(t *testing.T, in inputs) {
	t.Helper()
	g := newGraph().weights("w1", []int64{6, 1, 1, 1}).node("Conv", "c1", "x", "w1").node("Relu", "a1", "c1").node("Sigmoid", "s1", "c1").
		node("Mul", "m1", "a1", "s1").weights("w2", []int64{3, 6, 1, 1}).node("Conv", "y", "m1", "w2")
	g.Graph.Output = append(g.Graph.Output, value("y", 1, -1, 3, 4, 4))
	in.write(t, "net.onnx", g.bytes())
	x, _ := images(40)
	y := make([]float64, 40*16)
	for i := range y {
		if y[i] = float64(i % 3); i%7 == 6 {
			y[i] = 255
		}
	}
	in.write(t, "eval.npz", npz(map[string][]byte{"x": npy("<f4", x, 40, 1, 4, 4), "y": npy("<i8", y, 40, 4, 4)}))
}

// tokens is the network of segmentation read as 3x4 steps of 4 tokens, and data with a label for each step; every 7th
// is 255.
func tokens(t *testing.T, in inputs) {
	t.Helper()
	segmentation(t, in)
	x, _ := images(40)
	y := make([]float64, 40*12)
	for i := range y {
		if y[i] = float64(i % 4); i%7 == 6 {
			y[i] = 255
		}
	}
	in.write(t, "eval.npz", npz(map[string][]byte{"x": npy("<f4", x, 40, 1, 4, 4), "y": npy("<i8", y, 40, 3, 4)}))
}

// bothSessions matches the scores of the written file, which the summary tells for every metric.
var bothSessions = regexp.MustCompile(`exact session +-?[0-9.]+(e-?[0-9]+)?( correct)?  .*\n(.*\n)*? *default session +-?[0-9.]+`)

// TestMetrics searches by every kind of metric: fast and naive scans agree, the mix meets the target in the metric's
// own sign, eval and verify say the same, and metrics of the whole set say that they are.
func TestMetrics(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for _, c := range []struct {
		name   string
		change func(*testing.T, inputs)
		target string
		args   []string
		metric string
		lower  bool
		whole  bool
	}{
		{"f1", nil, "16bit-0.05", []string{"--metric", "f1"}, "f1", false, false},
		{"f1, balanced", nil, "50%", []string{"--metric", "f1", "--class-weights", "balanced"}, "f1", false, false},
		{"top1, weighted", nil, "16bit-0.02", []string{"--metric", "top1", "--class-weights", "1,2,0.5,1,3"}, "top1", false, false},
		{"top5, balanced", eightClasses, "16bit-0.02", []string{"--metric", "top5", "--class-weights", "balanced"}, "top5", false, false},
		{"an ignored class", nil, "16bit-0.05", []string{"--ignore-label", "3"}, "top1", false, false},
		{"regression", regression, "16bit+0.001", []string{"--metric", "label-mse"}, "label-mse", true, false},
		{"regression by distance", regression, "float+0.01", []string{"--metric", "label-mae"}, "label-mae", true, false},
		{"pixels", segmentation, "16bit-0.004", []string{"--metric", "pixel-accuracy", "--ignore-label", "255"}, "pixel-accuracy", false, false},
		{"pixels, weighted", segmentation, "16bit-0.01", []string{"--metric", "pixel-accuracy", "--ignore-label", "255", "--class-weights", "balanced"}, "pixel-accuracy", false, false},
		{"IoU", segmentation, "16bit-0.004", []string{"--metric", "miou", "--ignore-label", "255"}, "miou", false, false},
		{"rmse", regression, "16bit+0.001", []string{"--metric", "rmse"}, "rmse", true, false},
		{"tokens", tokens, "16bit+0.01", []string{"--metric", "perplexity", "--ignore-label", "255"}, "perplexity", true, false},
		{"edits", tokens, "16bit+0.05", []string{"--metric", "cer", "--ignore-label", "255"}, "cer", true, false},
		{"ranks", nil, "16bit-0.02", []string{"--metric", "auroc"}, "auroc", false, true},
		{"a command", nil, "16bit-0.05", []string{"--metric-cmd", metricLine("top1")}, "command", false, true},
		{"a command with a name", nil, "16bit-0.05", []string{"--metric-cmd", metricLine("top1"), "--metric-name", "my-top1"}, "my-top1", false, true},
		{"a command, lower and negative", nil, "16bit+2", []string{"--metric-cmd", metricLine("misses"), "--metric-lower"}, "command", true, true},
		{"a command on numbers", regression, "float+1", []string{"--metric-cmd", "wc -c", "--metric-lower"}, "command", true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := good(t)
			if c.change != nil {
				c.change(t, in)
			}
			in.flags["--target"], in.flags["--strategy"] = c.target, "rank"
			got := must(t, in.args(append(c.args, "--grid-low", "pow2")...)...)
			r := resultOf(t, in.path("run"))
			if r.Metric != c.metric || r.Lower != c.lower || !r.Met {
				t.Errorf("metric %s, lower %v, met %v", r.Metric, r.Lower, r.Met)
			}
			if v := *r.Score.Mixed.Value; len(r.Promotion) > 0 && len(r.Promotion) < len(r.Holders) && (v > r.Target.Value) == c.lower {
				t.Errorf("the mix scores %v, the target is %v, lower is better: %v", v, r.Target.Value, c.lower)
			}
			if strings.Contains(got.err, "is of the whole set") != c.whole {
				t.Errorf("of the whole set: %v; standard error: %s", c.whole, got.err)
			}
			if side := map[bool]string{true: "below", false: "above"}[c.lower]; !strings.Contains(got.out, "target               "+side) {
				t.Errorf("the summary lacks %q: %s", side, got.out)
			}
			if !bothSessions.MatchString(got.out) || !strings.Contains(got.out, "\n"+c.metric+":\n") {
				t.Errorf("the summary lacks the metric's name, or the score of a session: %s", got.out)
			}
			out := in.flags["--out"]
			in.flags["--out"] = in.path("naive")
			must(t, in.args(append(c.args, "--grid-low", "pow2", "--scan", "naive")...)...)
			if n := resultOf(t, in.path("naive")); !slices.Equal(n.Promotion, r.Promotion) || *n.Score.Mixed.Value != *r.Score.Mixed.Value {
				t.Errorf("fast %q %v, naive %q %v", r.Promotion, *r.Score.Mixed.Value, n.Promotion, *n.Score.Mixed.Value)
			}
			if e := evaluate(t, append([]string{out + "/mixed.onnx", "--data", in.path("eval.npz"), "--block", "8"}, c.args...)...); *e.Score.Value != *r.Score.Mixed.Value {
				t.Errorf("eval says %v, the search %v", *e.Score.Value, *r.Score.Mixed.Value)
			}
			must(t, "verify", out)
			if c.whole == (c.metric == "command") && r.MetricCommand != nil != (c.metric == "command") {
				t.Errorf("cost of the command: %+v", r.MetricCommand)
			}
		})
	}
}

// TestCommandIsTop1 searches by a command that computes top-1, and by top-1: the same mix, and the command's cost is
// told.
func TestCommandIsTop1(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	in := good(t)
	in.flags["--strategy"] = "auto"
	must(t, in.args("--grid", "pow2")...)
	want := resultOf(t, in.path("run"))
	in.flags["--out"] = in.path("command")
	got := must(t, in.args("--grid", "pow2", "--metric-cmd", metricLine("top1"))...)
	r := resultOf(t, in.path("command"))
	if !slices.Equal(r.Promotion, want.Promotion) || *r.Score.Mixed.Value != *want.Score.Mixed.Value || *r.Score.Float.Value != *want.Score.Float.Value {
		t.Errorf("by the command %q %v, by top1 %q %v", r.Promotion, *r.Score.Mixed.Value, want.Promotion, *want.Score.Mixed.Value)
	}
	if m := r.MetricCommand; m == nil || m.Calls < 5 || m.Seconds <= 0 || !strings.Contains(got.out, "the metric command was started "+strconv.Itoa(m.Calls)+" times") {
		t.Errorf("cost of the command: %+v, %s", m, got.out)
	}
}

// TestIgnoredSamples leaves samples out: they are not counted, by their number.
func TestIgnoredSamples(t *testing.T) {
	in := good(t)
	must(t, in.args("--ignore-label", "3")...)
	if r := resultOf(t, in.path("run")); r.Samples != 32 || *r.Score.High.Total != 32 || slices.ContainsFunc(r.Warnings, func(w result.Warning) bool { return w.ID == "ignore-label-unused" }) {
		t.Errorf("%d samples, %d counted, of 40 with 8 ignored; warnings %q", r.Samples, *r.Score.High.Total, r.Warnings)
	}
}

// TestStrayIgnore warns of an ignored label that no sample and no pixel has, in a search and in an evaluation.
func TestStrayIgnore(t *testing.T) {
	const said = "--ignore-label 77: no label of the evaluation data is 77"
	for _, c := range []struct {
		name string
		more []string
	}{{"samples", nil}, {"pixels", []string{"--metric", "miou"}}} {
		t.Run(c.name, func(t *testing.T) {
			in := good(t)
			if c.name == "pixels" {
				segmentation(t, in)
				x, _ := images(40)
				in.write(t, "eval.npz", npz(map[string][]byte{"x": npy("<f4", x, 40, 1, 4, 4), "y": npy("<i8", make([]float64, 40*16), 40, 4, 4)}))
			}
			more := append([]string{"--ignore-label", "77"}, c.more...)
			got := must(t, in.args(more...)...)
			r := resultOf(t, in.path("run"))
			if !strings.Contains(got.err, "warning: "+said) || !slices.ContainsFunc(r.Warnings, func(w result.Warning) bool { return strings.HasPrefix(w.Text, said) }) {
				t.Errorf("warnings %q, %s", r.Warnings, got.err)
			}
			got = must(t, append([]string{"eval", in.path("net.onnx"), "--data", in.path("eval.npz")}, more...)...)
			if !strings.Contains(got.err, "warning: "+said) {
				t.Errorf("eval: %s", got.err)
			}
		})
	}
}

// TestBadMetrics gives every kind of bad metric, command and label: one line and exit code 2. A command that goes bad
// on the way leaves a folder with the best so far.
func TestBadMetrics(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	cmd := func(line string, more ...string) func(*testing.T, inputs) []string {
		return flags(append([]string{"--metric-cmd", line}, more...)...)
	}
	on := func(change func(*testing.T, inputs), args ...string) func(*testing.T, inputs) []string {
		return func(t *testing.T, in inputs) []string { change(t, in); return args }
	}
	for _, c := range []struct {
		name   string
		change func(t *testing.T, in inputs) []string
		texts  []string
	}{
		{"a command that dies", cmd("echo no table >&2; exit 1"), []string{"--metric-cmd", "exit status 1", "no table"}},
		{"a command that is not there", cmd("/nowhere/score.py"), []string{"--metric-cmd", "/nowhere/score.py"}},
		{"a command that hangs", cmd("sleep 60", "--metric-timeout", "200ms"), []string{"--metric-cmd", "no answer after 200ms", "--metric-timeout"}},
		{"a command that leaves a program behind", cmd("sleep 60 & echo 0.5"), []string{"--metric-cmd", "left behind", "wait for it"}},
		{"a command that prints text", cmd("echo good"), []string{"--metric-cmd", `"good"`, "one number"}},
		{"a command that prints NaN", cmd("echo NaN"), []string{"--metric-cmd", "NaN", "finite"}},
		{"a command that prints two numbers", cmd("echo 1 2"), []string{"--metric-cmd", `"1 2"`, "one number"}},
		{"a command that prints nothing", cmd("true"), []string{"--metric-cmd", "nothing"}},
		{"a command that is not a function", cmd("date +%N"), []string{"--metric-cmd", "same outputs"}},
		{"no command", flags("--metric-cmd", ""), []string{"--metric-cmd", "value"}},
		{"a command and a metric", cmd("echo 1", "--metric", "top1"), []string{"--metric", "--metric-cmd"}},
		{"a command and weights", cmd("echo 1", "--class-weights", "balanced"), []string{"--class-weights", "--metric-cmd"}},
		{"lower without a command", flags("--metric-lower"), []string{"--metric-lower"}},
		{"a timeout without a command", flags("--metric-timeout", "1s"), []string{"--metric-timeout"}},
		{"no time for a command", cmd("echo 1", "--metric-timeout", "0s"), []string{"--metric-timeout", "10m"}},
		{"weights in words", flags("--class-weights", "1,many"), []string{"--class-weights", `"many"`, "balanced"}},
		{"negative weights", flags("--class-weights", "1,-1"), []string{"--class-weights", `"-1"`}},
		{"weights of 0", flags("--class-weights", "0,0"), []string{"--class-weights", "0"}},
		{"too few weights", flags("--class-weights", "1,2"), []string{"2 weights", "5 classes"}},
		{"weights of a metric without classes", flags("--class-weights", "1,2", "--metric", "sqnr"), []string{"sqnr", "--class-weights"}},
		{"an ignored label of a metric without classes", flags("--ignore-label", "1", "--metric", "mse"), []string{"mse", "--ignore-label"}},
		{"every sample ignored", func(t *testing.T, in inputs) []string {
			data("eval.npz", 40, func(_, y []float64) { clear(y) })(t, in)
			return []string{"--ignore-label", "0"}
		}, []string{"eval.npz", "every sample", "0"}},
		{"one label a sample for pixels", flags("--metric", "miou"), []string{"eval.npz", "one a pixel"}},
		{"an output without pixels", func(t *testing.T, in inputs) []string {
			segmentation(t, in)
			in.write(t, "net.onnx", plain().bytes())
			return []string{"--metric", "miou", "--ignore-label", "255"}
		}, []string{"miou", "height, width"}},
		{"another number of pixels", func(t *testing.T, in inputs) []string {
			segmentation(t, in)
			x, _ := images(40)
			in.write(t, "eval.npz", npz(map[string][]byte{"x": npy("<f4", x, 40, 1, 4, 4), "y": npy("<i8", make([]float64, 40*9), 40, 3, 3)}))
			return []string{"--metric", "pixel-accuracy"}
		}, []string{"pixel-accuracy", "16 pixels", "9"}},
		{"a class of pixels that there is not", on(segmentation, "--metric", "miou"), []string{"label 255", "--ignore-label"}},
		{"labels of pixels for classes", on(segmentation, "--metric", "top1"), []string{"eval.npz", "more than one label", "miou"}},
		{"numbers for classes", on(regression), []string{"eval.npz", "float32", "label-mse"}},
		{"numbers for pixels", on(regression, "--metric", "miou"), []string{"eval.npz", "integers"}},
		{"classes for numbers", flags("--metric", "label-mse"), []string{"label-mse", "5 numbers"}},
		{"no labels for F1", unlabelled("--metric", "f1"), []string{"eval.npz", "f1", "labels"}},
		{"no labels for numbers", unlabelled("--metric", "label-mae"), []string{"eval.npz", "label-mae", "labels"}},
		{"F1 in points", func(_ *testing.T, in inputs) []string { in.flags["--target"] = "91"; return []string{"--metric", "f1"} }, []string{`"91"`, "0.91"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := good(t)
			checkRefused(t, call(in.args(c.change(t, in)...)...), c.texts...)
		})
	}
	in := good(t)
	in.flags["--target"] = "-1"
	count := in.path("count")
	got := call(in.args("--metric-cmd", "echo >> "+count+"; n=$(wc -l < "+count+"); if [ $n -gt 6 ]; then exit 9; fi; echo 0.$((1000/n))", "--strategy", "rank")...)
	if got.code != 2 || !strings.Contains(got.err, "same outputs") {
		t.Errorf("a command that counts: exit code %d, %s", got.code, got.err)
	}
	if _, err := run.ReadResult(in.path("run")); err == nil {
		t.Error("there is a result of a metric that was refused before the search")
	}
}

// TestCommandEndsWithItsGroup looks at a pipe that a program in the background of a command holds open: it is closed,
// the program having been ended, whether the command before it ended well, badly or not at all.
func TestCommandEndsWithItsGroup(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for _, c := range []struct{ name, rest string }{
		{"it answers", "echo 0.5"}, {"it dies", "exit 9"}, {"it hangs", "sleep 60"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := good(t)
			if err := syscall.Mkfifo(in.path("pipe"), 0o600); err != nil {
				t.Fatal(err)
			}
			pipe, err := os.OpenFile(in.path("pipe"), os.O_RDONLY|syscall.O_NONBLOCK, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer pipe.Close()
			// It writes a line first, so that the end of the pipe cannot be seen before its beginning.
			line := "{ echo here; exec sleep 60; } 3>&1 >" + in.path("pipe") + " & " + c.rest
			if got := call(in.args("--metric-cmd", line, "--metric-timeout", "2s")...); got.code != run.ExitMistake || !strings.Contains(got.err, "--metric-cmd") {
				t.Errorf("exit code %d: %s", got.code, got.err)
			}
			if err := pipe.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
				t.Fatal(err)
			}
			if text, err := io.ReadAll(pipe); err != nil || string(text) != "here\n" {
				t.Errorf("read %q: %v", text, err)
			}
		})
	}
}

// TestCommandThatDiesOnTheWay keeps the best so far on disk, and the same command goes on from it.
func TestCommandThatDiesOnTheWay(t *testing.T) {
	in := good(t)
	in.flags["--target"], in.flags["--strategy"], in.flags["--range"] = "16bit-0.02", "rank", "minmax"
	flag := in.path("broken")
	line := "if [ -e " + flag + " ] && [ $(wc -l < " + flag + ") -gt 6 ]; then echo broken >&2; exit 9; fi; [ -e " + flag + " ] && echo >> " + flag + "; " + metricLine("top1")
	in.write(t, "broken", nil)
	got := call(in.args("--metric-cmd", line, "--grid", "pow2")...)
	if got.code != 2 || !strings.Contains(got.err, "exit status 9: broken") {
		t.Fatalf("exit code %d, %s", got.code, got.err)
	}
	r := resultOf(t, in.path("run"))
	if r.Finished || r.Score.Mixed == nil || *r.Score.Mixed.Value < r.Target.Value {
		t.Errorf("%+v", r.Score.Mixed)
	}
	if err := os.Remove(flag); err != nil {
		t.Fatal(err)
	}
	if got = must(t, in.args("--metric-cmd", line, "--grid", "pow2")...); !strings.Contains(got.err, "going on with a run that knows") {
		t.Errorf("standard error: %s", got.err)
	}
}
