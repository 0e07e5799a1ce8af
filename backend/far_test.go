package backend_test

import (
	"fmt"
	"testing"
	"time"

	"example.org/demote/backend"
	"example.org/demote/backend/device"
	"example.org/demote/backend/devicetest"
	"example.org/demote/backend/far"
	"example.org/demote/backend/link"
	"example.org/demote/backend/link/linktest"
)

// shipped is a toy whose workers have it already.
type shipped struct{ *devicetest.Toy }

// Ship is for workers that have the toy.
func (s shipped) Ship() (link.Network, error) {
	return link.Network{Model: []byte("toy"), Holders: s.Holders(), Outputs: []string{"y"}}, nil
}

// workersOf are so many workers in this process that have a toy, and the links to them.
func workersOf(t *testing.T, n int, toy *devicetest.Toy, kind *device.Kind, faults func(i int) linktest.Faults) (links []link.Link, pipes []*linktest.Pipe) {
	t.Helper()
	for i := range n {
		f := linktest.Faults{}
		if faults != nil {
			f = faults(i)
		}
		start := func(h link.Host) linktest.Worker {
			return far.NewServer(h, far.ServerOptions{Device: fmt.Sprint("device ", i), Kind: kind, Memory: 1 << 32, Beat: 5 * time.Millisecond,
				Source: func(link.Network) (device.Source, error) { return toy, nil }})
		}
		p := linktest.New(fmt.Sprint("worker ", i), start, f)
		t.Cleanup(p.Close)
		links, pipes = append(links, p), append(pipes, p)
	}
	return links, pipes
}

// openedFar is opened on workers elsewhere.
func openedFar(t *testing.T, toy *devicetest.Toy, o backend.Options) *backend.Evaluator {
	t.Helper()
	o.Truth = truthOf(toy)
	if o.Block == 0 {
		o.Block = toyBlock
	}
	e, err := backend.New(t.Context(), shipped{toy}, toy, devicetest.ToyRecords(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

// TestWorkersElsewhereAnswerAlike asks evaluators whose samples are dealt to one to four workers elsewhere, on every
// kind of device, by metrics of every kind, all that one machine is asked.
func TestWorkersElsewhereAnswerAlike(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, 410, 21, devicetest.Coarse())
	for name, kind := range kinds() {
		metrics := []string{"top1", "mse"}
		if name == "the reference" {
			metrics = []string{"top1", "agreement", "mse", "sqnr", "f1", "mcc", "auroc", "recall-at-5"}
		}
		for _, by := range metrics {
			t.Run(name+" "+by, func(t *testing.T) {
				want := asked(t, opened(t, toy, backend.Options{Metric: named(t, by), Kind: kind, Workers: 2, Cache: 1 << 30, Cuts: []int{0, 2, 4}}))
				for _, n := range []int{1, 2, 4} {
					links, _ := workersOf(t, n, toy, kind, nil)
					got := asked(t, openedFar(t, toy, backend.Options{Metric: named(t, by), Cuts: []int{0, 2, 4}, Links: links}))
					for i := range want {
						if i >= len(got) || got[i] != want[i] {
							t.Fatalf("%d workers, answer %d: %s, of one machine %s", n, i, got[min(i, len(got)-1)], want[i])
						}
					}
				}
			})
		}
	}
}
