package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"example.org/demote/run"
)

// seen runs a command line whose command only notes its flags: the values of those that are set, by name.
func seen(t *testing.T, args ...string) (set map[string]string, said string, err error) {
	t.Helper()
	var errs bytes.Buffer
	app := App(&errs, &errs)
	set = map[string]string{}
	for _, command := range app.Commands {
		command.Action = func(c *cli.Context) error {
			for _, f := range c.Command.Flags {
				name := f.Names()[0]
				switch list, many := f.(*cli.StringSliceFlag); {
				case !c.IsSet(name):
				case many && list != nil:
					set[name] = strings.Join(c.StringSlice(name), " | ")
				default:
					set[name] = strings.Trim(strings.ReplaceAll(strings.TrimSpace(valueOf(c, name)), "\n", " "), `"`)
				}
			}
			return nil
		}
	}
	err = app.Run(append([]string{"demote"}, args...))
	return set, errs.String(), err
}

func valueOf(c *cli.Context, name string) string {
	text, _ := json.Marshal(c.Value(name))
	return string(text)
}

// TestSettings holds which place a flag is taken from: the command line, else the environment, else the file; and that
// a flag which is set counts in place of those that say the same in other words in a weaker place.
func TestSettings(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "s.yaml")
	write(t, file, []byte("# a comment\ntarget: 0.9120 # digits stay\nlimit: 300\ngrid-low: pow2\ninput: [a=1, \"b=2,3\"]\ncurve: true\ntime: 10m\nseed: 7\n"))
	lists := filepath.Join(dir, "lists.yaml")
	write(t, lists, []byte("repair: [bias, weights]\nscale: [0.5, 0.25]\nexport: [mctq, qdq-ms]\n"))
	result := filepath.Join(dir, "result.json")
	write(t, result, []byte(`{"schema_version": 2, "config": {"target": "16bit-0.01", "grid_low": "pow2", "grid_high": "pow2", "limit": 50, "metric": "f1", "model": "m.onnx", "calib": "c.npz"}}`))
	repaired := filepath.Join(dir, "repaired.json")
	write(t, repaired, []byte(`{"schema_version": 2, "config": {"model": "m.onnx", "calib": "c.npz", "bits": "4,16", "repair": "bias"}}`))
	marked := filepath.Join(dir, "marked.yaml")
	write(t, marked, []byte("\ufefftarget: 0.9\r\nbatch-size: 5\r\n"))
	command, boxes := filepath.Join(dir, "command.json"), filepath.Join(dir, "boxes.json")
	write(t, command, []byte(`{"schema_version": 2, "config": {"metric_cmd": "ls", "metric_name": "mine", "metric_lower": true, "metric_timeout_ns": 9000000000, "label_arrays": ["y", "z"], "output": "a", "beside_outputs": ["b"]}}`))
	write(t, boxes, []byte(`{"schema_version": 2, "config": {"metric": "map50", "decode": "yolov8", "nms_score": 0.1, "ignore_label": 3}}`))
	for _, c := range []struct {
		name string
		env  map[string]string
		args []string
		want map[string]string
	}{
		{"a file", nil, []string{"search", "--config", file},
			map[string]string{"target": "0.9120", "limit": "300", "grid-low": "pow2", "input": "a=1 | b=2,3", "curve": "true", "time": "600000000000", "seed": "7"}},
		{"before the command", nil, []string{"--config", file, "search"},
			map[string]string{"target": "0.9120", "limit": "300", "grid-low": "pow2", "input": "a=1 | b=2,3", "curve": "true", "time": "600000000000", "seed": "7"}},
		{"stronger places", map[string]string{"DEMOTE_LIMIT": "200", "DEMOTE_SEED": "8", "DEMOTE_TARGET": ""}, []string{"search", "--config", file, "--seed", "9", "--grid", "symmetric", "--input", "c=4"},
			map[string]string{"target": "0.9120", "limit": "200", "grid": "symmetric", "input": "c=4", "curve": "true", "time": "600000000000", "seed": "9"}},
		{"another kind of target", map[string]string{"DEMOTE_BUDGET": "1.2x"}, []string{"search", "--config", file, "--grid-low", "symmetric", "--input", "c=4"},
			map[string]string{"budget": "1.2x", "limit": "300", "grid-low": "symmetric", "input": "c=4", "curve": "true", "time": "600000000000", "seed": "7"}},
		{"a file that the environment names", map[string]string{"DEMOTE_CONFIG": result}, []string{"search", "--max-drop", "0.1", "--low", "l.onnx"},
			map[string]string{"max-drop": "0.1", "limit": "50", "grid-low": "pow2", "grid-high": "pow2", "metric": "f1", "low": "l.onnx"}},
		{"an old name and one of other tools", nil, []string{"search", "--trials", "5", "--batch-size", "3"}, map[string]string{"evaluations": "5", "block": "3"}},
		{"another name in the environment", map[string]string{"DEMOTE_BATCH_SIZE": "7"}, []string{"search", "--trials", "5"}, map[string]string{"block": "7", "evaluations": "5"}},
		{"a pair in place of a network", nil, []string{"search", "--config", repaired, "--low", "l.onnx", "--high", "h.onnx"}, map[string]string{"low": "l.onnx", "high": "h.onnx"}},
		{"a mark of the byte order", nil, []string{"search", "--config", marked}, map[string]string{"target": "0.9", "block": "5"}},
		{"another metric than a command", nil, []string{"search", "--config", command, "--metric", "top1"}, map[string]string{"metric": "top1", "output": "a | b"}},
		{"another metric of boxes", nil, []string{"search", "--config", boxes, "--metric", "map75"},
			map[string]string{"metric": "map75", "decode": "yolov8", "nms-score": "0.1", "ignore-label": "3"}},
		{"a metric without boxes", nil, []string{"search", "--config", boxes, "--metric", "top1"}, map[string]string{"metric": "top1", "ignore-label": "3"}},
		{"a command in place of a metric", nil, []string{"search", "--config", boxes, "--metric-cmd", "ls"}, map[string]string{"metric-cmd": "ls"}},
		{"a list of a flag that takes commas", nil, []string{"search", "--config", lists}, map[string]string{"repair": "bias,weights", "scale": "0.5,0.25", "export": "mctq | qdq-ms"}},
		{"another command", nil, []string{"eval", "--config", file, "m.onnx"}, map[string]string{"limit": "300", "input": "a=1 | b=2,3", "seed": "7"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for k, v := range c.env {
				t.Setenv(k, v)
			}
			got, said, err := seen(t, c.args...)
			delete(got, "config")
			if err != nil || len(got) != len(c.want) {
				t.Errorf("%v, %v, %s\nwant %v", got, err, said, c.want)
			}
			for k, v := range c.want {
				if got[k] != v {
					t.Errorf("--%s is %q, want %q", k, got[k], v)
				}
			}
		})
	}
}

// TestBadSettings holds that what a file or a variable says wrongly is one line with the place.
func TestBadSettings(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	dir := t.TempDir()
	for _, c := range []struct{ name, text, want string }{
		{"a slip", "model: m\ntargett: 3\n", `line 2: no flag is named "targett"; did you mean target? write flags without their dashes`},
		{"a command", "metric-cmd: ls\n", "line 1: a metric command comes from the command line only"},
		{"a file in a file", "config: b.yaml\n", "line 1: config is not for a file of settings"},
		{"several values", "limit: [1, 2]\n", "limit: the flag takes one value, not 2"},
		{"no number", "limit: many\n", `limit: "many" is no value of --limit`},
		{"a list", "- a\n", "write a flag and its value on each line"},
		{"a tree", "target:\n  a: b\n", "line 1: target: write a text, a number, true or false, or a list of them"},
		{"twice", "limit: 1\nlimit: 2\n", "limit"},
		{"twice, by two names", "block: 1\nbatch-size: 2\n", "batch-size: --block is given twice: leave one of them out"},
		{"an anchor", "limit: &x 3\n", "a file of settings has no anchors"},
		{"no YAML", "a: [\n", "--config"},
		{"no result", `{"a": 1}`, "no result of a search: it has no schema_version, or no config"},
		{"half a result", `{"schema_version": 2, "config`, "give a YAML file, or the result.json of a search"},
		{"a result of something else", `{"schema_version": 2, "config": {"target": {"a": 1}}}`, "config: target: a value of"},
		{"a metric command", `{"schema_version": 2, "config": {"metric_cmd": "python3 m.py"}}`, "give --metric-cmd or --metric-serve again"},
		{"a metric server", `{"schema_version": 2, "config": {"metric_cmd": "", "metric_serve": "python3 m.py"}}`, "give --metric-cmd or --metric-serve again"},
		{"a server in a file", "metric-serve: python3 m.py\n", "line 1: a metric command comes from the command line only"},
	} {
		path := filepath.Join(dir, strings.ReplaceAll(c.name, " ", "-"))
		write(t, path, []byte(c.text))
		got := call("search", "--config", path)
		if got.code != run.ExitMistake || !strings.Contains(got.err, c.want) || strings.Count(strings.TrimSpace(got.err), "\n") > 0 {
			t.Errorf("%s: exit code %d, %s", c.name, got.code, got.err)
		}
	}
	if got := call("search", "--config", filepath.Join(dir, "none")); got.code != run.ExitMistake || !strings.Contains(got.err, "give a YAML file, or the result.json") {
		t.Errorf("no file: %s", got.err)
	}
	for drop, want := range map[string]string{"-1": "give how much worse", "+1": "give how much worse", "x": "give how much worse"} {
		if got := call("search", "--max-drop="+drop); got.code != run.ExitMistake || !strings.Contains(got.err, want) {
			t.Errorf("--max-drop %s: %s", drop, got.err)
		}
	}
	if got := call("search", "--max-drop", "0.1", "--target", "0.9"); got.code != run.ExitMistake || !strings.Contains(got.err, "leave one of them out") {
		t.Errorf("%s", got.err)
	}
	t.Setenv("DEMOTE_TARGTE", "0.9")
	if got := call("search", "--model", "none.onnx"); !strings.Contains(got.err, "the variable DEMOTE_TARGTE sets no flag; did you mean DEMOTE_TARGET?") {
		t.Errorf("%s", got.err)
	}
	t.Setenv("DEMOTE_LIMIT", "x")
	if got := call("search"); got.code != run.ExitMistake || !strings.Contains(got.err, `DEMOTE_LIMIT: "x" is no value of --limit`) {
		t.Errorf("%s", got.err)
	}
}

// TestMaxDrop holds which target --max-drop stands for.
func TestMaxDrop(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	out := filepath.Join(t.TempDir(), "run")
	args := slices.DeleteFunc(listArgs("", out), func(a string) bool { return a == "--target" || a == "" })
	must(t, append(args, "--max-drop", "0.05")...)
	again := must(t, "search", "--config", filepath.Join(out, "result.json"), "--out", filepath.Join(t.TempDir(), "again"), "--json")
	var r struct {
		Target struct{ Text string }
		Config struct{ Limit int }
	}
	lines := strings.Split(strings.TrimSpace(again.out), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &r); err != nil || r.Target.Text != "float-0.05" || r.Config.Limit != 100 {
		t.Errorf("%+v, %v", r, err)
	}
}

func write(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o666); err != nil {
		t.Fatal(err)
	}
}
