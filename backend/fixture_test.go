package backend_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"example.org/demote/backend"
	"example.org/demote/backend/device"
	"example.org/demote/backend/devicetest"
	"example.org/demote/backend/metric"
	"example.org/demote/internal/serve/servetest"
	"example.org/demote/search"
)

// The tests of this room run on the device in plain Go, without ONNX Runtime.

func TestMain(m *testing.M) {
	servetest.Main()
	code := m.Run()
	if n := devicetest.ReferenceLive(); code == 0 && n != 0 {
		fmt.Fprintf(os.Stderr, "%d things are left open\n", n)
		code = 1
	}
	os.Exit(code)
}

// toyBlock is the number of samples of a block, and toySamples of all.
const toyBlock, toySamples = 4, 30

// kinds are the reference as it is, and with traits of other devices: a queue, without entries and with those that take
// values, no comparing nodes.
func kinds() map[string]*device.Kind {
	all := map[string]*device.Kind{}
	for name, change := range map[string]func(*device.Traits){
		"the reference":   func(*device.Traits) {},
		"a queue":         func(t *device.Traits) { t.Queue, t.Compares, t.Entries, t.InOrder = true, false, false, false },
		"a queue, values": func(t *device.Traits) { t.Queue, t.Compares, t.Values, t.InOrder = true, false, true, false },
		"parts":           func(t *device.Traits) { t.Entries = false },
		"without no-ops":  func(t *device.Traits) { t.Compares = false },
	} {
		k := devicetest.Reference
		change(&k.Traits)
		all[name] = &k
	}
	return all
}

// named is a metric.
func named(t *testing.T, name string) *metric.Metric {
	t.Helper()
	m, err := metric.ByName(name)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// opened is an evaluator of a toy. The metric compares with labels or with the network without demotions.
func opened(t *testing.T, toy *devicetest.Toy, o backend.Options) *backend.Evaluator {
	t.Helper()
	own := o.Own
	o.Truth = truthOf(toy)
	o.Own = own
	if o.Block == 0 {
		o.Block = toyBlock
	}
	if o.Kind == nil {
		o.Kind = kinds()["the reference"]
	}
	e, err := backend.New(t.Context(), toy, toy, devicetest.ToyRecords(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

func truthOf(toy *devicetest.Toy) (truth metric.Truth) {
	truth.Labels = toy.Labels()
	for sample := range toy.Len() {
		truth.Reference = append(truth.Reference, toy.Want(sample, search.NewMask(toy.Holders()).Low)...)
	}
	return truth
}

// sameDecisions goes from base to base and holds scans of an evaluator to those that score everything, and the
// outputs of the base to what they should be.
func sameDecisions(t *testing.T, e, naive *backend.Evaluator, want func(sample int, low func(holder int) bool) []float32) {
	t.Helper()
	rng, ctx := rand.New(rand.NewPCG(3, 4)), t.Context()
	base := search.NewMask(e.Holders())
	for step := range 60 {
		var candidates []search.Mask
		for range 1 + rng.IntN(4) {
			m := base.Clone()
			for range 1 + rng.IntN(2) {
				if h := rng.IntN(e.Holders()); m.Low(h) {
					m.Promote(h)
				} else {
					m.Demote(h)
				}
			}
			candidates = append(candidates, m)
		}
		bound := search.Bound{Above: math.Inf(-1), Floor: math.Inf(1)}
		if step%3 > 0 {
			s, err := naive.Score(ctx, candidates[rng.IntN(len(candidates))])
			if err != nil {
				t.Fatal(err)
			}
			bound.Above = s.Float()
		}
		got, err := e.Scan(ctx, base, candidates, bound)
		if err != nil {
			t.Fatal(err)
		}
		wanted, err := naive.Scan(ctx, base, candidates, bound)
		if err != nil {
			t.Fatal(err)
		}
		if got != wanted {
			t.Fatalf("step %d, base %s, candidates %v, bound %+v: %+v, want %+v", step, base, candidates, bound, got, wanted)
		}
		if got.Passed {
			base = candidates[got.Index]
		}
	}
	sameOutputs(t, e, base, want)
}

// sameOutputs holds the output rows of a mask.
func sameOutputs(t *testing.T, e *backend.Evaluator, m search.Mask, want func(sample int, low func(holder int) bool) []float32) {
	t.Helper()
	if _, err := e.Outputs(context.Background(), m, func(sample int, row []float32) {
		if w := want(sample, m.Low); len(w) != len(row) || !device.SameBits(w, row) {
			t.Errorf("mask %s, sample %d: %v, want %v", m, sample, row, w)
		}
	}); err != nil {
		t.Fatal(err)
	}
}
