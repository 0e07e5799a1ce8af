//go:build toolkits

package run

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"os/exec"
	"path/filepath"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/tasktest"
)

// TestAsWrittenToolkits runs written files in Python's ONNX Runtime, their axes free and in batches of 1, 7 and the
// block: it finds the search's own bits where the search has said that a user will.
func TestAsWrittenToolkits(t *testing.T) {
	for _, kind := range []string{"float", "pair"} {
		cfg := wide().Config(t)
		if kind == "pair" {
			cfg = writtenPair(t, cfg)
			cfg.Metric = "cosine"
		}
		r := mustSearch(t, cfg)
		s, mask, err := reopen(context.Background(), cfg.Out, config.Config{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if err := s.Compile(context.Background()); err != nil {
			t.Fatal(err)
		}
		all, err := s.Ev.AllOutputs(context.Background(), mask)
		if err != nil {
			t.Fatal(err)
		}
		data := tasktest.NPYHeader("<f4", r.Samples, s.Ev.Row())
		for _, v := range all {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
		}
		rows := filepath.Join(t.TempDir(), "rows.npy")
		tasktest.WriteFile(t, rows, data)
		want := ""
		args := []string{"-W", "ignore", "../scripts/fixtures_check.py", "written", filepath.Join(cfg.Out, journal.MixedFile), cfg.Data, rows}
		for _, a := range r.Verified.AsWritten {
			want += fmt.Sprintln(a.Batch, a.Differ)
			args = append(args, fmt.Sprint(a.Batch))
		}
		out, err := exec.Command("../.venv-toolkits/bin/python", args...).CombinedOutput()
		if err != nil || string(out) != want || want == "" {
			t.Errorf("%s: python says %s, %v; the search %s", kind, out, err, want)
		}
	}
}
