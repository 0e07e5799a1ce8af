package run

import (
	"os"
	"path/filepath"
	"testing"

	"example.org/demote/result"
)

// TestWarningsOfBefore reads a result.json whose warnings are plain texts, and writes and reads those of now.
func TestWarningsOfBefore(t *testing.T) {
	dir := t.TempDir()
	text := `{"schema_version": 1, "warnings": ["plain", {"id": "a", "text": "b", "cure": "c"}], "exports": [{"warnings": ["old"]}]}`
	if err := os.WriteFile(filepath.Join(dir, result.File), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := ReadResult(dir)
	if err != nil || len(r.Warnings) != 2 || r.Warnings[0] != (result.Warning{Text: "plain"}) || r.Warnings[1] != (result.Warning{ID: "a", Text: "b", Cure: "c"}) || r.Exports[0].Warnings[0].Text != "old" {
		t.Errorf("%+v, %v", r, err)
	}
	if got := []string{r.Warnings[0].String(), r.Warnings[1].String()}; got[0] != "plain" || got[1] != "b; c" {
		t.Errorf("as text: %q", got)
	}
}
