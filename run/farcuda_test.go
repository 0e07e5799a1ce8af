//go:build cuda

package run

import (
	"fmt"
	"testing"
	"time"

	"example.org/demote/backend"
	"example.org/demote/backend/far"
	"example.org/demote/backend/link"
	"example.org/demote/backend/link/linktest"
	"example.org/demote/internal/tasktest"
)

// TestEmulatedWorkersElsewhere deals the samples to two workers behind links, each of which has an emulated device: the
// run is that on one device of this machine.
func TestEmulatedWorkersElsewhere(t *testing.T) {
	for _, c := range []struct{ metric, target string }{{"agreement", "16bit-0.05"}, {"sqnr", "40%"}} {
		t.Run(c.metric, func(t *testing.T) {
			emulated(t, "devices=2")
			cfg := tasktest.TinyConfig(t, 90)
			cfg.Block, cfg.Metric, cfg.Target, cfg.Device = 8, c.metric, c.target, "cuda:0"
			one := mustSearch(t, cfg)
			for i := range 2 {
				p := linktest.New(fmt.Sprint("worker ", i), func(h link.Host) linktest.Worker {
					return far.NewServer(h, far.ServerOptions{Device: fmt.Sprint("cuda:", i), Beat: 20 * time.Millisecond})
				}, linktest.Faults{})
				t.Cleanup(p.Close)
				cfg.Links = append(cfg.Links, backend.Link(p))
			}
			cfg.Out += "-elsewhere"
			two := mustSearch(t, cfg)
			two.Config.Device, two.Versions["device"] = one.Config.Device, one.Versions["device"]
			sameRun(t, "two workers", one, two)
		})
	}
}
