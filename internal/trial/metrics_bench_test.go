package trial_test

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/trialtest"
	"example.org/demote/search"
)

// looked notes every candidate that the scans of a search look at, with its base.
type looked struct {
	search.Evaluator
	bases, masks []search.Mask
}

func (l *looked) Scan(ctx context.Context, base search.Mask, candidates []search.Mask, b search.Bound) (search.Found, error) {
	f, err := l.Evaluator.Scan(ctx, base, candidates, b)
	for i, c := range candidates {
		l.bases, l.masks = append(l.bases, base.Clone()), append(l.masks, c.Clone())
		if f.Passed && i == f.Index {
			break
		}
	}
	return f, err
}

// BenchmarkMetrics asks of the masks that a search by the first of several metrics has looked at whether they hold the
// target, by each of them: how many samples are judged, a ratio to those of the first. The target is 0.003 below the
// score of all int16, in each metric's own unit. The network is that of examples/fashion, or BENCH_FOLDER has
// model.onnx, calib.npz and eval.npz, and BENCH_METRICS names the metrics; 255 is a label that is ignored.
func BenchmarkMetrics(b *testing.B) {
	const budget = 0.003
	folder, list := "../../examples/fashion", "top1,f1,weighted-f1,mcc"
	if own := os.Getenv("BENCH_FOLDER"); own != "" {
		folder, list = own, os.Getenv("BENCH_METRICS")
	}
	metrics := strings.Split(list, ",")
	cfg := config.Config{Model: filepath.Join(folder, "model.onnx"), Calib: filepath.Join(folder, "calib.npz"), Data: filepath.Join(folder, "eval.npz"),
		Cache: 1 << 30, GridLow: "pow2", GridHigh: "pow2", Metric: metrics[0]}
	if strings.Contains(list, "miou") {
		cfg.IgnoreLabel = new(int64)
		*cfg.IgnoreLabel = 255
	}
	s := trialtest.Compiled(b, cfg)
	l := &looked{Evaluator: s.Ev}
	if _, err := search.Run(b.Context(), "auto", l, search.NewOptions(len(s.Records), s.HighScore.Float()-budget)); err != nil {
		b.Fatal(err)
	}
	first := 0.0
	for b.Loop() {
		for _, by := range metrics {
			cfg.Metric = by
			s := trialtest.Compiled(b, cfg)
			above, before, held := s.HighScore.Float()-budget, s.Ev.Stats(), 0
			for i, m := range l.masks {
				f, err := s.Ev.Scan(b.Context(), l.bases[i], []search.Mask{m}, search.Bound{Above: above, Floor: math.Inf(1)})
				if err != nil {
					b.Fatal(err)
				}
				if f.Passed {
					held++
				}
			}
			samples := float64(s.Ev.Samples())
			judged, work := float64(s.Ev.Stats().Stats.Samples-before.Stats.Samples)/samples, (s.Ev.Stats().Samples-before.Samples)/samples
			if first == 0 {
				first = judged
			}
			b.Logf("%s: %d masks, of which %d hold: %.2f times all samples judged, %.2f times those of %s; the work of %.1f full passes", by, len(l.masks), held, judged, judged/first, metrics[0], work)
			b.ReportMetric(judged/first, by+"-per-"+metrics[0])
		}
	}
}
