package cli

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/demote/run"
)

// notRunHere are the commands of the documents that this test does not run, by how they begin: why, and what runs
// them instead.
var notRunHere = []struct{ begins, why, instead string }{
	{"git clone <this repository>", "the address is the owner's", "this checkout"},
	{"make setup build", "brings what this test is run with", "make demo, a job of .ci/run"},
	{"make setup-cuda", "gigabytes of NVIDIA's libraries", "make gpu-check on a machine with a GPU"},
	{"make setup", "brings what this test is run with", "make demo, a job of .ci/run"},
	{"make build", "compiles what this test is run with", "make demo, a job of .ci/run"},
	{"make demo", "a whole search of the example, a minute", "make demo, a job of .ci/run"},
	{"make gpu-check", "needs a GPU", "make gpu-check on a machine with one"},
	{"make", "a job of its own", "lint's TestMakeTargetsInTheDocumentsExist, and .ci/run"},
	{"bin/demote bench --model testdata/", "the line of the example again, for other networks", "make bench, which writes that page"},
	{"demote search ... --device cuda:0,cuda:1", "needs two GPUs", "run's TestEmulatedMembers, on two emulated ones"},
	{"demote search ... --workers-at", "needs workers on other machines", "TestClusterSearch, with processes over loopback"},
	{"demote search ... --data /mine/eval.npy --workers-at", "needs workers on other machines", "run's TestDataElsewhere, over pipes"},
	{"demote search ... --cluster", "needs NATS that others run", "cluster's TestNATSOfOthers"},
	{"demote cluster clean --cluster", "needs NATS that others run", "cluster's TestNATSOfOthers"},
	{"demote worker", "does not end by itself", "TestClusterSearch, with processes over loopback"},
	{"demote cluster ls --cluster", "needs a search that runs", "TestClusterListsWhoWorks"},
	{"demote search ... --metric map", "a detector, which the example is not", "run's TestDetector"},
	{"demote search ... --metric-cmd", "a Python with numpy", "TestCommandIsTop1 and TestMetrics, with this program as the command"},
	{"demote search ... --metric-serve", "a Python with numpy", "TestServerIsTop1, with this program as the server, and run's tests PythonServer"},
	{"demote verify DIR --metric-cmd", "a Python with numpy", "TestCommandThatWasGivenAgainIsScored, with this program as the command"},
	{"python3 examples/own/export.py", "PyTorch, gigabytes", "TestDocumentsCommands puts a network of the same names in its place; make test-toolkits exports torchvision"},
	{"demote watch DIR --serve", "does not end by itself", "TestWatchCommand, and TestBrowserWatches in a browser"},
}

// endsOtherwise are exit codes other than 0 that a document says of its command, by how it begins.
var endsOtherwise = map[string]int{
	// the few samples here prove nothing
	"demote search --model M.onnx --calib C.npz --data E.npz --target 16bit-0.01 --holdout": 3,
}

var (
	commandLines = regexp.MustCompile(`^(?:\$ )?((?:bin/demote|demote|make|git|mkdir|cp|cat|ls|sh|python3?|\.venv-examples/bin/python|bin/demote-cuda)(?: .*)?)$`)
	fenceOf      = regexp.MustCompile("^```([a-z]*)$")
)

// A documented is a command of a document.
type documented struct {
	line int
	text string
}

// commandsOf lists the commands in the code blocks of a document: indented by four, or fenced as sh, console or
// nothing.
func commandsOf(text string) (list []documented) {
	fence, inside, open := "", false, false // open: the line before ends in a backslash
	for i, line := range strings.Split(text, "\n") {
		if m := fenceOf.FindStringSubmatch(line); m != nil {
			fence, inside = m[1], !inside
			continue
		}
		code, indented := strings.CutPrefix(line, "    ")
		if inside {
			code = line
		}
		if !indented && !inside || inside && fence != "" && fence != "sh" && fence != "console" {
			open = false
			continue
		}
		if open {
			last := &list[len(list)-1]
			last.text = strings.TrimSuffix(last.text, "\\") + strings.TrimSpace(code)
			open = strings.HasSuffix(code, "\\")
			continue
		}
		if m := commandLines.FindStringSubmatch(code); m != nil {
			list = append(list, documented{i + 1, m[1]})
			open = strings.HasSuffix(code, "\\")
		}
	}
	return list
}

// TestDocumentsCommands runs every command of the documents, in the order of each document, in a folder that looks
// like the top of the tree, with small files under the names that the documents use.
func TestDocumentsCommands(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"README.md"}
	for _, pattern := range []string{"docs/*.md", "examples/*/*.md", "testdata/*.md", "testdata/*/*.md"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			names = append(names, strings.TrimPrefix(f, root+"/"))
		}
	}
	ran, used := 0, map[string]bool{}
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		commands := commandsOf(string(text))
		if len(commands) == 0 {
			continue
		}
		var folder string
		for _, c := range commands {
			i := slices.IndexFunc(notRunHere, func(e struct{ begins, why, instead string }) bool {
				return strings.HasPrefix(c.text+" ", e.begins+" ") || strings.HasSuffix(e.begins, "/") && strings.HasPrefix(c.text, e.begins)
			})
			if i >= 0 {
				used[notRunHere[i].begins] = true
				t.Logf("%s:%d: not run here (%s; instead: %s): %s", name, c.line, notRunHere[i].why, notRunHere[i].instead, c.text)
				continue
			}
			if folder == "" {
				folder = likeTop(t, root, !strings.Contains(string(text), "--out result\n"), !strings.Contains(string(text), "--out DIR\n"))
			}
			ran++
			runDocumented(t, folder, name, c)
		}
	}
	for _, e := range notRunHere {
		if !used[e.begins] && e.begins != "make" {
			t.Errorf("no document has a command that begins with %q any more: take it from the list", e.begins)
		}
	}
	t.Logf("%d commands run", ran)
	if ran < 15 {
		t.Errorf("%d commands were found: the pattern of this test is wrong", ran)
	}
}

// runDocumented runs one command with a shell. What runs the example is given a part of its samples only, and times it
// once.
func runDocumented(t *testing.T, folder, name string, c documented) {
	t.Helper()
	text := c.text
	if strings.Contains(text, "search ... ") { // what the document leaves out
		rest := " --model examples/fashion/model.onnx --calib examples/fashion/calib.npz --data examples/fashion/eval.npz --range minmax"
		if !strings.Contains(text, "--int16-share") && !strings.Contains(text, "--budget") && !strings.Contains(text, "--target") {
			rest += " --target 16bit-0.05"
		}
		if !strings.Contains(text, "--out ") {
			rest += fmt.Sprintf(" --out line-%d", c.line)
		}
		text = strings.Replace(text, " ...", rest, 1)
	}
	if strings.Contains(text, "examples/fashion/eval.npz") {
		command, comment, _ := strings.Cut(text, "#")
		limit := regexp.MustCompile(` --limit \d+`)
		text = limit.ReplaceAllString(strings.TrimSpace(command), "") + " --limit 24 # " + comment
		if strings.HasPrefix(text, "bin/demote bench ") {
			text = strings.Replace(text, " --limit", " --runs 1 --limit", 1)
		}
	}
	ctx, stop := context.WithTimeout(context.Background(), 5*time.Minute)
	defer stop()
	cmd := exec.CommandContext(ctx, "sh", "-c", text)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "HOME="+filepath.Join(folder, "home"), "PATH="+filepath.Join(folder, "bin")+":"+os.Getenv("PATH"))
	start := time.Now()
	out, _ := cmd.CombinedOutput()
	want := 0
	for begins, code := range endsOtherwise {
		if strings.HasPrefix(c.text, begins) {
			want = code
		}
	}
	if code := cmd.ProcessState.ExitCode(); code != want {
		t.Errorf("%s:%d: %s\nexit code %d, want %d\n%s", name, c.line, text, code, want, out)
	}
	t.Logf("%5.1f s  %s:%d: %s", time.Since(start).Seconds(), name, c.line, text)
}

// likeTop makes a folder like the top of the tree: the program, the examples and networks, and small files under the
// names that documents give to a reader's own. A document that makes the run folders result or DIR itself is left to
// do so.
func likeTop(t *testing.T, root string, withResult, withRun bool) string {
	t.Helper()
	folder := t.TempDir()
	put := func(name string, mode os.FileMode, data []byte) {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, mode); err != nil {
			t.Fatal(err)
		}
	}
	self, err := filepath.Abs(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	put("bin/demote", 0o777, fmt.Appendf(nil, "#!/bin/sh\nexec env %s=1 '%s' \"$@\"\n", programEnv, self))
	for _, name := range []string{"examples", "testdata", "docs", "scripts"} {
		link(t, filepath.Join(root, name), filepath.Join(folder, name))
	}
	put(".ort/README", 0o666, nil)
	link(t, os.Getenv(run.RuntimeEnv), filepath.Join(folder, ".ort/libonnxruntime.so"))
	in := good(t)
	for from, names := range map[string][]string{
		"net.onnx":  {"model.onnx", "M.onnx", "net.onnx", "own/model.onnx"},
		"calib.npz": {"calib.npz", "C.npz", "own/calib.npz"},
		"eval.npz":  {"eval.npz", "E.npz", "own/eval.npz"},
	} {
		data, err := os.ReadFile(in.path(from))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			put(name, 0o666, data)
		}
	}
	dirs := []string{"DIR", "DIR2", "DIR3"}
	if withResult {
		dirs = append(dirs, "result")
	}
	x, y := images(90) // samples of their own, for a hold-out
	put("H.npz", 0o666, npz(map[string][]byte{"x": npy("<f4", x[50*16:], 40, 1, 4, 4), "y": npy("<i8", y[50:], 40)}))
	for _, dir := range dirs {
		if dir == "DIR" && !withRun {
			continue
		}
		in.flags["--out"] = filepath.Join(folder, dir)
		must(t, in.args()...)
	}
	must(t, "quantize", "--model", in.path("net.onnx"), "--calib", in.path("calib.npz"), "--out", filepath.Join(folder, "pair"))
	return folder
}

func link(t *testing.T, to, at string) {
	t.Helper()
	if err := os.Symlink(to, at); err != nil {
		t.Fatal(err)
	}
}

func TestCommandsOf(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"prose", "demote search finds\n`bin/demote verify`\n", nil},
		{"indented", "text\n\n    bin/demote verify result   # again\n    output\n", []string{"bin/demote verify result   # again"}},
		{"with a dollar", "    $ bin/demote bench --x\n\n    bench: 1 s\n", []string{"bin/demote bench --x"}},
		{"continued", "    bin/demote search --model a \\\n        --out b\n    more\n", []string{"bin/demote search --model a --out b"}},
		{"fenced", "```sh\nmake setup\n```\nmake it\n", []string{"make setup"}},
		{"another language", "```python\nmake = 1\ncat dog\n```\n", nil},
	} {
		var got []string
		for _, d := range commandsOf(c.text) {
			got = append(got, d.text)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
