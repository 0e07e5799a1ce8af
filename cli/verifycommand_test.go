package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"example.org/demote/result"
	"example.org/demote/run"
)

// editResult changes the result.json of a run as a stranger may.
func editResult(t *testing.T, dir string, edit func(r map[string]any)) {
	t.Helper()
	path := filepath.Join(dir, result.File)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var r map[string]any
	if err = json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	edit(r)
	if data, err = json.Marshal(r); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
}

// TestNoCommandOutOfAFolder names a command in a run folder: no command of the program runs it, and those that would
// need it compare outputs and leave the score out.
func TestNoCommandOutOfAFolder(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	in := good(t)
	must(t, in.args()...)
	dir := in.path("run")
	marker := in.path("PWNED")
	evil := "touch '" + marker + "'; cat >/dev/null; echo 1"
	editResult(t, dir, func(r map[string]any) {
		r["config"].(map[string]any)["metric_cmd"] = evil
		r["metric_command"] = map[string]any{"calls": 1, "seconds": 1}
	})
	for _, args := range [][]string{
		{"verify", dir}, {"verify", dir, "--json"}, {"export", dir, "--format", "qdq", "--out", in.path("x.onnx")}, {"export", dir, "--format", "encodings", "--force"},
		{"report", dir}, in.args(), in.args("--dry-run"),
	} {
		c := call(args...)
		if _, err := os.Stat(marker); err == nil {
			t.Fatalf("demote %s ran it", strings.Join(args, " "))
		}
		if c.code != 0 && c.code != run.ExitMistake {
			t.Errorf("demote %s: exit code %d, %s", strings.Join(args, " "), c.code, c.err)
		}
	}
	if c := must(t, "verify", dir); !strings.Contains(c.out, "bit for bit") || !strings.Contains(c.out, "--metric-cmd") || strings.Contains(c.out, "correct") {
		t.Errorf("verify says %s", c.out)
	}
	checkRefused(t, call("verify", dir, "--metric-cmd", "echo 2"), "--metric-cmd", "another command")
	// it was given, is run, and says another score
	if c := call("verify", dir, "--metric-cmd", evil); c.code != run.ExitExport {
		t.Errorf("the very command: exit code %d, %s", c.code, c.err)
	}
	if _, err := os.Stat(marker); err != nil {
		t.Error("the very command was not run")
	}
}

// TestCommandThatWasGivenAgainIsScored repeats the check of a run that a command has scored.
func TestCommandThatWasGivenAgainIsScored(t *testing.T) {
	in := good(t)
	line := metricLine("top1")
	must(t, in.args("--metric-cmd", line)...)
	dir := in.path("run")
	var v result.Verified
	for _, given := range []bool{false, true} {
		args := []string{"verify", dir, "--json"}
		if given {
			args = append(args, "--metric-cmd", line)
		}
		v = result.Verified{}
		if err := json.Unmarshal([]byte(must(t, args...).out), &v); err != nil {
			t.Fatal(err)
		}
		if !v.Identical || (v.Value != nil) != given || (v.Unscored == "") != given {
			t.Errorf("given %t: %+v", given, v)
		}
	}
	in2 := good(t)
	must(t, in2.args()...)
	checkRefused(t, call("verify", in2.path("run"), "--metric-cmd", line), "--metric-cmd", "has the metric")
}

// TestPathsOutOfAFolder names files in a run folder that the run has not read, or that are no files: they are not
// opened.
func TestPathsOutOfAFolder(t *testing.T) {
	in := good(t)
	must(t, in.args()...)
	secret := in.path("secret.npz")
	in.write(t, "secret.npz", []byte("secret"))
	pipe := in.path("pipe")
	mkfifo(t, pipe)
	good, err := os.ReadFile(in.path("run/result.json"))
	if err != nil {
		t.Fatal(err)
	}
	set := func(role, path string) func(map[string]any) {
		return func(r map[string]any) {
			for _, e := range r["inputs"].([]any) {
				if e := e.(map[string]any); e["role"] == role {
					e["path"] = path
				}
			}
			r["config"].(map[string]any)[role] = path
		}
	}
	for _, c := range []struct {
		name string
		edit func(r map[string]any)
		text string
	}{
		{"another file", set("data", secret), "has changed since"},
		{"a pipe", set("data", pipe), "not a regular file"},
		{"a device", set("model", "/dev/zero"), "not a regular file"},
		{"a folder as a network", set("model", in.path("run")), "not a regular file"},
		{"nothing there", set("calib", in.path("gone.npz")), "no such file"},
		{"a start list without its sum", func(r map[string]any) { r["config"].(map[string]any)["start"] = secret }, "without its sha256"},
		{"labels without their sum", func(r map[string]any) { r["config"].(map[string]any)["labels"] = pipe }, "without its sha256"},
		{"a profile without its sum", func(r map[string]any) { r["config"].(map[string]any)["profile"] = "/dev/zero" }, "without its sha256"},
		{"a hold-out without its sum", func(r map[string]any) { r["config"].(map[string]any)["holdout"] = pipe }, "without its sha256"},
		{"no inputs", func(r map[string]any) { r["inputs"] = nil }, "without its sha256"},
		{"an earlier version", func(r map[string]any) { r["schema_version"] = 1 }, "earlier version"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := os.WriteFile(in.path("run/result.json"), good, 0o666); err != nil {
				t.Fatal(err)
			}
			editResult(t, in.path("run"), c.edit)
			for _, args := range [][]string{{"verify", in.path("run")}, {"export", in.path("run"), "--format", "encodings", "--force"}} {
				got := call(args...)
				if got.code != run.ExitMistake || !strings.Contains(got.err, c.text) || bytes.Count([]byte(got.err), []byte("\n")) != 1 {
					t.Errorf("demote %s: exit code %d, %s", args[0], got.code, got.err)
				}
			}
		})
	}
}

func mkfifo(t *testing.T, path string) {
	t.Helper()
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
}
