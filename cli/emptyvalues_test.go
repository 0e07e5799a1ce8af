package cli

import (
	"path/filepath"
	"strings"
	"testing"

	"example.org/demote/run"
)

// TestEmptyValues: a flag with an empty value, such as of a variable of a script that is not set, is refused, and not
// taken as left out.
func TestEmptyValues(t *testing.T) {
	out := filepath.Join(t.TempDir(), "run")
	for _, name := range needed {
		args := []string{"search", "--model", "m.onnx", "--calib", "c.npz", "--data", "e.npz", "--target", "16bit-0.01", "--out", out, "--" + name, ""}
		got := call(args...)
		if want := "demote: --" + name + " needs a value; see `demote search --help`\n"; got.code != run.ExitMistake || !strings.HasSuffix(got.err, want) {
			t.Errorf("%s: exit %d, %q, want %q", name, got.code, got.err, want)
		}
	}
}
