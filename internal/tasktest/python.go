package tasktest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// pythonFolder is where `make numpy` puts a Python with numpy, in the repository's root.
const pythonFolder = ".venv-numpy"

// PythonServer is the line for --metric-serve of a script that ends with demote_metric.serve(...).
func PythonServer(t testing.TB, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "score.py")
	WriteFile(t, path, []byte("import demote_metric, numpy\n"+script))
	return PythonLine(t) + " '" + path + "'"
}

// PythonLine begins a line that runs a Python script with numpy and demote_metric.
func PythonLine(t testing.TB) string {
	t.Helper()
	root, err := os.Getwd()
	for err == nil {
		if _, there := os.Stat(filepath.Join(root, "go.mod")); there == nil || root == filepath.Dir(root) {
			break
		}
		root = filepath.Dir(root)
	}
	python := filepath.Join(root, pythonFolder, "bin", "python")
	if _, missing := os.Stat(python); missing != nil {
		python = "python3"
	}
	if out, err := exec.Command(python, "-c", "import numpy").CombinedOutput(); err != nil {
		t.Fatalf("no Python with numpy: run `make numpy` (%v: %s)", err, out)
	}
	return fmt.Sprintf("PYTHONDONTWRITEBYTECODE=1 PYTHONPATH='%s' '%s'", filepath.Join(root, "python"), python)
}
