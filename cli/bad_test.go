package cli

import (
	"math"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
)

// TestBadInput gives every kind of bad input to a search: each gets exit code 2, one line on
// standard error that has all the texts in it, nothing on standard output, and leaves no run folder.
func TestBadInput(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for _, c := range []struct {
		name   string
		change func(t *testing.T, in inputs) (more []string)
		texts  []string
	}{
		{"no such network", file("net.onnx", nil), []string{"net.onnx: no such file"}},
		{"no such data", file("eval.npz", nil), []string{"eval.npz: no such file"}},
		{"no such calibration data", file("calib.npz", nil), []string{"calib.npz: no such file"}},
		{"not ONNX", file("net.onnx", []byte("import torch\n")), []string{"net.onnx", "not an ONNX file"}},
		{"empty network", file("net.onnx", []byte{}), []string{"net.onnx", "empty"}},
		{"truncated network", file("net.onnx", plain().bytes()[:900]), []string{"net.onnx", "truncated"}},
		{"truncated data", file("eval.npz", archive(40)[:2000]), []string{"eval.npz", "truncated"}},
		{"old opset", network(func(g graph) { g.OpsetImport[0].Version = proto.Int64(6) }), []string{"net.onnx", "opset 6", "7 to 26"}},
		{"new opset", network(func(g graph) { g.OpsetImport[0].Version = proto.Int64(99) }), []string{"net.onnx", "opset 99", "7 to 26"}},
		{"operator of nobody", network(func(g graph) { g.Graph.Node[1].OpType = proto.String("Frobnicate") }), []string{"net.onnx", "Frobnicate"}},
		{"no holder", file("net.onnx", noHolder()), []string{"net.onnx", "no "}},
		{"no float input", file("net.onnx", integersOnly()), []string{"net.onnx"}},
		{"no input", network(func(g graph) { g.Graph.Input = nil }), []string{"net.onnx", "x"}},
		{"external data outside", network(external("../secret.bin", 144)), []string{"net.onnx", "../secret.bin", "outside"}},
		{"external data by full path", network(external("/etc/hostname", 144)), []string{"net.onnx", "/etc/hostname"}},
		{"external data missing", network(external("w.bin", 144)), []string{"net.onnx", "w.bin"}},
		{"external data too long", func(t *testing.T, in inputs) []string {
			in.write(t, "w.bin", make([]byte, 10))
			return network(external("w.bin", 144))(t, in)
		}, []string{"net.onnx", "w.bin"}},
		{"dimensions beyond memory", network(func(g graph) { g.Graph.Initializer[0].Dims = []int64{1 << 31, 1 << 31, 3, 3} }), []string{"net.onnx", "w1"}},
		{"memory by empty messages", file("net.onnx", emptyNodes(4<<20)), []string{"net.onnx", "memory"}},
		{"input beyond memory", network(func(g graph) { g.Graph.Input[0] = value("x", 1, -1, 1<<20, 1<<20, 4) }), []string{"eval.npz", "x"}},
		{"archive beyond memory", file("eval.npz", npz(map[string][]byte{"x": npy("<f4", nil, 1<<40, 1, 4, 4)})), []string{"eval.npz", "claims"}},
		{"no array for the input", file("eval.npz", npz(map[string][]byte{"images": npy("<f4", make([]float64, 16), 1, 1, 4, 4)})), []string{"eval.npz", `"x"`, `"images"`}},
		{"shape", file("eval.npz", npz(map[string][]byte{"x": npy("<f4", make([]float64, 18), 1, 1, 6, 3)})), []string{"eval.npz", "[1,1,6,3]", "[N,1,4,4]"}},
		{"data of no known kind", file("eval.npz", []byte("hello, hello")), []string{"eval.npz", "numpy.savez"}},
		{"no samples", file("eval.npz", npz(map[string][]byte{"x": npy("<f4", nil, 0, 1, 4, 4)})), []string{"eval.npz"}},
		{"no calibration samples", file("calib.npz", npz(map[string][]byte{"x": npy("<f4", nil, 0, 1, 4, 4)})), []string{"calib.npz"}},
		{"NaN in the data", data("eval.npz", 40, func(x, _ []float64) { x[7*16+3] = math.NaN() }), []string{"eval.npz", "NaN", "sample 7", "element 3"}},
		{"infinity in the data", data("eval.npz", 40, func(x, _ []float64) { x[7*16+3] = math.Inf(-1) }), []string{"eval.npz", "-Inf", "sample 7"}},
		{"NaN in the calibration data", data("calib.npz", 16, func(x, _ []float64) { x[2*16] = math.NaN() }), []string{"calib.npz", "NaN", "sample 2"}},
		{"label out of range", data("eval.npz", 40, func(_, y []float64) { y[9] = 5 }), []string{"eval.npz", "sample 9", "label 5", "0 to 4"}},
		{"negative label", data("eval.npz", 40, func(_, y []float64) { y[9] = -1 }), []string{"eval.npz", "sample 9", "label -1"}},
		{"float labels", file("eval.npz", npz(map[string][]byte{"x": npy("<f4", make([]float64, 16), 1, 1, 4, 4), "y": npy("<f4", make([]float64, 1), 1)})), []string{"eval.npz", "integers"}},
		{"fewer labels", file("eval.npz", npz(map[string][]byte{"x": npy("<f4", make([]float64, 32), 2, 1, 4, 4), "y": npy("<i8", make([]float64, 1), 1)})), []string{"eval.npz", "2 samples"}},
		{"no labels", unlabelled("--metric", "top1"), []string{"eval.npz", "top1", "labels", "agreement"}},
		{"no labels for top5", unlabelled("--metric", "top5"), []string{"eval.npz", "top5", "labels"}},
		{"no such labels", flags("--labels", "none.npy"), []string{"none.npy: no such file"}},
		{"unknown metric", flags("--metric", "acuracy"), []string{`"acuracy"`, "top1", "cosine"}},
		{"boxes without a layout", flags("--metric", "map"), []string{"--metric map reads boxes", "--decode yolov5"}},
		{"unknown layout", flags("--metric", "map", "--decode", "yolo"), []string{"--decode yolo", "yolov8"}},
		{"overlap of 0", flags("--metric", "map50", "--decode", "yolov8", "--nms-iou", "0"), []string{"--nms-iou 0", "above 0"}},
		{"score of 2", flags("--metric", "map50", "--decode", "yolov8", "--nms-score", "2"), []string{"--nms-score 2"}},
		{"no boxes an image", flags("--metric", "map50", "--decode", "yolov8", "--max-detections", "-3"), []string{"--max-detections -3"}},
		{"no labelled boxes", flags("--metric", "map50", "--decode", "yolov8"), []string{"eval.npz: metric map50 needs boxes", "--labels", "COCO's JSON"}},
		{"layout of another metric", flags("--decode", "yolov8"), []string{"--decode", "--metric map"}},
		{"blank of another metric", flags("--blank", "3"), []string{"--blank", "cer"}},
		{"space of another metric", flags("--metric", "cer", "--space", "3"), []string{"--space", "wer"}},
		{"no name of a command", flags("--metric-name", "mine"), []string{"--metric-name", "--metric-cmd"}},
		{"name of another metric", flags("--metric-cmd", "echo 1", "--metric-name", "accuracy"), []string{"--metric-name", `"accuracy"`, "is there already"}},
		{"label array of another metric", flags("--label-array", "y"), []string{"--label-array y", "--metric-cmd"}},
		{"no such label array", flags("--metric-cmd", "echo 1", "--label-array", "boxes"), []string{"eval.npz: has no array boxes", "--label-array"}},
		{"one output twice", flags("--output", "y", "--output", "y"), []string{"--output y is given twice"}},
		{"all outputs and one", flags("--output", "all", "--output", "y"), []string{"--output all", "leave out --output y"}},
		{"unknown output", flags("--output", "z"), []string{"--output z", `"y"`}},
		{"two outputs", network(func(g graph) { g.output("t", 8) }), []string{"2 outputs", "--output", `"t"`}},
		{"target missing", set("--target", "-"), []string{"--target", "16bit-0.005"}},
		{"target in words", set("--target", "high"), []string{`"high"`, "0.91"}},
		{"target with a comma", set("--target", "0,91"), []string{`"0,91"`, "0.91"}},
		{"target NaN", set("--target", "nan"), []string{`"nan"`, "0.91"}},
		{"target in points", set("--target", "91%"), []string{`"91%"`, "0.91"}},
		{"target as points", set("--target", "91"), []string{`"91"`, "0.91"}},
		{"difference in points", set("--target", "16bit-1"), []string{`"16bit-1"`, "16bit-0.01"}},
		{"out missing", set("--out", "-"), []string{"--out", "DIR"}},
		{"out is a file", func(_ *testing.T, in inputs) []string { in.flags["--out"] = in.path("eval.npz"); return nil }, []string{"eval.npz", "--out"}},
		{"out below a file", func(_ *testing.T, in inputs) []string { in.flags["--out"] = in.path("eval.npz/run"); return nil }, []string{"eval.npz", "folder"}},
		{"out with other files", func(_ *testing.T, in inputs) []string { in.flags["--out"] = in.dir; return nil }, []string{"not empty", "--out"}},
		{"model missing", set("--model", "-"), []string{"--model"}},
		{"calib missing", set("--calib", "-"), []string{"--calib"}},
		{"data missing", set("--data", "-"), []string{"--data"}},
		{"model and pair", flags("--low", "a.onnx", "--high", "b.onnx"), []string{"--model", "--low"}},
		{"unknown strategy", set("--strategy", "genetic"), []string{`"genetic"`, "demotion"}},
		{"unknown scan", flags("--scan", "slow"), []string{"--scan slow", "fast", "naive"}},
		{"unknown chain", flags("--chain", "first"), []string{"--chain first", "demoted", "last"}},
		{"unknown grid", flags("--grid", "log"), []string{`"log"`, "pow2"}},
		{"unknown range", flags("--range-low", "best"), []string{`"best"`, "minmax"}},
		{"unknown formula", flags("--formula", "exact"), []string{`"exact"`, "qdq"}},
		{"unknown device", flags("--device", "tpu"), []string{"tpu", "cpu"}},
		{"unknown weights", flags("--weights", "low"), []string{"--weights low", "high"}},
		{"multiplier", flags("--multiplier", "1.5"), []string{"multiplier", "1.5"}},
		{"negative evaluations", flags("--evaluations", "-1"), []string{"--evaluations", "-1"}},
		{"negative time", flags("--time", "-1s"), []string{"--time", "-1s"}},
		{"negative block", flags("--block", "-2"), []string{"--block", "-2"}},
		{"negative limit", flags("--limit", "-3"), []string{"--limit", "-3"}},
		{"seed", flags("--seed", "4294967296"), []string{"--seed", "4294967295"}},
		{"cache", flags("--cache", "lots"), []string{"--cache", "lots", "2GiB"}},
		{"scale", flags("--scale", "1,x"), []string{"--scale", `"x"`}},
		{"std of 0", flags("--std", "0"), []string{"std", "0"}},
		{"start list missing", flags("--start", "none.txt"), []string{"none.txt"}},
		{"start list of another network", func(t *testing.T, in inputs) []string {
			in.write(t, "start.txt", []byte("a1\nnobody\n"))
			return []string{"--start", in.path("start.txt")}
		}, []string{"start.txt:2", `"nobody"`, "inspect"}},
		{"no such runtime", flags("--ort", "/nowhere/libonnxruntime.so"), []string{"/nowhere/libonnxruntime.so", "--ort"}},
		{"log level", flags("--log-level", "loud"), []string{"--log-level loud", "debug"}},
		{"unknown flag", flags("--goal", "0.9"), []string{"--goal", "--help"}},
		{"flag without a value", flags("--limit"), []string{"--limit", "value"}},
		{"flag with words", flags("--limit", "many"), []string{"--limit many", "number"}},
		{"flag with a time of no unit", flags("--time", "10"), []string{"--time 10", "10m"}},
		{"word too many", flags("quickly"), []string{`"quickly"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := good(t)
			checkUntouched(t, in, c.change(t, in), c.texts...)
		})
	}
}

// checkUntouched calls a search with more flags, and expects it to be refused and to leave the folder as it was.
func checkUntouched(t *testing.T, in inputs, more []string, texts ...string) {
	t.Helper()
	before := listing(t, in.dir)
	checkRefused(t, call(in.args(more...)...), texts...)
	if after := listing(t, in.dir); !slices.Equal(before, after) {
		t.Errorf("the folder held %q and now %q", before, after)
	}
}

// checkRefused expects exit code 2, one line with all texts on standard error, nothing elsewhere.
func checkRefused(t *testing.T, got called, texts ...string) {
	t.Helper()
	if got.code != 2 {
		t.Errorf("exit code %d, not 2", got.code)
	}
	if got.out != "" {
		t.Errorf("standard output has %q", got.out)
	}
	if strings.Count(got.err, "\n") != 1 || !strings.HasPrefix(got.err, "demote: ") || !strings.HasSuffix(got.err, "\n") {
		t.Errorf("standard error is not one line: %q", got.err)
	}
	for _, text := range texts {
		if !strings.Contains(got.err, text) {
			t.Errorf("standard error %q does not say %q", got.err, text)
		}
	}
	t.Log(strings.TrimSpace(got.err))
}
