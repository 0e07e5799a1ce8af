//go:build cuda

package run

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"example.org/demote/backend"
	"example.org/demote/backend/far"
	"example.org/demote/backend/link"
	"example.org/demote/backend/link/linktest"
	"example.org/demote/cuda/emutest"
	"example.org/demote/internal/tasktest"
)

// onDevicesElsewhere are links to workers with a device each.
func onDevicesElsewhere(t *testing.T, n int) (links []backend.Link) {
	t.Helper()
	for i := range n {
		p := linktest.New(fmt.Sprint("worker ", i), func(h link.Host) linktest.Worker {
			return far.NewServer(h, far.ServerOptions{Device: fmt.Sprint("cuda:", i), Beat: 20 * time.Millisecond})
		}, linktest.Faults{})
		t.Cleanup(p.Close)
		links = append(links, p)
	}
	return links
}

// TestEmulatedWorkersElsewhere deals the samples to two workers behind links, each of which has an emulated device: the
// run is that on one device of this machine.
func TestEmulatedWorkersElsewhere(t *testing.T) {
	for _, c := range []struct{ metric, target string }{{"agreement", "16bit-0.05"}, {"sqnr", "40%"}} {
		t.Run(c.metric, func(t *testing.T) {
			emulated(t, "devices=2")
			cfg := tasktest.TinyConfig(t, 90)
			cfg.Block, cfg.Metric, cfg.Target, cfg.Device = 8, c.metric, c.target, "cuda:0"
			one := mustSearch(t, cfg)
			cfg.Links = onDevicesElsewhere(t, 2)
			cfg.Out += "-elsewhere"
			two := mustSearch(t, cfg)
			two.Config.Device, two.Versions["device"] = one.Config.Device, one.Versions["device"]
			sameRun(t, "two workers", one, two)
		})
	}
}

// TestEmulatedMemoryElsewhereFull fails some allocations of one of two workers behind links: the blocks of all shrink,
// and the search comes to the result of one machine.
func TestEmulatedMemoryElsewhereFull(t *testing.T) {
	cfg := tasktest.TinyConfig(t, 40)
	cfg.Device, cfg.Block = "cpu", 20
	want := mustSearch(t, cfg)
	shrunk := 0
	for _, k := range []int{2, 9} {
		emulated(t, "devices=2", fmt.Sprintf("fail=cuMemAlloc_v2:%d:2", k))
		c := cfg
		c.Device, c.Out = "auto", fmt.Sprint(cfg.Out, k)
		c.Links = onDevicesElsewhere(t, 2)
		got := mustSearch(t, c)
		emutest.Reset()
		if decisions(t, got) != decisions(t, want) {
			t.Errorf("allocation %d: %s\nwant: %s", k, decisions(t, got), decisions(t, want))
		}
		if strings.Contains(strings.Join(texts(got.Warnings), "\n"), "the memory of the workers' cuda:0 is full: going on with blocks of 10 samples") {
			shrunk++
		}
	}
	if shrunk < 2 {
		t.Errorf("the blocks shrank in %d searches", shrunk)
	}
}
