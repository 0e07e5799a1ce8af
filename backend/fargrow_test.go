package backend_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"example.org/demote/backend"
	"example.org/demote/backend/device"
	"example.org/demote/backend/devicetest"
	"example.org/demote/backend/far"
	"example.org/demote/backend/link"
	"example.org/demote/backend/link/linktest"
	"example.org/demote/quant"
)

// latecomers are workers that come, and members that die, when a search asks who has come: at random moments between
// two leases. A tenth of those that come die while they are made ready.
type latecomers struct {
	t        *testing.T
	toy      *devicetest.Toy
	kind     *device.Kind
	rng      *rand.Rand
	often    int // one comes each so many times
	pipes    []*linktest.Pipe
	killed   map[int]bool
	patience time.Duration
	came     chan struct{}
}

func newLatecomers(t *testing.T, toy *devicetest.Toy, seed uint64, often int, pipes []*linktest.Pipe) *latecomers {
	return &latecomers{t: t, toy: toy, kind: kinds()["the reference"], rng: rand.New(rand.NewPCG(seed, 3)), often: often, pipes: pipes, killed: map[int]bool{}, patience: time.Minute, came: make(chan struct{}, 1)}
}

func (l *latecomers) Came() <-chan struct{}   { return l.came }
func (l *latecomers) Patience() time.Duration { return l.patience }

func (l *latecomers) Come(most int) (links []link.Link) {
	if l.rng.IntN(l.often) == 0 { // all of them, once in a while
		if i := l.rng.IntN(len(l.pipes)); !l.killed[i] {
			l.killed[i] = true
			l.pipes[i].Kill(errors.New("it was killed"))
		}
	}
	alive := len(l.pipes) - len(l.killed)
	if alive > 0 && l.rng.IntN(l.often) > 0 {
		return nil
	}
	f := linktest.Faults{Seed: l.rng.Uint64(), Lost: 0.005, Twice: 0.02, Late: 0.02, Delay: time.Millisecond}
	if l.rng.IntN(10) == 0 {
		f.DiesAtCall = []string{`"hello"`, `"plan"`, `"hold"`, `"cuts"`, `"self-test"`, `"digest"`}[l.rng.IntN(6)]
	}
	one, pipes := workersFrom(l.t, len(l.pipes), 1, l.toy, l.kind, func(int) linktest.Faults { return f })
	l.pipes = append(l.pipes, pipes...)
	if f.DiesAtCall != "" {
		l.killed[len(l.pipes)-1] = true
	}
	return one
}

// TestWorkersElsewhereComeAndGo asks evaluators to which workers come and from which they go at random moments, all of
// them too, all that one machine is asked.
func TestWorkersElsewhereComeAndGo(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, 410, 21, devicetest.Coarse())
	came, went := 0, 0
	for _, by := range []string{"top1", "mse", "f1"} {
		want := asked(t, opened(t, toy, backend.Options{Metric: named(t, by), Cache: 1 << 30, Cuts: []int{0, 2, 4}}))
		for seed := range uint64(2) {
			links, pipes := workersOf(t, 1+int(seed), toy, kinds()["the reference"], nil)
			late := newLatecomers(t, toy, seed, 4, pipes)
			var said atomic.Int32
			got := asked(t, openedFar(t, toy, backend.Options{Metric: named(t, by), Cuts: []int{0, 2, 4}, Links: links, Late: late, Tell: func(text string) {
				if strings.Contains(text, "takes part from now on, with ") {
					said.Add(1)
				}
			}}))
			for i := range want {
				if i >= len(got) || got[i] != want[i] {
					t.Fatalf("%s, seed %d, answer %d: %s, of one machine %s", by, seed, i, got[min(i, len(got)-1)], want[i])
				}
			}
			t.Log(by, seed, len(late.pipes), len(late.killed), said.Load())
			came, went = came+int(said.Load()), went+len(late.killed)
		}
	}
	if came < 12 || went < 12 {
		t.Errorf("%d workers came, %d went", came, went)
	}
}

// one is a worker that comes when the search asks for the first time.
type one struct {
	link link.Link
	came chan struct{}
}

func (o *one) Came() <-chan struct{}   { return o.came }
func (o *one) Patience() time.Duration { return 50 * time.Millisecond }
func (o *one) Come(int) (links []link.Link) {
	if o.link != nil {
		links = append(links, o.link)
	}
	o.link = nil
	return links
}

// TestUnequalLatecomersAreLeftOut has a worker come whose bits differ, and one of another kind: they are left out by
// name, and the search goes on.
func TestUnequalLatecomersAreLeftOut(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, 100, 21)
	kind := devicetest.Reference
	right := kind.Open
	kind.Open = func(ctx context.Context, o device.Options) (device.Device, error) {
		if o.Name == "device 7" { // its grids are the other way round
			o.Records = append([]quant.Record(nil), o.Records...)
			o.Records[2].Low, o.Records[2].High = o.Records[2].High, o.Records[2].Low
		}
		return right(ctx, o)
	}
	want := asked(t, opened(t, toy, backend.Options{Metric: named(t, "mse"), Cache: 1 << 20, Patient: true}))
	for name, c := range map[string]struct {
		kind *device.Kind
		why  string
	}{
		"other bits": {&kind, "worker 7 is left out: its bits are not those of worker 0: "},
		"other kind": {kinds()["a queue"], "worker 7 is left out: its device, device 7, is of another kind than device 0 of worker 0"},
	} {
		links, _ := workersOf(t, 2, toy, &kind, nil)
		late, _ := workersFrom(t, 7, 1, toy, c.kind, nil)
		var told []string
		got := asked(t, openedFar(t, toy, backend.Options{Metric: named(t, "mse"), Patient: true, Links: links, Late: &one{link: late[0]}, Told: func(text string) { told = append(told, text) }}))
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("%s, answer %d: %s, of one machine %s", name, i, got[i], want[i])
			}
		}
		if len(told) != 1 || !strings.HasPrefix(told[0], c.why) {
			t.Errorf("%s: told %q", name, told)
		}
	}
}

// TestNobodyComes has all workers be gone and no other one come: the search ends, and says how long it has waited.
func TestNobodyComes(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, 200, 21, devicetest.Coarse())
	links, _ := workersOf(t, 2, toy, kinds()["the reference"], func(int) linktest.Faults { return linktest.Faults{DiesAfter: 60} })
	var said []string
	e := openedFar(t, toy, backend.Options{Metric: named(t, "mse"), Patient: true, Links: links, Late: &one{}, Tell: func(text string) { said = append(said, text) }})
	_, err := searched(t, e)
	if err == nil || !strings.Contains(err.Error(), "it died, and no other one came within 50ms") || !backend.WorkerLost(err) {
		t.Errorf("all are gone: %v", err)
	}
	if !strings.Contains(fmt.Sprint(said), "no worker is left: waiting 50ms for another one") {
		t.Errorf("it says %q", said)
	}
}

// hangs is a worker that hears no lease from some number on, and beats.
type hangs struct {
	*far.Server
	from, heard int
}

func (h *hangs) Message(m []byte) {
	if kind, _ := link.KindOf(m); kind == link.KindLease {
		if h.heard++; h.heard >= h.from {
			return
		}
	}
	h.Server.Message(m)
}

// TestStuckWorkerIsLeftOut has a worker beat and answer no lease from some moment on: it is left out and the others
// have its blocks, also where the only other one has come since; and a lone one is waited for, with a line.
func TestStuckWorkerIsLeftOut(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, 200, 21, devicetest.Coarse())
	want, err := searched(t, opened(t, toy, backend.Options{Metric: named(t, "mse"), Cache: 1 << 20, Patient: true}))
	if err != nil {
		t.Fatal(err)
	}
	for name, workers := range map[string]int{"two": 2, "one and a newcomer": 1, "alone": 1} {
		links, _ := workersOf(t, workers-1, toy, kinds()["the reference"], nil)
		bad := linktest.New("worker 7", func(h link.Host) linktest.Worker {
			return &hangs{Server: far.NewServer(h, far.ServerOptions{Device: "device 7", Kind: kinds()["the reference"], Memory: 1 << 32, Beat: 5 * time.Millisecond,
				Source: func(link.Network) (device.Source, error) { return toy, nil }}), from: 3}
		}, linktest.Faults{})
		t.Cleanup(bad.Close)
		var told, said atomic.Value
		told.Store("")
		said.Store("")
		ctx, cancel := context.WithCancel(t.Context())
		o := backend.Options{Metric: named(t, "mse"), Patient: true, Links: append(links, bad), Stuck: 300 * time.Millisecond, Block: toyBlock, Truth: truthOf(toy),
			Told: func(text string) { told.Store(told.Load().(string) + text) }, Tell: func(text string) {
				if strings.Contains(text, "the search waits for it") {
					said.Store(text)
					if name == "alone" {
						cancel()
					}
				}
			}}
		if name == "one and a newcomer" {
			late, _ := workersOf(t, 1, toy, kinds()["the reference"], nil)
			o.Late = &one{link: late[0]}
		}
		e := openedFar(t, toy, o)
		got, err := searchedUnder(t, ctx, e)
		cancel()
		if name == "alone" {
			if !errors.Is(err, context.Canceled) || !strings.Contains(said.Load().(string), "worker 7: it is there, and has answered no block for ") {
				t.Errorf("%s: %v, %q", name, err, said.Load())
			}
			continue
		}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v, of one machine %+v", name, got, err, want)
		}
		if text := told.Load().(string); !strings.Contains(text, "worker 7 is left out, and the others have its blocks: it is there, and has answered no block for ") {
			t.Errorf("%s: told %q", name, text)
		}
	}
}
