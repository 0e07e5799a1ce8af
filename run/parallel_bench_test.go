package run

import (
	"context"
	"fmt"
	"testing"

	"demote/search"
)

// BenchmarkWorkers times a full trial of the example network by one worker and by two, in turn in one
// process; the ratio is what the second is worth.
func BenchmarkWorkers(b *testing.B) {
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprint(workers), func(b *testing.B) {
			s := compiled(b, Config{Model: "../examples/fashion/model.onnx", Calib: "../examples/fashion/calib.npz", Data: "../examples/fashion/eval.npz",
				Strategy: "demotion", Target: "16bit-0.01", Multiplier: 0.5, Seed: 1, Scan: "naive", Workers: workers, Version: "test"})
			masks := []search.Mask{lowMask(s.network.Holders), search.NewMask(len(s.records))}
			for i := 0; b.Loop(); i++ {
				if _, err := s.ev.Again(context.Background(), masks[i%2]); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/trial")
		})
	}
}
