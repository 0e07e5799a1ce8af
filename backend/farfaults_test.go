package backend_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"example.org/demote/backend"
	"example.org/demote/backend/device"
	"example.org/demote/backend/devicetest"
	"example.org/demote/backend/far"
	"example.org/demote/backend/link"
	"example.org/demote/backend/link/linktest"
	"example.org/demote/quant"
	"example.org/demote/search"
)

// TestMessagesElsewhereMayGoWrong has messages of either direction come twice, late, out of order or not at all: the
// answers are those of one machine.
func TestMessagesElsewhereMayGoWrong(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, 200, 21, devicetest.Coarse())
	for _, by := range []string{"top1", "mse", "f1"} {
		want := asked(t, opened(t, toy, backend.Options{Metric: named(t, by), Cache: 1 << 30, Cuts: []int{0, 2, 4}}))
		for seed := range uint64(2) {
			links, pipes := workersOf(t, 3, toy, kinds()["the reference"], func(i int) linktest.Faults {
				return linktest.Faults{Seed: seed*10 + uint64(i), Lost: 0.01, Twice: 0.05, Late: 0.05, Delay: 3 * time.Millisecond}
			})
			got := asked(t, openedFar(t, toy, backend.Options{Metric: named(t, by), Cuts: []int{0, 2, 4}, Links: links}))
			for i := range want {
				if i >= len(got) || got[i] != want[i] {
					t.Fatalf("%s, seed %d, answer %d: %s, of one machine %s", by, seed, i, got[min(i, len(got)-1)], want[i])
				}
			}
			for _, p := range pipes {
				p.Close()
			}
		}
	}
}

// searched is a demotion search on an evaluator, from its plan on.
func searched(t *testing.T, e *backend.Evaluator) (search.Result, error) {
	t.Helper()
	return searchedUnder(t, t.Context(), e)
}

// searchedUnder is searched under a context.
func searchedUnder(t *testing.T, ctx context.Context, e *backend.Evaluator) (search.Result, error) {
	t.Helper()
	if _, err := e.Plan(); err != nil {
		return search.Result{}, err
	}
	if dep, err := e.SelfTest(); dep != nil || err != nil {
		return search.Result{}, errors.Join(err, fmt.Errorf("%w", dep))
	}
	high, _, err := e.Arrange(ctx)
	if err != nil {
		return search.Result{}, err
	}
	return search.Demotion(ctx, e, search.NewOptions(e.Holders(), high.Float()-0.5))
}

// TestWorkersElsewhereDie has workers be gone at calls and after messages: at a call, in a lease, all but one, and all.
func TestWorkersElsewhereDie(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, 200, 21, devicetest.Coarse())
	want, err := searched(t, opened(t, toy, backend.Options{Metric: named(t, "mse"), Cache: 1 << 20, Patient: true}))
	if err != nil {
		t.Fatal(err)
	}
	dies := map[string][]linktest.Faults{
		"at hello":               {{}, {DiesAtCall: `"hello"`}, {}},
		"at its plan":            {{DiesAtCall: `"plan"`}, {}, {}},
		"at its blocks":          {{}, {DiesAtCall: `"hold"`}, {}},
		"at its blocks, the two": {{DiesAtCall: `"hold"`}, {DiesAtCall: `"hold"`}, {}},
		"at its cuts":            {{DiesAtCall: `"cuts"`}, {}, {}},
		"at its self-test":       {{}, {}, {DiesAtCall: `"self-test"`}},
		"at its digest":          {{DiesAtCall: `"digest"`}, {}, {}},
		"at its NaN":             {{DiesAtCall: `"watch-nan"`}, {}, {}},
		"all but one":            {{DiesAfter: 70}, {}, {DiesAfter: 200}},
	}
	for after := 1; after < 160; after += 17 {
		dies[fmt.Sprint("after messages ", after)] = []linktest.Faults{{}, {DiesAfter: after}}
	}
	for name, faults := range dies {
		var told []string
		links, _ := workersOf(t, len(faults), toy, kinds()["the reference"], func(i int) linktest.Faults { return faults[i] })
		e := openedFar(t, toy, backend.Options{Metric: named(t, "mse"), Patient: true, Links: links, Told: func(text string) { told = append(told, text) }})
		got, err := searched(t, e)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v, of one machine %+v", name, got, err, want)
		}
		e.Close()
		gone := 0
		for i, f := range faults {
			if f == (linktest.Faults{}) {
				continue
			}
			for _, text := range told {
				if strings.Contains(text, fmt.Sprint("worker ", i, " is left out")) {
					gone++
				}
			}
		}
		if gone == 0 {
			t.Errorf("%s: nobody was told that a worker is left out: %q", name, told)
		}
	}
	links, _ := workersOf(t, 2, toy, kinds()["the reference"], func(int) linktest.Faults { return linktest.Faults{DiesAfter: 60} })
	e := openedFar(t, toy, backend.Options{Metric: named(t, "mse"), Patient: true, Links: links})
	if _, err := searched(t, e); err == nil || !strings.Contains(err.Error(), "it died") {
		t.Errorf("all are gone: %v", err)
	}
}

// TestUnequalWorkersElsewhereAreLeftOut has a worker whose bits differ, and one of another kind: they are left out by
// name, and the search on the others is that of one machine.
func TestUnequalWorkersElsewhereAreLeftOut(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, 100, 21)
	want, err := searched(t, opened(t, toy, backend.Options{Metric: named(t, "mse"), Cache: 1 << 20, Patient: true}))
	if err != nil {
		t.Fatal(err)
	}
	kind := devicetest.Reference
	right := kind.Open
	kind.Open = func(ctx context.Context, o device.Options) (device.Device, error) {
		if o.Name == "device 1" { // its grids are the other way round
			o.Records = append([]quant.Record(nil), o.Records...)
			o.Records[2].Low, o.Records[2].High = o.Records[2].High, o.Records[2].Low
		}
		return right(ctx, o)
	}
	links, _ := workersOf(t, 3, toy, &kind, nil)
	others, _ := workersOf(t, 1, toy, kinds()["a queue"], nil)
	var told []string
	e := openedFar(t, toy, backend.Options{Metric: named(t, "mse"), Patient: true, Links: append(links, others...), Told: func(text string) { told = append(told, text) }})
	got, err := searched(t, e)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v, of one machine %+v", got, err, want)
	}
	if len(told) != 2 || !strings.Contains(told[0], "is of another kind than device 0 of worker 0") || !strings.Contains(told[1], "worker 1 is left out") || !strings.Contains(told[1], "its bits are not those of worker 0") {
		t.Errorf("told %q", told)
	}
}

// TestFilesElsewhereMayBeDamaged has files that are got be damaged: they are got once more, and a worker that gets two
// damaged ones in a row is left out.
func TestFilesElsewhereMayBeDamaged(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, 60, 21)
	want, err := searched(t, opened(t, toy, backend.Options{Metric: named(t, "mse"), Cache: 1 << 20, Patient: true}))
	if err != nil {
		t.Fatal(err)
	}
	for from := 3; from < 9; from += 2 { // behind the network and the reference
		var told []string
		links, _ := workersOf(t, 2, toy, kinds()["the reference"], func(i int) linktest.Faults { return linktest.Faults{DamagedFrom: from * i} })
		e := openedFar(t, toy, backend.Options{Metric: named(t, "mse"), Patient: true, Links: links, Told: func(text string) { told = append(told, text) }})
		if got, err := searched(t, e); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("damaged from %d on: %+v, %v, of one machine %+v", from, got, err, want)
		}
		if len(told) != 1 || !strings.Contains(told[0], "worker 1 is left out, and the others have its blocks") || !strings.Contains(told[0], "is damaged") {
			t.Errorf("damaged from %d on: %q", from, told)
		}
	}
	for damaged, out := range map[int]bool{1: false, 2: true} {
		var told []string
		links, _ := workersOf(t, 2, toy, kinds()["the reference"], func(i int) linktest.Faults { return linktest.Faults{Damaged: damaged * i} })
		e := openedFar(t, toy, backend.Options{Metric: named(t, "mse"), Patient: true, Links: links, Told: func(text string) { told = append(told, text) }})
		if _, err := searched(t, e); err != nil {
			t.Error(err)
		}
		if left := len(told) == 1 && strings.Contains(told[0], "worker 1 is left out: worker 1: the network: a file cannot be had: ") && strings.Contains(told[0], "is damaged"); left != out || !out && told != nil {
			t.Errorf("%d damaged: %q", damaged, told)
		}
	}
}

// TestAnotherVersionElsewhere is refused in words.
func TestAnotherVersionElsewhere(t *testing.T) {
	s := far.NewServer(nobody{}, far.ServerOptions{})
	defer s.Close()
	reply, err := s.Call(t.Context(), []byte(`{"Version":7,"Call":"hello"}`))
	if err != nil || !strings.Contains(string(reply), fmt.Sprint("speaks version 7 of the protocol, and this worker ", link.Version)) {
		t.Errorf("%s, %v", reply, err)
	}
}

// nobody is a host without a search.
type nobody struct{}

func (nobody) Get(context.Context, [32]byte) ([]byte, error) {
	return nil, errors.New("nobody is there")
}

func (nobody) Send([]byte) error { return nil }

var _ link.Host = nobody{}
