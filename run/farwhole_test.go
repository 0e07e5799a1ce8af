package run

import (
	"path/filepath"
	"testing"

	"example.org/demote/backend/link"
	"example.org/demote/internal/tasktest"
	"example.org/demote/search"
)

// TestWhatOutputsCostElsewhere counts the bytes that a trial sends up where the coordinator judges: four for each value
// of an output, and for each block 17 of its piece and no more than 26 of the answer behind it. docs/cluster.md has
// these figures.
func TestWhatOutputsCostElsewhere(t *testing.T) {
	const samples, block, classes = 60, 8, 12
	for _, name := range []string{"auroc", "average-precision", "recall-at-5", "r2", "pearson", "spearman", "map"} {
		cfg, values, n := tasktest.TinyConfig(t, samples), classes, samples
		switch name {
		case "map":
			cfg, values, n = tasktest.Detector(t), 7*16, tasktest.DetectorSamples
			cfg.Target = "50%"
		case "r2", "pearson", "spearman":
			plain := cfg
			plain.Metric = "sqnr"
			cfg.Labels, cfg.Target = filepath.Join(t.TempDir(), "y.npy"), "16bit-0.0000001"
			tasktest.WriteFile(t, cfg.Labels, tasktest.FloatsNPY(outputsOf(t, plain, cfg.Model), samples, classes))
		default:
			cfg.Labels, cfg.Target = labelsFor(t, cfg), "16bit-0.05"
		}
		cfg.Metric, cfg.Block, cfg.Strategy = name, block, "demotion"
		cfg.Scan = "naive" // map may stop a trial
		links, pipes := elsewhereOf(t, 2, nil)
		cfg.Links = links
		trials, up, least := 0, 0, 0
		cfg.Progress = func(e search.Event) {
			now := 0
			for _, p := range pipes {
				for _, k := range []link.Kind{link.KindPiece, link.KindAnswer, link.KindSum, link.KindCounts, link.KindAnswers} {
					_, bytes := p.Sent(k)
					now += bytes
				}
			}
			if trials > 0 && e.Trials == trials+1 && (least == 0 || now-up < least) {
				least = now - up
			}
			trials, up = e.Trials, now
		}
		if _, err := Search(t.Context(), cfg); err != nil && ExitCode(err) != ExitUnreachable {
			t.Fatal(err)
		}
		blocks := (n + block - 1) / block
		rows := 4 * n * values
		t.Logf("%s: a trial of %d samples of %d values in %d blocks sends %d bytes up, of which %d are values", name, n, values, blocks, least, rows)
		if least < rows+blocks*(17+21) || least > rows+blocks*(17+26)+blocks {
			t.Errorf("%s: %d bytes of a trial, of which %d are values of %d samples in %d blocks", name, least, rows, n, blocks)
		}
	}
}
