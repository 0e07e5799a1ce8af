package run

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/record"
	"example.org/demote/internal/stage"
	"example.org/demote/internal/task"
	"example.org/demote/result"
)

// TestExportOfCheckedBytes writes what a search has written and checked: nothing is calibrated or run again, and the
// same is said. Bytes that the search has not checked, and those that it found something amiss with, are checked.
func TestExportOfCheckedBytes(t *testing.T) {
	cfg := tinyConfig(t, 90)
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
			before := readTestFile(t, filepath.Join(cfg.Out, result.File))
			defer func() { writeTestFile(t, filepath.Join(cfg.Out, result.File), before) }()
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

// TestRecordedGrids makes the records of a search from its result, bit for bit, and none where a line of it cannot be
// one.
func TestRecordedGrids(t *testing.T) {
	for _, formula := range []string{"qdq", "torch", "mctq"} {
		for _, kind := range []string{"asymmetric", "symmetric", "pow2"} {
			t.Run(formula+" "+kind, func(t *testing.T) {
				cfg := tinyConfig(t, 20)
				cfg.Formula, cfg.GridLow, cfg.GridHigh = formula, kind, kind
				p, err := task.Float(context.Background(), cfg.Filled())
				if err != nil {
					t.Fatal(err)
				}
				defer p.Close()
				var was []result.Holder
				for i, h := range p.Network.Holders {
					was = append(was, result.Holder{Name: h.Name, Low: record.Grid(p.Records[i].Low), High: record.Grid(p.Records[i].High)})
				}
				records, ok := task.RecordedGrids(p.Network, was, cfg)
				if ok != (formula != "mctq") || ok && !slices.Equal(records, p.Records) {
					t.Fatalf("%v: %+v, want %+v", ok, records, p.Records)
				}
				for name, change := range map[string]func(h *result.Holder){
					"a name":     func(h *result.Holder) { h.Name = "other" },
					"no scale":   func(h *result.Holder) { h.Low.Scale = 0 },
					"a width":    func(h *result.Holder) { h.High.Bits = 4 },
					"an end":     func(h *result.Holder) { h.Low.Max += 0.3 * float64(h.Low.Scale) },
					"a far end":  func(h *result.Holder) { h.Low.Max *= 1e6 },
					"a far zero": func(h *result.Holder) { h.High.ZeroPoint += 1 << 20 },
				} {
					broken := slices.Clone(was)
					change(&broken[1])
					if records, ok := task.RecordedGrids(p.Network, broken, cfg); ok {
						t.Errorf("%s: taken as %+v", name, records[1])
					}
				}
				if _, ok := task.RecordedGrids(p.Network, was[1:], cfg); ok {
					t.Error("fewer holders are taken")
				}
			})
		}
	}
}
