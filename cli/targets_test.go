package cli

import (
	"bufio"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"example.org/demote/result"
	"example.org/demote/run"
)

// listArgs is a command line for several targets of the example, with few of its images.
func listArgs(target, out string, more ...string) []string {
	return append([]string{"search", "--model", "../examples/fashion/model.onnx", "--calib", "../examples/fashion/calib.npz", "--data", "../examples/fashion/eval.npz",
		"--limit", "100", "--grid", "pow2", "--range", "minmax", "--strategy", "bisect", "--evaluations", "12", "--out", out, "--target", target}, more...)
}

// TestSeveralTargets holds what a list of targets prints: a line for each in a summary, and in JSON; that it goes on
// with a longer list, and what a finished list and another one are told.
func TestSeveralTargets(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	out := filepath.Join(t.TempDir(), "list")
	c := must(t, listArgs("16bit-0.05, 16bit-0.1", out)...)
	for _, want := range []string{"\ntarget ", "\n16bit-0.05 ", "\n16bit-0.1 ", "full passes over the 100 samples in all; the curve is in "} {
		if !strings.Contains(c.out, want) {
			t.Errorf("the summary does not have %q:\n%s", want, c.out)
		}
	}
	if !strings.Contains(c.err, "target 2 of 2: 16bit-0.1") {
		t.Errorf("%s", c.err)
	}
	c = must(t, listArgs("16bit-0.05,16bit-0.1,16bit-0.2", out, "--json")...)
	var found []string
	lines := bufio.NewScanner(strings.NewReader(c.out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r struct {
			Event  string `json:"event"`
			Target struct {
				Text string `json:"text"`
			} `json:"target"`
		}
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		if r.Event == "" {
			found = append(found, r.Target.Text)
		}
	}
	if got := strings.Join(found, " "); got != "16bit-0.05 16bit-0.1 16bit-0.2" {
		t.Errorf("results of %q", got)
	}
	for target, want := range map[string]string{
		"16bit-0.05,16bit-0.1,16bit-0.2": "the folder holds a finished run for every target of the list",
		"16bit-0.05,16bit-0.1":           "the folder holds another list, with the target 16bit-0.2; add it to --target",
		"16bit-0.05,,16bit-0.1":          "a target is missing between two commas",
	} {
		if c := call(listArgs(target, out)...); c.code != 2 || !strings.Contains(c.err, want) || strings.Count(strings.TrimSpace(c.err), "\n") > 0 {
			t.Errorf("%s: exit code %d, %s", target, c.code, c.err)
		}
	}
	c = must(t, listArgs("16bit-0.15", filepath.Join(t.TempDir(), "one"), "--reuse", out)...)
	if !strings.Contains(c.err, "scores are known from there") {
		t.Errorf("%s", c.err)
	}
	if c := must(t, listArgs("16bit-0.15,16bit-0.3", filepath.Join(t.TempDir(), "dry"), "--dry-run")...); !strings.Contains(c.out, "2 targets, 16bit-0.15, 16bit-0.3") {
		t.Errorf("%s", c.out)
	}
}

// TestEmptyBudget holds that flags without a value are mistakes.
func TestEmptyBudget(t *testing.T) {
	for _, flag := range []string{"--budget", "--reuse"} {
		if c := call("search", "--model", "x.onnx", flag, ""); c.code != 2 || !strings.Contains(c.err, flag+" needs a value") {
			t.Errorf("%s: exit code %d, %s", flag, c.code, c.err)
		}
	}
}

// TestTargetsOfWeights: where weights are searched the line of a target counts them beside the activations.
func TestTargetsOfWeights(t *testing.T) {
	r := &run.Result{Target: result.Target{Text: "16bit-0.1"}, Samples: 10, SampleEvals: 20, Finished: true, Promotion: []string{"b", "v"}}
	for _, h := range []result.Holder{{Name: "a", Precision: "int8"}, {Name: "b", Precision: "int16"}, {Name: "c", Precision: "int8"}} {
		h.Low.Bits, h.High.Bits = 8, 16
		r.Holders = append(r.Holders, h)
	}
	for _, h := range []result.Holder{{Name: "w", Precision: "int4"}, {Name: "v", Precision: "int8"}} {
		h.Weights, h.Low.Bits, h.High.Bits = true, 4, 8
		r.Holders = append(r.Holders, h)
	}
	var out strings.Builder
	targetsSummary(&out, []*run.Result{r}, "out")
	lines := strings.Split(out.String(), "\n")
	if got := strings.Fields(lines[1]); strings.Join(got, " ") != "target int8 int16 weights int4 weights int8 score passes folder" {
		t.Errorf("%q", lines[1])
	}
	if got := strings.Join(strings.Fields(lines[2])[:7], " "); got != "16bit-0.1 2 1 1 1 - 2.0" {
		t.Errorf("%q", lines[2])
	}
}
