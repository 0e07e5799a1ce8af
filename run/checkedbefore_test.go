package run

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/stage"
	"example.org/demote/internal/tasktest"
	"example.org/demote/result"
)

// TestExportOfCheckedBytes writes what a search has written and checked: nothing is calibrated or run again, and the
// same is said. Bytes that the search has not checked, and those that it found something amiss with, are checked.
func TestExportOfCheckedBytes(t *testing.T) {
	cfg := tasktest.TinyConfig(t, 90)
	cfg.Export = []string{"qdq-ms"}
	r := mustSearch(t, cfg)
	for _, c := range []struct {
		name, format string
		again        config.Config
		change       func(r map[string]any)
		checked      bool // anew
	}{
		{"mixed.onnx", "qdq", config.Config{}, func(map[string]any) {}, false},
		{"an export of the search", "qdq-ms", config.Config{}, func(map[string]any) {}, false},
		{"other bytes", "qdq", config.Config{FixShapes: true}, func(map[string]any) {}, true},
		{"another machine", "qdq", config.Config{}, func(r map[string]any) { r["versions"].(map[string]any)["instructions"] = "sse9" }, true},
		{"a result of before sums were kept", "qdq", config.Config{}, func(r map[string]any) { delete(r["verified"].(map[string]any), "sha256") }, true},
		{"a default session that fails", "qdq", config.Config{}, func(r map[string]any) {
			delete(r["verified"].(map[string]any), "default_session_correct")
			delete(r["verified"].(map[string]any), "default_session_value")
		}, true},
		{"other bits as it is written", "qdq", config.Config{}, func(r map[string]any) {
			r["verified"].(map[string]any)["as_written"] = []any{map[string]any{"batch": 1, "differing_samples": 3}}
		}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := tasktest.ReadFile(t, filepath.Join(cfg.Out, result.File))
			defer func() { tasktest.WriteFile(t, filepath.Join(cfg.Out, result.File), before) }()
			edit(t, cfg.Out, c.change)
			stages := map[string]bool{}
			c.again.Entered = func(stage string) { stages[stage] = true }
			e, err := Export(context.Background(), cfg.Out, c.format, filepath.Join(t.TempDir(), "mix.onnx"), c.again)
			if err != nil {
				t.Fatal(err)
			}
			if e.Verified == nil || !e.Verified.Identical || e.Verified.Before == c.checked || *e.Verified.Correct != *r.Score.Mixed.Correct {
				t.Errorf("it says %+v", e.Verified)
			}
			if stages[stage.Load] != c.checked || stages[stage.Calibrate] {
				t.Errorf("stages %q", slices.Sorted(maps.Keys(stages)))
			}
		})
	}
}
