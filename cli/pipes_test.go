package cli

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestPipesAndDevices puts a pipe without a writer, and a device without an end, in the place of every file that the
// program reads: one line, exit code 2, and it never waits.
func TestPipesAndDevices(t *testing.T) {
	in := good(t)
	must(t, in.args()...)
	network, weights := split2(plain())
	in.write(t, "outside.onnx", network)
	in.write(t, "w.bin", weights)
	in.write(t, "conv.onnx", mustRead(t, "../onnx/testdata/encodings/conv.onnx"))
	in.write(t, "low.json", mustRead(t, "../onnx/testdata/encodings/conv_8_100.json"))
	in.write(t, "high.json", mustRead(t, "../onnx/testdata/encodings/conv_16_100.json"))
	search := "search --model @D/net.onnx --calib @D/calib.npz --data @D/eval.npz --target 16bit-0.05 --out @D/new --block 8 "
	encodings := "inspect --model @D/conv.onnx --encodings-low @D/low.json --encodings-high @D/high.json"
	for i, c := range []struct{ file, line string }{
		{"net.onnx", search}, {"net.onnx", "inspect --model @D/net.onnx"}, {"net.onnx", "eval @D/net.onnx --data @D/eval.npz"}, {"net.onnx", "quantize --model @D/net.onnx --calib @D/calib.npz --out @D/ends"},
		{"net.onnx", "eval @D/conv.onnx --data @D/eval.npz --reference @D/net.onnx --metric sqnr"}, {"net.onnx", "inspect --low @D/net.onnx --high @D/conv.onnx"}, {"net.onnx", "inspect --low @D/conv.onnx --high @D/net.onnx"},
		{"w.bin", "inspect --model @D/outside.onnx"}, {"calib.npz", search}, {"eval.npz", search}, {"h.npz", search + "--holdout @D/h.npz"}, {"y.npy", search + "--labels @D/y.npy"},
		{"p.yaml", search + "--profile @D/p.yaml"}, {"s.txt", search + "--start @D/s.txt"}, {"c.csv", search + "--cost @D/c.csv"},
		{"low.json", encodings}, {"high.json", encodings}, {"low.json", "eval @D/conv.onnx --encodings @D/low.json --data @D/eval.npz"},
		{"run/result.json", "verify @D/run"}, {"run/result.json", "export @D/run --format overrides"}, {"run/mixed.onnx", "verify @D/run"},
		{"images/a.png", "eval @D/net.onnx --data @D/images"}, {"images/labels.csv", "eval @D/net.onnx --data @D/images"},
		{"onnxruntime.so", "devices --ort @D/onnxruntime.so"}, {"net.onnx", "verify @D/run"}, {"eval.npz", "export @D/run --format qdq --out @D/q.onnx"},
	} {
		for _, how := range []string{"pipe", "link to a pipe", "device"} {
			if how != "pipe" && i%4 > 0 {
				continue
			}
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(in.dir)); err != nil {
				t.Fatal(err)
			}
			moved(t, in.dir, dir)
			path := filepath.Join(dir, c.file)
			os.Remove(path)
			if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
				t.Fatal(err)
			}
			if c.file == "images/labels.csv" {
				if err := os.WriteFile(filepath.Join(dir, "images/a.png"), nil, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			var err error
			switch how {
			case "pipe":
				err = syscall.Mkfifo(path, 0o600)
			case "link to a pipe":
				if err = syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err == nil {
					err = os.Symlink(filepath.Join(dir, "pipe"), path)
				}
			default:
				err = os.Symlink("/dev/zero", path)
			}
			if err != nil {
				t.Fatal(err)
			}
			done := make(chan called, 1)
			go func() { done <- call(split(c.line, dir, dir)...) }()
			select {
			case got := <-done:
				if got.code != 2 || strings.Count("\n"+got.err, "\ndemote:") != 1 || strings.Contains(got.err, "goroutine") {
					t.Errorf("a %s as %s: %s: exit code %d, %q", how, c.file, c.line, got.code, got.err)
				}
			case <-time.After(20 * time.Second):
				t.Fatalf("a %s as %s: %s waits", how, c.file, c.line)
			}
		}
	}
}

// moved lets a copied run folder name its inputs in the new place.
func moved(t *testing.T, from, to string) {
	t.Helper()
	path := filepath.Join(to, "run", "result.json")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(mustRead(t, path)), from, to)), 0o666); err != nil {
		t.Fatal(err)
	}
}

func mustRead(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestReportPassesOverPipes reads run folders whose files are pipes: what is left is shown, or the folder is refused.
func TestReportPassesOverPipes(t *testing.T) {
	in := good(t)
	must(t, in.args()...)
	for _, name := range []string{"result.json", "curve.csv", "journal.db"} {
		if err := os.Remove(in.path("run/" + name)); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mkfifo(in.path("run/"+name), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"report", in.path("run")}, in.args(), {"verify", in.path("run")}} {
			done := make(chan called, 1)
			go func() { done <- call(args...) }()
			select {
			case got := <-done:
				if got.code != 0 && got.code != 2 {
					t.Errorf("%s is a pipe: %s: exit code %d, %q", name, args[0], got.code, got.err)
				}
			case <-time.After(20 * time.Second):
				t.Fatalf("%s is a pipe: %s waits", name, args[0])
			}
		}
	}
}
