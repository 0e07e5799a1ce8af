package report

import (
	"strings"
	"testing"

	"example.org/demote/result"
)

// TestWarningsOfBefore shows warnings that are plain texts, as results of before have them, and those of now.
func TestWarningsOfBefore(t *testing.T) {
	r := Read(folder(t, map[string]any{result.File: `{"schema_version": 1, "warnings": ["plain", {"id": "a", "text": "b", "cure": "c"}]}`}))
	page, err := pageOf(r)
	if err != nil || len(r.Warnings) != 2 || !strings.Contains(string(page), "<li>plain</li><li>b; c</li>") {
		t.Errorf("%+v, %v, %v", r.Warnings, r.Problems, err)
	}
}
