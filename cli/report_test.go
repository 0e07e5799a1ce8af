package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReportCommand(t *testing.T) {
	dir, none := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "result.json"), []byte(`{"schema_version": 1, "holders": [{"name": "<a>", "precision": "int16"}, `), 0o666); err != nil {
		t.Fatal(err)
	}
	page := filepath.Join(dir, "report.html")
	for _, c := range []struct {
		name      string
		args      []string
		code      int
		out, errs string
	}{
		{"a damaged run", []string{dir}, 0, page + "\n", "the file ends early"},
		{"again", []string{dir}, 0, page + "\n", "the file ends early"},
		{"beside a folder that is none", []string{dir, none, "--out", filepath.Join(none, "p.html")}, 0, filepath.Join(none, "p.html") + "\n", none + ": not a run folder"},
		{"over a file", []string{dir, "--out", page}, 2, "", "--force"},
		{"no run", []string{none}, 2, "", "not a run folder"},
		{"no folder", nil, 2, "", "give one run folder"},
		{"two and no file", []string{dir, none}, 2, "", "--out FILE"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := call(append([]string{"report"}, c.args...)...)
			if got.code != c.code || got.out != c.out || !strings.Contains(got.err, c.errs) {
				t.Errorf("exit code %d, %q, %q", got.code, got.out, got.err)
			}
			for line := range strings.Lines(got.err) {
				if !strings.HasPrefix(line, "demote: ") {
					t.Errorf("a line without the program's name: %q", line)
				}
			}
		})
	}
}
