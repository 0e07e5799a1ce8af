package bench

import (
	"context"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/task"
	"example.org/demote/internal/trial"
	"example.org/demote/internal/trialtest"
	"example.org/demote/search"
)

// BenchmarkWorkers times a full trial of the example network by one worker and by two, in turn; the median of the
// ratios is what the second is worth.
func BenchmarkWorkers(b *testing.B) {
	of := func(workers int) *trial.Runner {
		return trialtest.Compiled(b, config.Config{Model: "../../examples/fashion/model.onnx", Calib: "../../examples/fashion/calib.npz", Data: "../../examples/fashion/eval.npz",
			Strategy: "demotion", Target: "16bit-0.01", Scan: "naive", Workers: workers, Version: "test"})
	}
	one, two := of(1), of(2)
	masks := []search.Mask{task.LowMask(one.Network.Holders), search.NewMask(len(one.Records))}
	var took [2][]float64
	for i := 0; b.Loop(); i++ {
		for k, s := range []*trial.Runner{one, two} {
			wall, _, err := clocked(func() error { _, err := s.Ev.Again(context.Background(), masks[i%2]); return err })
			if err != nil {
				b.Fatal(err)
			}
			took[k] = append(took[k], wall)
		}
	}
	b.ReportMetric(ratiosOf(took[0], took[1]).Median, "times-one")
}
