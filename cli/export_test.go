package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.org/demote/onnx"
	"example.org/demote/result"
	"example.org/demote/run"
)

// TestExport writes every format by the command and one at the end of a search.
func TestExport(t *testing.T) {
	in := good(t)
	must(t, in.args("--export", "mctq,promotion", "--session", "default")...)
	dir := in.flags["--out"]
	for _, name := range []string{"annotated.onnx", "promotion.json"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	for _, f := range onnx.Formats() {
		out := filepath.Join(t.TempDir(), f.File)
		c := must(t, "export", dir, "--format", f.Name, "--out", out)
		if !strings.HasPrefix(c.out, out+"\n") {
			t.Errorf("%s: %q", f.Name, c.out)
		}
		if strings.HasPrefix(f.Name, "qdq") != strings.Contains(c.out, "bit for bit") {
			t.Errorf("%s: %q", f.Name, c.out)
		}
		if c := call("export", dir, "--format", f.Name, "--out", out); c.code != run.ExitMistake || !strings.Contains(c.err, "--force") {
			t.Errorf("%s once more: exit code %d, %q", f.Name, c.code, c.err)
		}
		var e result.Export
		if c := must(t, "export", dir, "--format", f.Name, "--out", out, "--force", "--json"); json.Unmarshal([]byte(c.out), &e) != nil || e.Format != f.Name {
			t.Errorf("%s: %q", f.Name, c.out)
		}
	}
}

// TestExportMistakes holds that mistakes are one line and exit code 2.
func TestExportMistakes(t *testing.T) {
	in := good(t)
	for _, c := range []struct {
		name, text string
		args       []string
	}{
		{"no folder", "give one run folder", []string{"export", "--format", "qdq"}},
		{"two folders", "give one run folder", []string{"export", "a", "b", "--format", "qdq"}},
		{"no such folder", "not a run folder", []string{"export", in.path("no"), "--format", "qdq"}},
		{"no format", "--format is missing", []string{"export", in.dir}},
		{"unknown format", "choose one of qdq", []string{"export", in.dir, "--format", "tflite"}},
		{"unknown format of a search", "--export tflite", in.args("--export", "qdq,tflite")},
		{"no format of a search", `--export "," names no format: give one or more of qdq,`, in.args("--export", ",")},
		{"nothing to write", `--export "" names no format`, in.args("--export", "")},
		{"unknown session", "choose exact or default", in.args("--session", "fast")},
		{"weights that have nothing to follow", "only a pair", in.args("--weights", "follow")},
		{"half of the encodings", "--encodings-high", in.args("--encodings-low", "x.json")},
	} {
		got := call(c.args...)
		if got.code != run.ExitMistake || !strings.Contains(got.err, c.text) || strings.Count(got.err, "\n") != 1 || got.out != "" {
			t.Errorf("%s: exit code %d, %q, %q", c.name, got.code, got.err, got.out)
		}
	}
	if _, err := os.Stat(in.flags["--out"]); err == nil {
		t.Error("a mistake left a run folder")
	}
}
