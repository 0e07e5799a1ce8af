package search_test

import (
	"os/exec"
	"strings"
	"testing"
)

// TestImports holds that the search is pure Go: the standard library and gonum, no cgo, no other room of this project
// but those below it and that of mistakes.
func TestImports(t *testing.T) {
	format := `{{.ImportPath}} {{.Standard}} {{len .CgoFiles}}`
	out, err := exec.Command("go", "list", "-deps", "-f", format, "example.org/demote/search").CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		path, standard, cgo := f[0], f[1] == "true", f[2] != "0"
		switch {
		case path == "runtime/cgo" || path == "C" || cgo:
			t.Errorf("example.org/demote/search depends on cgo by %s", path)
		case standard || path == "example.org/demote/mistake" || strings.HasPrefix(path+"/", "example.org/demote/search/") || strings.HasPrefix(path, "gonum.org/v1/gonum/"):
		default:
			t.Errorf("example.org/demote/search depends on %s: only the standard library and gonum are allowed", path)
		}
	}
}
