//go:build cuda

package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/demote/cuda"
)

const kit = "../../scripts/gpu-kit"

// TestKitIsWhole holds that the page of the kit lists its files and the steps of on-gpu.sh, and that pack.sh packs
// what on-gpu.sh runs.
func TestKitIsWhole(t *testing.T) {
	page := kitFile(t, "README.md")
	entries, err := os.ReadDir(kit)
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, e := range entries {
		if e.Name() != "README.md" && e.Type().IsRegular() {
			files = append(files, e.Name())
		}
	}
	first, steps, _ := strings.Cut(page, "| step | asks |")
	if listed := column(first); !slices.Equal(slices.Sorted(slices.Values(listed)), files) {
		t.Errorf("README.md lists %v, the folder has %v", listed, files)
	}
	script, pack := kitFile(t, "on-gpu.sh"), kitFile(t, "pack.sh")
	all := regexp.MustCompile(`(?m)^steps=\$\{\*:-(.*)\}$`).FindStringSubmatch(script)
	if all == nil || !slices.Equal(column(steps), strings.Fields(all[1])) {
		t.Errorf("README.md lists the steps %v, on-gpu.sh has %v", column(steps), all)
	}
	for _, step := range column(steps) {
		if !strings.Contains(script, "if wanted "+step) {
			t.Errorf("on-gpu.sh never runs the step %s", step)
		}
	}
	make, err := os.ReadFile("../../cuda.mk")
	if err != nil {
		t.Fatal(err)
	}
	programs := regexp.MustCompile(`\$bin/([a-z0-9-]+)`).FindAllStringSubmatch(script, -1)
	for _, p := range programs {
		if !strings.Contains(string(make)+pack, ","+p[1]+",") && !strings.Contains(pack, "/bin/"+p[1]+"\"") {
			t.Errorf("on-gpu.sh runs %s, which nothing packs", p[1])
		}
	}
	if len(programs) == 0 {
		t.Error("on-gpu.sh runs no program: the pattern of this test is wrong")
	}
}

// TestKitReportsByTheNamesOfGPUCheck holds that the summary of the kit has every name and answer of gpucheck's own
// report, those of tests and of the benchmark among them.
func TestKitReportsByTheNamesOfGPUCheck(t *testing.T) {
	logs, out := t.TempDir(), t.TempDir()
	r := &Report{Time: time.Unix(0, 0).UTC(), Emulated: true, Driver: 13000, Device: cuda.Info{Name: "EMULATED"}, Kernels: []cuda.KernelInfo{{Name: "fake_quant"}}}
	r.add("does a stream see what another wrote", true, "yes")
	r.measure("one launch in a row", 3, "µs")
	write := func(name, text string) string {
		path := filepath.Join(logs, name)
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	tests := write("tests.json", `{"Action":"run","Test":"TestA"}`+"\n"+`{"Action":"pass","Test":"TestA"}`+"\n"+`{"Action":"fail","Test":"TestB"}`+"\n")
	bench := write("bench-example.json", `{"device": "cuda:0 EMULATED", "samples": 8, "block": 4, "holders": 3, "r_seconds": {"median": 1},
 "evaluation_r": {"median": 2}, "evaluations_per_s": 5, "samples_per_s": 40, "fakequant_share": 0.5, "outside_runtime": 0.1, "parts": 2, "graphs": 1,
 "why": "refused", "switch_seconds": {"median": 1e-6}, "rebuild_seconds": {"median": 1}, "moved_per_evaluation": {"up_bytes": 1, "down_bytes": 1}}`)
	write("steps.tsv", "kernels-bits\t0\t1.5\t90\n")
	for _, err := range []error{includeTests(r, tests), includeBench(r, bench), r.write(logs)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if said, err := exec.Command("python3", filepath.Join(kit, "summary.py"), logs, out).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	read := func(path string) (m map[string]any) {
		data, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(data, &m)
		}
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	want, got := read(filepath.Join(logs, "gpu-report.json")), read(filepath.Join(out, "summary.json"))
	for name, value := range want {
		a, _ := json.Marshal(value)
		b, _ := json.Marshal(got[name])
		if string(a) != string(b) {
			t.Errorf("%s is %s in gpu-report.json and %s in summary.json", name, a, b)
		}
	}
	text, err := os.ReadFile(filepath.Join(out, "summary.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range r.Checks {
		if !strings.Contains(string(text), c.Question) {
			t.Errorf("summary.txt does not answer %q", c.Question)
		}
	}
	if !strings.HasPrefix(string(text), "EMULATED") {
		t.Error("summary.txt does not begin with EMULATED")
	}
}

// kitFile returns the text of a file of the kit.
func kitFile(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(kit, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// column returns what stands between backquotes at the beginnings of a table's rows.
func column(text string) (list []string) {
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(text, -1) {
		list = append(list, m[1])
	}
	return list
}
