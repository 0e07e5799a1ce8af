package run

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"example.org/demote/backend"
	"example.org/demote/backend/far"
	"example.org/demote/backend/link"
	"example.org/demote/backend/link/linktest"
	"example.org/demote/internal/tasktest"
)

// elsewhereOf are so many workers in this process behind links.
func elsewhereOf(t *testing.T, n int, faults func(i int) linktest.Faults) (links []backend.Link, pipes []*linktest.Pipe) {
	t.Helper()
	for i := range n {
		f := linktest.Faults{}
		if faults != nil {
			f = faults(i)
		}
		p := linktest.New(fmt.Sprint("worker ", i), func(h link.Host) linktest.Worker {
			return far.NewServer(h, far.ServerOptions{Memory: 1 << 30, Beat: 20 * time.Millisecond})
		}, f)
		t.Cleanup(p.Close)
		links, pipes = append(links, p), append(pipes, p)
	}
	return links, pipes
}

// TestWorkersElsewhereRunAlike searches with the samples in one place and dealt to workers behind links: result.json but
// for times, promotion.txt, mixed.onnx, curve.csv and the journal, row by row.
func TestWorkersElsewhereRunAlike(t *testing.T) {
	for i, c := range []struct{ strategy, metric, target string }{{"auto", "agreement", "16bit-0.05"}, {"demotion", "mse", "16bit+0.05"}, {"demotion", "auroc", "16bit-0.05"}} {
		t.Run(c.strategy+" "+c.metric, func(t *testing.T) {
			cfg := tasktest.TinyConfig(t, 90)
			if slices.Contains([]string{"f1", "mcc", "auroc"}, c.metric) {
				cfg.Labels = labelsFor(t, cfg)
			}
			cfg.Strategy, cfg.Metric, cfg.Target, cfg.Block = c.strategy, c.metric, c.target, 8
			one := mustSearch(t, cfg)
			links, pipes := elsewhereOf(t, 1+i, nil)
			cfg.Links, cfg.Out = links, cfg.Out+"-elsewhere"
			sameRun(t, fmt.Sprintf("%d workers", len(links)), one, mustSearch(t, cfg))
			for _, p := range pipes {
				leases, _ := p.Sent(link.KindLease)
				outputs, _ := p.Sent(link.KindOutputs)
				if leases+outputs == 0 {
					t.Errorf("%s was handed no lease", p.Name())
				}
			}
		})
	}
}
