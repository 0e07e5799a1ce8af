package run

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/stage"
	"example.org/demote/internal/tasktest"
	"example.org/demote/result"
)

// exportsAlike writes the formats of a search's --export once more by the command, from a finished run. They must be
// the very bytes of the search; calibrated says whether the samples were observed again.
func exportsAlike(t *testing.T, dir string, formats []string, calibrated bool) {
	t.Helper()
	for _, name := range formats {
		var stages []string
		c := config.Config{}
		c.Entered = func(s string) { stages = append(stages, s) }
		e, err := Export(context.Background(), dir, name, filepath.Join(t.TempDir(), "again"+endOf(t, name)), c)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		f, _ := config.Format("--format", name)
		files, _ := f.Files(filepath.Join(dir, f.File))
		for i, path := range files {
			if !bytes.Equal(tasktest.ReadFile(t, path), tasktest.ReadFile(t, e.Files[i])) {
				t.Errorf("%s: the command writes another %s than the search", name, filepath.Base(path))
			}
		}
		if slices.Contains(stages, stage.Calibrate) != calibrated {
			t.Errorf("%s: stages %q; calibrated is to be %v", name, stages, calibrated)
		}
	}
}

// endOf is an ending of a format's file.
func endOf(t *testing.T, format string) string {
	t.Helper()
	f, err := config.Format("--format", format)
	if err != nil {
		t.Fatal(err)
	}
	return f.Ends[0]
}

// TestLadderExportsAgain: the command export takes the grids of both steps from their results, and writes the bytes
// that the search has written: with ranges that were chosen, with a method chosen by hand, and from bf16. Where the
// first step's folder is gone, or is another ladder's, it calibrates, to the same bytes.
func TestLadderExportsAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for name, change := range map[string]func(*config.Config){
		"chosen ranges": func(c *config.Config) { c.RangeLow = "auto" },
		"mse":           func(c *config.Config) { c.RangeLow = "mse" },
		"bf16":          func(c *config.Config) { c.Ladder, c.Pins = "4,8,bf16", []string{"image=bf16"} },
	} {
		t.Run(name, func(t *testing.T) {
			c := searchOfLadder(t)
			c.Export = []string{"qdq", "qdq-ms", "promotion", "encodings"}
			if change(&c); name == "bf16" {
				c.Export = c.Export[:3]
			}
			mustSearch(t, c)
			exportsAlike(t, c.Out, c.Export, false)
			if name != "chosen ranges" {
				return
			}
			other := c
			other.Out, other.Target, other.GridHigh = filepath.Join(t.TempDir(), "other"), "16bit-0.3", "pow2"
			mustSearch(t, other)
			step := LadderFolder(c.Out)
			if err := os.RemoveAll(step); err != nil {
				t.Fatal(err)
			}
			exportsAlike(t, c.Out, c.Export[1:2], true)
			if err := os.CopyFS(step, os.DirFS(LadderFolder(other.Out))); err != nil {
				t.Fatal(err)
			}
			exportsAlike(t, c.Out, c.Export[1:2], true)
		})
	}
}

// TestExportOfWidenedWeights: the scales of weights that a large bias has widened follow the grids as they were before
// ranges were chosen. Beside bf16, which has no scale, they follow the low ones: verify and export find the same.
func TestExportOfWidenedWeights(t *testing.T) {
	c := deadChannels(1e-6)["Conv"].Config(t)
	c.RangeLow, c.Bits, c.Metric, c.Target, c.Strategy, c.Out = "auto", "8,bf16", "sqnr", "16bit-30", "gallop", filepath.Join(t.TempDir(), "run")
	c.Export = []string{"qdq-ms"}
	r := mustSearch(t, c)
	if !slices.ContainsFunc(r.Holders, func(h result.Holder) bool { return h.Range != "" && h.Range != "minmax" }) {
		t.Fatalf("no range was chosen: this tests nothing")
	}
	exportsAlike(t, c.Out, c.Export, false)
	if v, err := Verify(context.Background(), c.Out, config.Config{}); err != nil || !v.Identical {
		t.Errorf("verify: %+v, %v", v, err)
	}
}
