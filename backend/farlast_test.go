package backend_test

import (
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"example.org/demote/backend"
	"example.org/demote/backend/devicetest"
	"example.org/demote/backend/link"
	"example.org/demote/backend/link/linktest"
)

// reserve is a worker that comes some time behind the moment at which somebody is waited for.
type reserve struct {
	mu       sync.Mutex
	links    []link.Link
	came     chan struct{}
	patience time.Duration
}

func (r *reserve) Came() <-chan struct{}   { return r.came }
func (r *reserve) Patience() time.Duration { return r.patience }
func (r *reserve) Come(most int) (links []link.Link) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := min(most, len(r.links))
	links, r.links = r.links[:n], r.links[n:]
	return links
}

// waits is Options.Tell: once no worker is left, some come.
func (r *reserve) waits(links []link.Link) func(text string) {
	return func(text string) {
		if strings.HasPrefix(text, "no worker is left: waiting ") {
			time.AfterFunc(20*time.Millisecond, func() {
				r.mu.Lock()
				r.links = append(r.links, links...)
				r.mu.Unlock()
				select {
				case r.came <- struct{}{}:
				default:
				}
			})
		}
	}
}

// TestLastWorkerElsewhereDies has the last worker be gone at each call that a search makes, and two come then: the
// search is that of one machine, and its bits are known. Where nobody comes it ends, and says how long it has waited,
// once.
func TestLastWorkerElsewhereDies(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, 200, 21, devicetest.Coarse())
	bits, wants := "", map[string]any{}
	for _, by := range []string{"top1", "mse"} {
		e := opened(t, toy, backend.Options{Metric: named(t, by), Cache: 1 << 20, Patient: true})
		want, err := searched(t, e)
		if err != nil {
			t.Fatal(err)
		}
		wants[by], bits = want, e.Bits()
	}
	for call, behind := range map[string]int{"hello": 0, "plan": 0, "hold": 0, "cuts": 0, "self-test": 0, "digest": 0, "fleeting": 0, "watch-nan": 0, "watch-nan later": 1, "hold later": 1, "look": 0, "look later": 1} {
		call, _, _ := strings.Cut(call, " ")
		by := "top1" // which lays samples out
		if call == "look" {
			by = "mse" // which leases more often
		}
		for _, comes := range []int{2, 0} {
			links, _ := workersOf(t, 1, toy, kinds()["the reference"], func(int) linktest.Faults {
				return linktest.Faults{DiesAtCall: `"` + call + `"`, DiesBehind: behind}
			})
			news, _ := workersFrom(t, 5, comes, toy, kinds()["the reference"], nil)
			late := &reserve{came: make(chan struct{}, 1), patience: time.Minute}
			if comes == 0 {
				late.patience = 50 * time.Millisecond
			}
			waits := 0
			comeThen := late.waits(news)
			o := backend.Options{Metric: named(t, by), Patient: true, Links: links, Late: late, Agree: 2, Block: toyBlock, Truth: truthOf(toy), Tell: func(text string) {
				if strings.HasPrefix(text, "no worker is left: waiting ") {
					waits++
				}
				comeThen(text)
			}}
			e, err := backend.New(t.Context(), shipped{toy}, toy, devicetest.ToyRecords(), o)
			if err == nil {
				var got any
				if got, err = searched(t, e); comes > 0 && (err != nil || !reflect.DeepEqual(got, wants[by])) {
					t.Errorf("%s: %+v, %v, of one machine %+v", call, got, err, wants[by])
				}
				if comes > 0 && (e.Bits() == "" || e.Bits() != bits) {
					t.Errorf("%s: bits %q, of one machine %q", call, e.Bits(), bits)
				}
				e.Close()
			}
			if comes == 0 && (err == nil || !strings.Contains(err.Error(), "it died at a call, and no other one came within 50ms") || !backend.WorkerLost(err)) {
				t.Errorf("%s, and nobody comes: %v", call, err)
			}
			if waits != 1 {
				t.Errorf("%s, and %d come: it waits %d times", call, comes, waits)
			}
		}
	}
}
