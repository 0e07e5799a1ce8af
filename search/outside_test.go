package search_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// outside is a program of another module with an evaluator of its own: of 40 tensors every seventh costs much.
const outside = `package main

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

// TestOutside builds and runs a program of another module, which names this one in a single replace line: the search
// alone needs no cgo, and no module but this one and gonum.
func TestOutside(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	path, rest, _ := strings.Cut(strings.TrimPrefix(string(mod), "module "), "\n")
	dir := t.TempDir()
	require := rest[:strings.Index(rest, "require")] + "require " + path + " v0.0.0\n\nreplace " + path + " => " + root + "\n"
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"go.mod": "module outside\n" + require, "go.sum": string(sums), "main.go": strings.ReplaceAll(outside, "MODULE", path)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	command := func(args ...string) string {
		t.Helper()
		c := exec.Command("go", args...)
		c.Dir, c.Env = dir, append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=mod", "GOWORK=off")
		var complaints bytes.Buffer
		c.Stderr = &complaints
		out, err := c.Output()
		if err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, complaints.String())
		}
		return strings.TrimSpace(string(out))
	}
	if got := command("run", "."); got != "34 true <nil>" {
		t.Errorf("the program says %q", got)
	}
	modules := strings.Fields(command("list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", "."))
	slices.Sort(modules)
	if got := strings.Join(slices.Compact(modules), " "); got != path+" gonum.org/v1/gonum outside" {
		t.Errorf("the search alone pulls %s", got)
	}
}
