package trial_test

import (
	"context"
	"syscall"
	"testing"
	"time"

	"example.org/demote/config"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trial"
	"example.org/demote/internal/trialtest"
	"example.org/demote/search"
)

// BenchmarkServedTrial takes turns with full evaluations of the example's network by top1 and by a Python server that
// counts the same hits, and tells how many times top1's time, and this process's processor time, the server's take.
func BenchmarkServedTrial(b *testing.B) {
	c := config.Config{Model: "../../examples/fashion/model.onnx", Calib: "../../examples/fashion/calib.npz", Data: "../../examples/fashion/eval.npz",
		RangeLow: "minmax", Cache: -1}
	alone := trialtest.Compiled(b, c)
	c.MetricServe = tasktest.PythonServer(b, "demote_metric.serve(hits=lambda outputs, labels, indices: outputs.argmax(1) == labels)")
	served := trialtest.Compiled(b, c)
	defer served.Close()
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	mask := search.NewMask(len(alone.Records))
	for h := 0; h < mask.Len(); h += 2 {
		mask.Demote(h)
	}
	var wall, cpu [2]time.Duration
	var score [2]search.Score
	for b.Loop() {
		for i, e := range []*trial.Runner{alone, served} {
			began, before := time.Now(), used()
			var err error
			if score[i], err = e.Ev.Again(context.Background(), mask); err != nil {
				b.Fatal(err)
			}
			wall[i], cpu[i] = wall[i]+time.Since(began), cpu[i]+used()-before
		}
	}
	if cost := served.Command.Cost(); cost.Starts != 1 || cost.Requests < b.N {
		b.Fatalf("the server was not asked: %+v", cost)
	}
	if score[0] != score[1] {
		b.Fatalf("the server counts %v, top1 %v", score[1], score[0])
	}
	b.ReportMetric(float64(wall[1])/float64(wall[0]), "times-the-time")
	b.ReportMetric(float64(cpu[1])/float64(cpu[0]), "times-the-processor-time")
}
