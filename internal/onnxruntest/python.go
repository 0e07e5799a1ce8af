package onnxruntest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Python runs a script of the project in one of the virtual environments that make test-toolkits makes, and returns
// what it prints.
func Python(t *testing.T, environment, script string, args ...string) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	interpreter := filepath.Join(root, environment, "bin", "python")
	if _, err := os.Stat(interpreter); err != nil {
		t.Fatalf("%v: run make test-toolkits", err)
	}
	c := exec.Command(interpreter, append([]string{"-W", "ignore", filepath.Join(root, "scripts", script)}, args...)...)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", script, args, err, out)
	}
	return string(out)
}
