package backend_test

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"testing"

	"example.org/demote/backend"
	"example.org/demote/backend/device"
	"example.org/demote/backend/devicetest"
	"example.org/demote/backend/far"
	"example.org/demote/backend/link"
	"example.org/demote/backend/link/linktest"
)

// planned is a worker that takes note of how many blocks its plans have it run at once.
type planned struct {
	linktest.Worker
	asked func(workers int)
}

// Call implements linktest.Worker.
func (p planned) Call(ctx context.Context, request []byte) ([]byte, error) {
	var r link.Request
	var plan link.Plan
	if json.Unmarshal(request, &r) == nil && r.Call == "plan" && json.Unmarshal(r.Args, &plan) == nil {
		p.asked(plan.Workers)
	}
	return p.Worker.Call(ctx, request)
}

// TestBlocksAtOnceElsewhere holds that --workers goes to each worker, for trials and for passes of its CPU.
func TestBlocksAtOnceElsewhere(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, 100, 21)
	kind := devicetest.Reference
	for _, onCPU := range []bool{false, true} {
		for _, want := range []int{0, 1, 2} {
			var mu sync.Mutex
			var got []int
			p := linktest.New("worker", func(h link.Host) linktest.Worker {
				s := far.NewServer(h, far.ServerOptions{Kind: &kind, CPU: &kind, Memory: 1 << 32, Source: func(link.Network) (device.Source, error) { return toy, nil }})
				return planned{s, func(workers int) {
					mu.Lock()
					defer mu.Unlock()
					got = append(got, workers)
				}}
			}, linktest.Faults{})
			t.Cleanup(p.Close)
			openedFar(t, toy, backend.Options{Metric: named(t, "top1"), Kind: &kind, Naive: true, Stream: true, Workers: want, Links: []link.Link{p}, OnCPU: onCPU}).Close()
			if mu.Lock(); !slices.Equal(got, []int{want}) {
				t.Errorf("passes of the CPU %v: plans ask for %v blocks at once, want %d", onCPU, got, want)
			}
			mu.Unlock()
		}
	}
}
