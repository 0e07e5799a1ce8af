package cli

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"example.org/demote/run"
)

// TestDryRun says on standard output what would be searched, as text or JSON, and makes no folder.
func TestDryRun(t *testing.T) {
	in := good(t)
	got := must(t, in.args("--dry-run")...)
	for _, text := range []string{"holder   0  x (input)", "holders, 40 samples in blocks of 8", "memory:", "strategy demotion", "at most"} {
		if !strings.Contains(got.out, text) {
			t.Errorf("standard output lacks %q: %s", text, got.out)
		}
	}
	got = must(t, in.args("--dry-run", "--json")...)
	lines := strings.Split(strings.TrimSpace(got.out), "\n")
	var r run.Result
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &r); err != nil || len(r.Holders) == 0 || r.Finished || got.err != "" {
		t.Errorf("%v, standard error %q, %s", err, got.err, lines[len(lines)-1])
	}
	if _, err := os.Stat(in.path("run")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("there is a run folder: %v", err)
	}
	set("--out", "-")(t, in)
	must(t, in.args("--dry-run")...)
}
