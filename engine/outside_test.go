package engine_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/demote/cgo/orttest"
)

// network is a program of another module that opens a network, searches it and writes the mix, without a run folder.
const network = `package main

import (
	"context"
	"fmt"
	"os"

	"MODULE/dataset"
	"MODULE/engine"
	"MODULE/onnx"
	"MODULE/quant"
	"MODULE/search"
)

func must[T any](v T, err error) T {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	return v
}

func main() {
	ctx, dir := context.Background(), os.Args[1]
	if _, _, err := engine.OpenRuntime(""); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	model := must(onnx.Read(dir + "/model.onnx"))
	network := must(onnx.Prepare(model, onnx.Options{}))
	calib := must(engine.OpenData(dir+"/calib.npz", model, dataset.Options{}))
	defer calib.Close()
	data := must(engine.OpenData(dir+"/eval.npz", model, dataset.Options{Limit: 100, Seed: 1}))
	defer data.Close()
	records := must(engine.Calibrate(ctx, network, calib, engine.Calibration{KindLow: quant.Pow2, KindHigh: quant.Pow2}))
	must(0, onnx.QuantizeWeights(network))
	ev := must(engine.Open(ctx, network, records, data, engine.Options{Float: model}))
	defer ev.Close()
	high := must(ev.Score(ctx, search.NewMask(len(records))))
	o := search.NewOptions(len(records), high.Float()-0.001)
	o.Units = must(engine.Units(network))
	found := must(search.Run(ctx, "", ev, o))
	mixed := must(onnx.QDQ(network, records, engine.Low(found.Mask)))
	must(0, mixed.Write("mixed.onnx"))
	int16 := found.Mask.Len() - found.Mask.Count()
	fmt.Println(found.Holds, 0 < int16 && int16 < found.Mask.Len(), found.Score.Float() > high.Float()-0.001)
}
`

// searchAlone is a program of another module with an evaluator of its own: of 40 tensors every seventh costs much.
const searchAlone = `package main

import (
	"context"
	"fmt"

	"MODULE/search"
)

func score(_ context.Context, m search.Mask) (search.Score, error) {
	lost := 0
	for i := range m.Len() {
		if m.Low(i) {
			lost++
		}
		if m.Low(i) && i%7 == 0 {
			lost += 50
		}
	}
	return search.Score{Count: 1000 - lost, Total: 1000}, nil
}

func main() {
	o := search.NewOptions(40, 0.95)
	r, err := search.Run(context.Background(), "", search.Naive(score), o)
	fmt.Println(r.Mask.Count(), r.Holds, err)
}
`

// documented is the program of docs/metrics.md: its indented lines from "package main" to the end of main.
func documented(t *testing.T, root string) string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(root, "docs/metrics.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "\n    package main\n")
	program, _, ok := strings.Cut(rest, "\n    }\n")
	if !ok {
		t.Fatal("docs/metrics.md has no program")
	}
	return "package main\n" + strings.ReplaceAll(strings.ReplaceAll(program, "\n    ", "\n"), "    ", "\t") + "\n}\n"
}

// TestOutside builds and runs programs of another module, which names this one in a single replace line. One searches
// with an evaluator of its own: that needs no cgo, and no module but this one and gonum. The other opens an ONNX
// network, searches it and writes the mix. The third is that of docs/metrics.md, with a metric of its own.
func TestOutside(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	library, ok := orttest.Find()
	if !ok {
		t.Fatal("no ONNX Runtime library: run `make setup`")
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	path, rest, _ := strings.Cut(strings.TrimPrefix(string(mod), "module "), "\n")
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, program, requires, says string
		args, env                     []string
		check                         func(t *testing.T, dir string, command func(name string, args ...string) string)
	}{
		{"search alone", searchAlone, rest[:strings.Index(rest, "require")], "34 true <nil>", nil, []string{"CGO_ENABLED=0"},
			func(t *testing.T, _ string, command func(name string, args ...string) string) {
				modules := strings.Fields(command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", "."))
				slices.Sort(modules)
				if got := strings.Join(slices.Compact(modules), " "); got != path+" gonum.org/v1/gonum outside" {
					t.Errorf("the search alone pulls %s", got)
				}
			}},
		{"network", network, rest + "\n", "true true true", []string{filepath.Join(root, "examples/fashion")}, []string{"DEMOTE_ORT=" + library},
			func(t *testing.T, dir string, _ func(name string, args ...string) string) {
				if info, err := os.Stat(filepath.Join(dir, "mixed.onnx")); err != nil || info.Size() == 0 {
					t.Errorf("the mix is not written: %v", err)
				}
			}},
		{"metric", "", rest + "\n", "confident", []string{"eval", filepath.Join(root, "examples/fashion/model.onnx"), "--data", filepath.Join(root, "examples/fashion/eval.npz"), "--limit", "50", "--metric", "confident"},
			[]string{"DEMOTE_ORT=" + library}, func(*testing.T, string, func(name string, args ...string) string) {}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.program == "" {
				c.program = documented(t, root)
			}
			dir := t.TempDir()
			require := c.requires + "require " + path + " v0.0.0\n\nreplace " + path + " => " + root + "\n"
			for name, text := range map[string]string{"go.mod": "module outside\n" + require, "go.sum": string(sums), "main.go": strings.ReplaceAll(c.program, "MODULE", path)} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			command := func(name string, args ...string) string {
				t.Helper()
				cmd := exec.Command(name, args...)
				cmd.Dir, cmd.Env = dir, append(append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off"), c.env...)
				var complaints bytes.Buffer
				cmd.Stderr = &complaints
				out, err := cmd.Output()
				if err != nil {
					t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out, complaints.String())
				}
				return strings.TrimSpace(string(out))
			}
			command("go", "build", "-o", "program", ".")
			if got := command("./program", c.args...); !strings.Contains(got, c.says) {
				t.Errorf("the program says %q", got)
			}
			c.check(t, dir, command)
		})
	}
}
