package run

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/demote/backend"
	"example.org/demote/config"
	"example.org/demote/internal/segments"
	"example.org/demote/internal/task"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/written"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
	"example.org/demote/quant"
	"example.org/demote/search"
)

// scoreAgain reads an exported network again and scores it, its holders as FakeQuant.
func scoreAgain(t *testing.T, s *searchRun, n *onnx.Network, grids []quant.Grid, err error) search.Score {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	p := &task.Task{Data: s.Data, Inputs: s.Inputs, Block: s.Block, Output: s.Output}
	src, records, err := p.FixedSource(context.Background(), n, grids)
	if err != nil {
		t.Fatal(err)
	}
	e, err := backendOf(s, src, records)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	score, err := e.Score(context.Background(), search.NewMask(len(records)))
	if err != nil {
		t.Fatal(err)
	}
	return score
}

// readAgain imports an exported file of one of the formats that hold a whole network.
func readAgain(format, path string) (*onnx.Network, []quant.Grid, error) {
	if strings.HasPrefix(format, "encodings") {
		e, err := onnx.ReadEncodings(path)
		if err != nil {
			return nil, nil, err
		}
		m, err := onnx.Read(strings.TrimSuffix(path, ".json") + ".onnx")
		if err != nil {
			return nil, nil, err
		}
		return e.Apply(m)
	}
	m, err := onnx.Read(path)
	if err != nil {
		return nil, nil, err
	}
	return onnx.ReadQuantized(m, quant.QDQ)
}

// TestExports writes a mix in every format at the end of a search and by the command, which must give
// the same bytes, and reads what holds a whole network again: the count of the search comes out.
func TestExports(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for _, grid := range []string{"asymmetric", "symmetric", "pow2"} {
		t.Run(grid, func(t *testing.T) {
			cfg := tasktest.TinyConfig(t, 90)
			cfg.GridLow, cfg.GridHigh, cfg.Export = grid, grid, config.FormatNames()
			r := mustSearch(t, cfg)
			if high := len(r.Promotion); high == 0 || high == len(r.Holders) {
				t.Fatalf("%d of %d holders stay high: this tests nothing", high, len(r.Holders))
			}
			if len(r.Exports) != len(onnx.Formats()) {
				t.Fatalf("%d exports in the result", len(r.Exports))
			}
			s, _, err := reopen(context.Background(), cfg.Out, config.Config{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if err := s.Compile(context.Background()); err != nil {
				t.Fatal(err)
			}
			for i, f := range onnx.Formats() {
				e := r.Exports[i]
				if e.Format != f.Name || f.Runs != (e.Verified != nil) || f.Runs && (!e.Verified.Identical || *e.Verified.Correct != *r.Score.Mixed.Correct) {
					t.Errorf("%s: %+v, %+v", f.Name, e, e.Verified)
				}
				out := filepath.Join(t.TempDir(), "mix"+f.Ends[0])
				again, err := Export(context.Background(), cfg.Out, f.Name, out, config.Config{})
				if err != nil {
					t.Fatalf("%s: %v", f.Name, err)
				}
				for k := range e.Files {
					if a, b := tasktest.ReadFile(t, e.Files[k]), tasktest.ReadFile(t, again.Files[k]); !bytes.Equal(a, b) {
						t.Errorf("%s: the command writes another %s than the search", f.Name, filepath.Base(e.Files[k]))
					}
				}
				if len(e.Inexact) > 0 {
					t.Logf("%s: inexact holders %q", f.Name, e.Inexact)
					continue
				}
				if f.Name == "promotion" || f.Name == "overrides" {
					continue
				}
				n, grids, err := readAgain(f.Name, e.Files[0])
				if got := scoreAgain(t, s, n, grids, err); got.Count != *r.Score.Mixed.Correct || got.Total != *r.Score.Mixed.Total {
					t.Errorf("%s reads back as %v, the search says %d", f.Name, got, *r.Score.Mixed.Correct)
				}
			}
			var list []string
			if err := json.Unmarshal(tasktest.ReadFile(t, filepath.Join(cfg.Out, "promotion.json")), &list); err != nil || !slices.Equal(list, r.Promotion) {
				t.Errorf("promotion.json has %q, %v", list, err)
			}
			var overrides map[string][]struct {
				Type string `json:"quant_type"`
			}
			if err := json.Unmarshal(tasktest.ReadFile(t, filepath.Join(cfg.Out, "overrides.json")), &overrides); err != nil {
				t.Fatal(err)
			}
			wide := 0
			for tensor, o := range overrides {
				if strings.HasSuffix(o[0].Type, "16") {
					wide++
					if !slices.Contains(r.Promotion, tensor) {
						t.Errorf("overrides.json has %s for %s", o[0].Type, tensor)
					}
				}
			}
			if len(overrides) != len(r.Holders) || wide != len(r.Promotion) {
				t.Errorf("overrides.json: %d tensors, %d of them wide", len(overrides), wide)
			}
		})
	}
}

// TestExportRefuses gives an export all that it must not take.
func TestExportRefuses(t *testing.T) {
	cfg := tasktest.TinyConfig(t, 40)
	mustSearch(t, cfg)
	other := filepath.Join(t.TempDir(), "x.onnx")
	tasktest.WriteFile(t, other, []byte("mine"))
	for _, c := range []struct{ name, dir, format, out, text string }{
		{"no format", cfg.Out, "", "", "--format is missing"},
		{"another format", cfg.Out, "tflite", "", "choose one of qdq, qdq-ms, mctq"},
		{"the run's own file", cfg.Out, "qdq", "", "mixed.onnx exists"},
		{"a file of mine", cfg.Out, "qdq-ms", other, "x.onnx exists"},
		{"its network exists", cfg.Out, "encodings", strings.TrimSuffix(other, ".onnx") + ".json", "x.onnx exists"},
		{"another ending", cfg.Out, "overrides", filepath.Join(t.TempDir(), "x.onnx"), "ends in .json"},
		{"no ending", cfg.Out, "mctq", filepath.Join(t.TempDir(), "x"), "ends in .onnx"},
		{"no such folder", cfg.Out, "promotion", filepath.Join(t.TempDir(), "no", "p.txt"), "p.txt"},
		{"no run", t.TempDir(), "qdq", "", "not a run folder"},
	} {
		_, err := Export(context.Background(), c.dir, c.format, c.out, config.Config{})
		if ExitCode(err) != ExitMistake || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: exit code %d, %v", c.name, ExitCode(err), err)
		}
	}
	if string(tasktest.ReadFile(t, other)) != "mine" {
		t.Error("a file was overwritten")
	}
	if _, err := Export(context.Background(), cfg.Out, "qdq-ms", other, config.Config{Force: true}); err != nil {
		t.Error(err)
	}
	if err := os.Remove(cfg.Data); err != nil {
		t.Fatal(err)
	}
	if _, err := Export(context.Background(), cfg.Out, "qdq", other, config.Config{Force: true}); ExitCode(err) != ExitMistake {
		t.Errorf("without the data: %v", err)
	}
	cfg.Export = []string{"tflite"}
	if _, err := Search(context.Background(), cfg); !errors.Is(err, mistake.Err) {
		t.Errorf("--export tflite: %v", err)
	}
	cfg.Export, cfg.Session = nil, "fast"
	if _, err := Search(context.Background(), cfg); !errors.Is(err, mistake.Err) {
		t.Errorf("--session fast: %v", err)
	}
}

// TestForceClearsExports holds that a new run with --force leaves no export of the old one.
func TestForceClearsExports(t *testing.T) {
	cfg := tasktest.TinyConfig(t, 40)
	cfg.Export = []string{"qdq-ms", "mctq", "overrides"}
	mustSearch(t, cfg)
	cfg.Export, cfg.Force = nil, true
	mustSearch(t, cfg)
	for _, name := range []string{"mixed-ms.onnx", "annotated.onnx", "overrides.json", "overrides.onnx"} {
		if _, err := os.Stat(filepath.Join(cfg.Out, name)); err == nil {
			t.Errorf("%s of the run before is still there", name)
		}
	}
}

// backendOf compiles a network on the data and metric of a search.
func backendOf(s *searchRun, src *segments.Source, records []quant.Record) (*backend.Evaluator, error) {
	o := s.Options
	o.Naive = true
	return backend.New(context.Background(), src, s.Data, records, o)
}

// TestExportByAnotherFormula holds that the QDQ files of a search by a formula which they do not
// compute are marked, and judged by their own score, by the search, export and verify alike; the
// annotated file holds the search's own grids.
func TestExportByAnotherFormula(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	differ := 0
	for _, formula := range []string{"torch", "mctq"} {
		cfg := tasktest.FashionConfig(t)
		cfg.Limit, cfg.Formula, cfg.Export = 100, formula, []string{"qdq-ms", "mctq"}
		r, err := Search(context.Background(), cfg)
		if code := ExitCode(err); code != ExitFound && code != ExitExport {
			t.Fatal(err)
		}
		below := *r.Verified.Value <= r.Target.Value
		if errors.Is(err, written.ErrExport) != below {
			t.Errorf("%s: %v, the file scores %v, the target is %v", formula, err, *r.Verified.Value, r.Target.Value)
		}
		if r.Verified.Identical { // by chance: the two formulas differ at few values
			continue
		}
		differ++
		if !strings.Contains(strings.Join(texts(r.Warnings), "\n"), "not bit-exact") {
			t.Errorf("%s: no warning in %q", formula, r.Warnings)
		}
		if v, err := Verify(context.Background(), cfg.Out, config.Config{}); errors.Is(err, written.ErrExport) != below || v == nil || v.Identical {
			t.Errorf("%s: verify: %+v, %v", formula, v, err)
		}
		e, err := Export(context.Background(), cfg.Out, "qdq-ms", filepath.Join(t.TempDir(), "ms.onnx"), config.Config{})
		if errors.Is(err, written.ErrExport) != below || e == nil || len(e.Warnings) != 1 || *e.Verified.Correct != *r.Verified.Correct {
			t.Errorf("%s: export: %+v, %v", formula, e, err)
		}
		s, mask, err := reopen(context.Background(), cfg.Out, config.Config{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		m, err := onnx.Read(filepath.Join(cfg.Out, "annotated.onnx"))
		if below { // the search ends with the file that fails
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		_, grids, err := onnx.ReadQuantized(m, quant.Formula(formula))
		if err != nil {
			t.Fatal(err)
		}
		inexact := r.Exports[1].Inexact
		for i, h := range s.Network.Holders {
			want := s.Records[i].High
			if mask.Low(i) {
				want = s.Records[i].Low
			}
			same := grids[i].Scale == want.Scale && grids[i].Lo == want.Lo && grids[i].Hi == want.Hi && grids[i].Zero-grids[i].Min == want.Zero-want.Min
			if same == slices.Contains(inexact, h.Name) {
				t.Errorf("%s: holder %s has %v, the search %v; inexact are %q", formula, h.Name, grids[i], want, inexact)
			}
		}
	}
	if differ == 0 {
		t.Error("every QDQ file is bit-exact: this tests nothing")
	}
}
