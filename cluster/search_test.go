package cluster_test

import (
	"flag"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"example.org/demote/backend"
	"example.org/demote/backend/device"
	"example.org/demote/backend/devicetest"
	"example.org/demote/backend/far"
	"example.org/demote/backend/link"
	"example.org/demote/backend/metric"
	"example.org/demote/cluster"
	"example.org/demote/search"
)

var rounds = flag.Int("rounds", 1, "how often TestDisturbedSearches goes over the strategies")

// shipped is a toy whose workers have it already.
type shipped struct{ *devicetest.Toy }

// Ship is for workers that have the toy.
func (s shipped) Ship() (link.Network, error) {
	return link.Network{Model: []byte("toy"), Holders: s.Holders(), Outputs: []string{"y"}}, nil
}

const toyBlock, toySamples = 4, 120

// toyOptions are those of an evaluator of a toy.
func toyOptions(t *testing.T, toy *devicetest.Toy, by string) backend.Options {
	t.Helper()
	m, err := metric.ByName(by)
	if err != nil {
		t.Fatal(err)
	}
	kind := devicetest.Reference
	return backend.Options{Metric: m, Kind: &kind, Block: toyBlock, Workers: 2, Patient: true, Truth: metric.Truth{Labels: toy.Labels()}}
}

// searched is what a search by a strategy finds on an evaluator.
func searched(t *testing.T, toy *devicetest.Toy, o backend.Options, strategy string) search.Result {
	t.Helper()
	return searchedWith(t, toy, o, search.Options{Target: 0.05}, strategy)
}

// searchedWith is searched with some options of the search. Its target is how far below the score without demotions.
func searchedWith(t *testing.T, toy *devicetest.Toy, o backend.Options, so search.Options, strategy string) search.Result {
	t.Helper()
	e, err := backend.New(t.Context(), shipped{toy}, toy, devicetest.ToyRecords(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if _, err := e.Plan(); err != nil {
		t.Fatal(err)
	}
	if dep, err := e.SelfTest(); dep != nil || err != nil {
		t.Fatal(dep, err)
	}
	high, _, err := e.Arrange(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	so.Holders, so.Target, so.Multiplier, so.Seed = e.Holders(), high.Float()-so.Target, 0.5, 1
	r, err := search.Run(t.Context(), strategy, e, so)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestDisturbedSearches compares searches by every strategy on three workers over TLS, with messages on both ways lost,
// doubled, late and out of order, and one worker cut off in the middle, with the same on one machine. With -rounds it
// does so over and over, and nothing is left behind.
func TestDisturbedSearches(t *testing.T) {
	after := 0
	for round := range *rounds {
		t.Run(fmt.Sprint(round), func(t *testing.T) { disturbedSearches(t, uint64(round)) })
		runtime.GC()
		now := runtime.NumGoroutine()
		for begun := time.Now(); round > 0 && now > after && time.Since(begun) < 10*time.Second; now = runtime.NumGoroutine() {
			time.Sleep(50 * time.Millisecond)
		}
		if round == 0 {
			time.Sleep(time.Second)
			after = runtime.NumGoroutine()
		} else if now > after {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines are left after round %d, %d after the first:\n%s", now, round, after, stacks[:runtime.Stack(stacks, true)])
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	t.Logf("%d rounds, %d goroutines, a heap of %d kB at the end", *rounds, runtime.NumGoroutine(), m.HeapAlloc>>10)
}

func disturbedSearches(t *testing.T, round uint64) {
	toy := devicetest.NewToy(toyBlock, toySamples, 20+round)
	b := newBench(t)
	h, said := b.beginDisturbed(t, disturbed(round, 100))
	kind := devicetest.Reference
	var hands []*hand
	for i, join := range []string{b.join, b.joined(t, "w2"), b.joined(t, "w3")} {
		hands = append(hands, b.worker(t, join, func(o *cluster.WorkerOptions) {
			*o = o.Disturbed(disturbed(round*10+uint64(i), 100))
			o.Begin = func(host link.Host) cluster.Server {
				return far.NewServer(host, far.ServerOptions{Device: "toy", Kind: &kind, Memory: 1 << 32, Beat: 50 * time.Millisecond,
					Source: func(link.Network) (device.Source, error) { return toy, nil }})
			}
		}))
	}
	for i, s := range search.Strategies() {
		want := searched(t, toy, toyOptions(t, toy, "top1"), s.Name)
		o := toyOptions(t, toy, "top1")
		list, err := h.Links(t.Context(), 2, 20*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range list {
			o.Links = append(o.Links, l)
		}
		if i == 1 {
			time.AfterFunc(50*time.Millisecond, hands[2].kill) // it comes again, by another connection
		}
		got := searched(t, toy, o, s.Name)
		for _, l := range list {
			l.Close()
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%s on %d workers: %+v, want %+v\n%s", s.Name, len(list), got, want, said())
		}
	}
	for _, w := range hands {
		w.stop()
		if err := <-w.ended; err != nil {
			t.Error(err)
		}
	}
	if !strings.Contains(said(), "is lost") {
		t.Errorf("nobody was lost: %s", said())
	}
}
