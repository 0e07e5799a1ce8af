package backend_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/demote/backend"
	"example.org/demote/backend/device"
	"example.org/demote/backend/devicetest"
	"example.org/demote/backend/far"
	"example.org/demote/backend/link"
	"example.org/demote/backend/link/linktest"
	"example.org/demote/backend/metric"
	"example.org/demote/search"
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
	return workersFrom(t, 0, n, toy, kind, faults)
}

// workersFrom are workersOf with numbers from one on.
func workersFrom(t *testing.T, from, n int, toy *devicetest.Toy, kind *device.Kind, faults func(i int) linktest.Faults) (links []link.Link, pipes []*linktest.Pipe) {
	t.Helper()
	for i := from; i < from+n; i++ {
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

// TestWorkersElsewhereByAServer has a metric server on this side judge what workers elsewhere run.
func TestWorkersElsewhereByAServer(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, toySamples, 20)
	for _, how := range []string{"hits", "values", "whole"} {
		var want []string
		for _, n := range []int{0, 3} {
			m, _ := served(t, how)
			o := backend.Options{Metric: m, Patient: true, Truth: metric.Truth{Own: []metric.LabelArray{ownLabels(toy.Labels())}}}
			var e *backend.Evaluator
			if n == 0 {
				o.Cache = 1 << 20
				e = opened(t, toy, o)
			} else {
				own := o.Own
				o.Links, _ = workersOf(t, n, toy, kinds()["the reference"], nil)
				o.Truth = truthOf(toy)
				o.Own, o.Block = own, toyBlock
				var err error
				if e, err = backend.New(t.Context(), shipped{toy}, toy, devicetest.ToyRecords(), o); err != nil {
					t.Fatal(err)
				}
			}
			got := asked(t, e)
			if e.Close(); n == 0 {
				want = got
			} else if !slices.Equal(got, want) {
				t.Errorf("%s:\n%q, of one machine\n%q", how, got, want)
			}
		}
	}
}

// TestWorkersElsewhereFindNaN names the sample and the tensor, whoever has it.
func TestWorkersElsewhereFindNaN(t *testing.T) {
	for _, bad := range []int{3, 7, 29} {
		toy := devicetest.NewToy(toyBlock, toySamples, 24)
		toy.Set(bad, 1, float32(math.NaN()))
		for dies := range 3 { // before it says what it has seen
			links, _ := workersOf(t, 3, toy, kinds()["the reference"], func(i int) linktest.Faults {
				if i == dies {
					return linktest.Faults{DiesAtCall: `"watch-nan","Args":{"On":false`}
				}
				return linktest.Faults{}
			})
			e := openedFar(t, toy, backend.Options{Metric: named(t, "mse"), Links: links})
			if _, nan, err := e.Arrange(t.Context()); err != nil || nan != bad {
				t.Errorf("worker %d dies: NaN in %d, want %d: %v", dies, nan, bad, err)
			}
		}
		links, _ := workersOf(t, 3, toy, kinds()["the reference"], nil)
		e := openedFar(t, toy, backend.Options{Metric: named(t, "mse"), Links: links})
		if _, nan, err := e.Arrange(t.Context()); err != nil || nan != bad {
			t.Errorf("NaN in %d, want %d: %v", nan, bad, err)
		}
		for sample, want := range map[int]string{bad: "x0", bad - 1: ""} {
			if name, err := e.FirstNaN(sample); name != want || err != nil {
				t.Errorf("sample %d: NaN in %q, %v", sample, name, err)
			}
		}
	}
}

// TestWorkersElsewhereCancelled ends a trial by its context, and goes on; and an evaluator is closed and another one
// opened on the same links.
func TestWorkersElsewhereCancelled(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, toySamples, 26)
	links, _ := workersOf(t, 2, toy, kinds()["the reference"], nil)
	for range 2 {
		e := openedFar(t, toy, backend.Options{Metric: named(t, "mse"), Patient: true, Links: links})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		m := search.NewMask(4)
		m.Demote(2)
		if _, err := e.Score(ctx, m); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		sameOutputs(t, e, m, toy.Want)
		before := e.Stats()
		e.Close()
		if after := e.Stats(); !reflect.DeepEqual(after.Stats, before.Stats) || after.Blocks < before.Blocks {
			t.Errorf("closed, %+v, before %+v", after, before)
		}
		if _, err := e.Score(t.Context(), m); err == nil {
			t.Error("a closed evaluator scores")
		}
	}
}

// TestWhatLeasesCostElsewhere counts the messages and bytes of one trial of all samples: a lease and a drop for each
// worker that has a block, and an answer for each block.
func TestWhatLeasesCostElsewhere(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, toySamples, 26)
	const n, blocks = 3, (toySamples + toyBlock - 1) / toyBlock
	links, pipes := workersOf(t, n, toy, kinds()["the reference"], nil)
	e := openedFar(t, toy, backend.Options{Metric: named(t, "top1"), Patient: true, Links: links})
	if _, err := e.Score(t.Context(), search.NewMask(4)); err != nil {
		t.Fatal(err)
	}
	var messages, bytes [16]int
	for _, p := range pipes {
		for k := range messages {
			m, b := p.Sent(link.Kind(k))
			messages[k], bytes[k] = messages[k]+m, bytes[k]+b
		}
	}
	for kind, want := range map[link.Kind][2]int{link.KindLease: {n, n * (17 + 2)}, link.KindDrop: {n, n * 9}} {
		if got := [2]int{messages[kind], bytes[kind]}; got != want {
			t.Errorf("kind %d: %v messages and bytes, want %v", kind, got, want)
		}
	}
	// Those of an answer alone, and those of several, each of which has a byte more, and the message one.
	alone, several := messages[link.KindAnswer]+messages[link.KindSum], messages[link.KindAnswers]
	if bytes[link.KindAnswer] != 21*messages[link.KindAnswer] || bytes[link.KindSum] != 25*messages[link.KindSum] {
		t.Errorf("%d answers of %d and %d bytes", alone, bytes[link.KindAnswer], bytes[link.KindSum])
	}
	if got := bytes[link.KindAnswers]; got < several+22*(blocks-alone) || got > several+26*(blocks-alone) || alone > blocks || alone+2*several > blocks {
		t.Errorf("%d messages of several answers with %d bytes, and %d of one, for %d blocks", several, got, alone, blocks)
	}
	if messages[link.KindPiece] != 0 {
		t.Errorf("%d pieces of rows", messages[link.KindPiece])
	}
}

// TestWhatCannotBeShipped is refused by name before anything is sent.
func TestWhatCannotBeShipped(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, 9, 22)
	links, pipes := workersOf(t, 1, toy, kinds()["the reference"], nil)
	o := backend.Options{Metric: named(t, "top1"), Block: toyBlock, Truth: truthOf(toy), Links: links}
	if _, err := backend.New(t.Context(), toy, toy, devicetest.ToyRecords(), o); err == nil || !strings.Contains(err.Error(), "this network cannot be handed") {
		t.Error(err)
	}
	if n, _ := pipes[0].Sent(link.KindLease); n != 0 {
		t.Errorf("%d leases", n)
	}
}
