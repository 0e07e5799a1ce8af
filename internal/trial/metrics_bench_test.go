package trial_test

import (
	"context"
	"math"
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

// BenchmarkMetrics asks of the masks that a search by top1 has looked at whether they hold the target, by each of
// several metrics: how many full passes that takes, a ratio to those of top1. The target is 0.003 below the score of
// all int16, in each metric's own unit.
func BenchmarkMetrics(b *testing.B) {
	const budget = 0.003
	for name, model := range map[string]string{
		"dscnn": "../../examples/fashion/model.onnx", "dscnn-uneven": "../../testdata/fashion-dscnn-uneven/model.onnx", "vit": "../../testdata/fashion-vit/model.onnx",
	} {
		b.Run(name, func(b *testing.B) {
			cfg := config.Config{Model: model, Calib: "../../examples/fashion/calib.npz", Data: "../../examples/fashion/eval.npz", Cache: 1 << 30, GridLow: "pow2", GridHigh: "pow2", Metric: "top1"}
			s := trialtest.Compiled(b, cfg)
			l := &looked{Evaluator: s.Ev}
			if _, err := search.Run(b.Context(), "auto", l, search.NewOptions(len(s.Records), s.HighScore.Float()-budget)); err != nil {
				b.Fatal(err)
			}
			top1 := 0.0
			for b.Loop() {
				for _, by := range []string{"top1", "f1", "weighted-f1", "mcc"} {
					cfg.Metric = by
					s := trialtest.Compiled(b, cfg)
					above, before, held := s.HighScore.Float()-budget, s.Ev.Stats().Samples, 0
					for i, m := range l.masks {
						f, err := s.Ev.Scan(b.Context(), l.bases[i], []search.Mask{m}, search.Bound{Above: above, Floor: math.Inf(1)})
						if err != nil {
							b.Fatal(err)
						}
						if f.Passed {
							held++
						}
					}
					passes := (s.Ev.Stats().Samples - before) / float64(s.Ev.Samples())
					if by == "top1" {
						top1 = passes
					}
					b.Logf("%s: %d masks, of which %d hold: %.1f full passes, %.2f times those of top1", by, len(l.masks), held, passes, passes/top1)
					b.ReportMetric(passes/top1, by+"-per-top1")
				}
			}
		})
	}
}
