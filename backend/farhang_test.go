package backend_test

import (
	"context"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"example.org/demote/backend"
	"example.org/demote/backend/device"
	"example.org/demote/backend/devicetest"
	"example.org/demote/backend/link/linktest"
	"example.org/demote/search"
)

// stuckSoon is Options.Stuck of these tests: a call ends behind ten times as long.
const stuckSoon = 120 * time.Millisecond

// notes are lines that any goroutine may write.
type notes struct {
	mu   sync.Mutex
	list []string
}

func (n *notes) add(text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.list = append(n.list, text)
}

func (n *notes) has(parts ...string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, text := range n.list {
		all := true
		for _, p := range parts {
			all = all && strings.Contains(text, p)
		}
		if all {
			return true
		}
	}
	return false
}

// TestHungCallsElsewhere has a worker beat, and never answer one kind of call, of each kind that a search makes: it is
// left out, once it has done nothing for long, and the search is that of one machine. So it is where an heir is handed
// the blocks of another one, where a latecomer is made ready, and where members are held against each other.
func TestHungCallsElsewhere(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, 200, 21, devicetest.Coarse())
	want, err := searched(t, opened(t, toy, backend.Options{Metric: named(t, "mse"), Cache: 1 << 20, Patient: true}))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		call   string
		behind int  // answered ones
		dies   bool // another worker does, in a lease
		late   bool // it comes while the search runs
		gone   bool // all others do: the last one hangs
	}{
		"hello":               {call: "hello"},
		"plan":                {call: "plan"},
		"hold":                {call: "hold"},
		"hold of an heir":     {call: "hold", behind: 1, dies: true},
		"cuts":                {call: "cuts"},
		"self-test":           {call: "self-test"},
		"digest":              {call: "digest"},
		"watch for NaN":       {call: "watch-nan"},
		"end of the watch":    {call: "watch-nan", behind: 1},
		"fleeting":            {call: "fleeting"},
		"look":                {call: "look"},
		"look later":          {call: "look", behind: 1},
		"a latecomer's hello": {call: "hello", late: true},
		"a latecomer's plan":  {call: "plan", late: true},
		"a latecomer's hold":  {call: "hold", late: true},
		"a latecomer's test":  {call: "self-test", late: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			faults := linktest.Faults{HangsAtCall: `"` + c.call + `"`, HangsBehind: c.behind}
			var told notes
			o := backend.Options{Metric: named(t, "mse"), Patient: true, Stuck: stuckSoon, Agree: 2, Told: told.add}
			o.Links, _ = workersOf(t, 2, toy, kinds()["the reference"], func(i int) (f linktest.Faults) {
				if i == 0 && c.dies {
					f.DiesAfter = 60
				}
				return f
			})
			bad, _ := workersFrom(t, 7, 1, toy, kinds()["the reference"], func(int) linktest.Faults { return faults })
			if c.late {
				o.Late = &one{link: bad[0]}
			} else {
				o.Links = append(o.Links, bad...)
			}
			e := openedFar(t, toy, o)
			got, err := searched(t, e)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%+v, %v, of one machine %+v", got, err, want)
			}
			for end := time.Now().Add(time.Minute); c.late && !told.has("worker 7 is left out") && time.Now().Before(end); time.Sleep(stuckSoon / 4) {
				if _, err := e.Again(t.Context(), search.NewMask(4)); err != nil { // asks who is ready
					t.Fatal(err)
				}
			}
			if !told.has("worker 7 is left out", "it is there, and has done nothing of call "+c.call+" for ") {
				t.Errorf("told %q", told.list)
			}
		})
	}
}

// TestLongCallsElsewhere has workers take far longer for a call than one may do nothing: as long as they go on with it
// nobody is left out.
func TestLongCallsElsewhere(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, 60, 21)
	kind := devicetest.Reference
	right := kind.Open
	kind.Open = func(ctx context.Context, o device.Options) (device.Device, error) {
		step := o.Step
		o.Step = func() {
			time.Sleep(40 * time.Millisecond)
			step()
		}
		return right(ctx, o)
	}
	links, _ := workersOf(t, 2, toy, &kind, nil)
	var told notes
	e := openedFar(t, toy, backend.Options{Metric: named(t, "mse"), Patient: true, Links: links, Stuck: 50 * time.Millisecond, Cuts: []int{0, 4}, Told: told.add})
	begun := time.Now()
	if dep, err := e.SelfTest(); dep != nil || err != nil {
		t.Error(dep, err)
	}
	if took := time.Since(begun); took < time.Second {
		t.Errorf("the self-test took %v, less than a call may do nothing: this shows nothing", took)
	}
	if told.list != nil {
		t.Errorf("told %q", told.list)
	}
}

// TestHungCPUs has a worker hang in each call of a pass on the workers' CPUs, and in its leases: the others, or this
// machine, run it.
func TestHungCPUs(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, 100, 21)
	kind := devicetest.Reference
	m := search.NewMask(4)
	m.Demote(2)
	for _, call := range []string{"hello", "plan", "hold", "look"} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			var told notes
			links, _ := cpusOf(t, 2, toy, func(int) *device.Kind { return &kind }, func(i int) (f linktest.Faults) {
				if i == 1 {
					f.HangsAtCall = `"` + call + `"`
				}
				return f
			})
			e := openedFar(t, toy, backend.Options{Metric: named(t, "top1"), Kind: &kind, Naive: true, Stream: true, Links: links, OnCPU: true, Stuck: stuckSoon, Told: told.add})
			sameOutputs(t, e, m, toy.Want)
			if !told.has("worker 1: ", "has done nothing of call "+call+" for ") {
				t.Errorf("told %q", told.list)
			}
		})
	}
}
