package backend_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"example.org/demote/backend"
	"example.org/demote/backend/devicetest"
	"example.org/demote/search"
)

// TestScansDecideAsNaive holds every way in which trials are run to scores of whole passes: by workers and by a
// queue, entered at cuts or in parts, with what needs no run and without.
func TestScansDecideAsNaive(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, toySamples, 21, devicetest.Coarse())
	for name, kind := range kinds() {
		for _, by := range []string{"top1", "agreement", "mse", "f1"} {
			for _, cuts := range [][]int{nil, {0, 1, 2, 3, 4}, {0, 2, 4}} {
				t.Run(fmt.Sprint(name, " ", by, cuts), func(t *testing.T) {
					naive := opened(t, toy, backend.Options{Metric: named(t, by), Naive: true, Workers: 1})
					e := opened(t, toy, backend.Options{Metric: named(t, by), Kind: kind, Workers: 2, Cache: 1 << 30, Cuts: cuts})
					if _, nan, err := e.Arrange(t.Context()); err != nil || nan != -1 {
						t.Fatalf("NaN in %d, %v", nan, err)
					}
					p, err := e.Plan()
					if err != nil || cuts != nil && e.Parts() != len(cuts)-1 {
						t.Fatalf("%+v, %d parts, %v", p, e.Parts(), err)
					}
					if dep, err := e.SelfTest(); dep != nil || err != nil {
						t.Fatalf("%v, %v", dep, err)
					}
					sameDecisions(t, e, naive, toy.Want)
					if s := e.Stats(); by == "mse" && s.Restored == 0 || s.NoOps == 0 && (kind.Compares || by == "mse") && e.Parts() > 1 {
						t.Errorf("%d blocks began at a cut, %d needed no run: %+v", s.Restored, s.NoOps, s)
					}
				})
			}
		}
	}
}

// TestSamplesOfSeveralShapes does so for samples that are not alike.
func TestSamplesOfSeveralShapes(t *testing.T) {
	small, large := devicetest.NewToy(toyBlock, 9, 22, devicetest.Rows(2)), devicetest.NewToy(2, 5, 23, devicetest.Rows(3))
	toys := []*devicetest.Toy{small, large}
	var of [2][]int
	var at []int
	for sample := range 14 {
		which := 0
		if sample%3 == 1 {
			which = 1
		}
		if len(of[which]) == toys[which].Len() {
			which = 1 - which
		}
		at = append(at, len(of[which]))
		of[which] = append(of[which], sample)
	}
	member := func(sample int) (*devicetest.Toy, int) {
		if slices.Contains(of[0], sample) {
			return small, at[sample]
		}
		return large, at[sample]
	}
	want := func(sample int, low func(holder int) bool) []float32 {
		toy, i := member(sample)
		return toy.Want(i, low)
	}
	places, reference := []int{0}, []float32(nil)
	for sample := range at {
		reference = append(reference, want(sample, search.NewMask(4).Low)...)
		places = append(places, len(reference))
	}
	open := func(change func(*backend.Options)) *backend.Evaluator {
		o := backend.Options{Metric: named(t, "mse"), Kind: kinds()["the reference"], Workers: 2, Cache: 1 << 30, Places: places, Patient: true}
		o.Reference = reference
		change(&o)
		e, err := backend.NewShaped(t.Context(), []backend.Shape{{Source: small, Samples: small, Of: of[0], Block: toyBlock}, {Source: large, Samples: large, Of: of[1], Block: 2}},
			devicetest.ToyRecords(), o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(e.Close)
		return e
	}
	naive, e := open(func(o *backend.Options) { o.Naive = true }), open(func(*backend.Options) {})
	if _, err := e.Plan(); err != nil {
		t.Fatal(err)
	}
	if dep, err := e.SelfTest(); dep != nil || err != nil {
		t.Fatalf("%v, %v", dep, err)
	}
	sameDecisions(t, e, naive, want)
	if order := slices.Sorted(slices.Values(e.Order())); len(order) != 14 || order[13] != 13 {
		t.Errorf("order %v", order)
	}
	if got := e.Places(); !slices.Equal(got, places) || e.Row() != 0 {
		t.Errorf("places %v, want %v", got, places)
	}
	_, err := backend.NewShaped(t.Context(), []backend.Shape{{Source: small, Samples: small, Of: of[0], Block: toyBlock}}, devicetest.ToyRecords(), backend.Options{Metric: named(t, "mse"), Device: "cuda:0"})
	if err == nil || !strings.Contains(err.Error(), "--device cuda:0") {
		t.Errorf("a device that has not several shapes at once: %v", err)
	}
}

// TestNaNIsNamed finds NaN behind which a holder hides it: the sample, and the first tensor.
func TestNaNIsNamed(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, toySamples, 24)
	e := opened(t, toy, backend.Options{Metric: named(t, "mse"), Workers: 2})
	if _, nan, err := e.Arrange(t.Context()); err != nil || nan != -1 {
		t.Errorf("NaN in %d, %v", nan, err)
	}
	toy.Set(7, 1, float32(math.NaN()))
	e = opened(t, toy, backend.Options{Metric: named(t, "mse"), Workers: 2})
	if _, nan, err := e.Arrange(t.Context()); err != nil || nan != 7 {
		t.Errorf("NaN in %d, %v", nan, err)
	}
	for sample, want := range map[int]string{7: "x0", 6: ""} {
		if name, err := e.FirstNaN(sample); name != want || err != nil {
			t.Errorf("sample %d: NaN in %q, %v", sample, name, err)
		}
	}
}

// TestEvaluatorRefuses what cannot be meant.
func TestEvaluatorRefuses(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, toySamples, 25)
	for hint, change := range map[string]func(*backend.Options){
		"--workers -1":           func(o *backend.Options) { o.Workers = -1 },
		"blocks of 5 samples":    func(o *backend.Options) { o.Block = 5 },
		"has no output \"z\"":    func(o *backend.Options) { o.Output = "z" },
		"needs labels":           func(o *backend.Options) { o.Labels = nil },
		"29 labels for 30":       func(o *backend.Options) { o.Labels = o.Labels[:29] },
		"label 3 of sample 0 is": func(o *backend.Options) { o.Labels = slices.Repeat([]int64{3}, toySamples) },
	} {
		o := backend.Options{Metric: named(t, "top1"), Truth: truthOf(toy), Block: toyBlock, Kind: kinds()["the reference"]}
		change(&o)
		if e, err := backend.New(t.Context(), toy, toy, devicetest.ToyRecords(), o); err == nil || !strings.Contains(err.Error(), hint) {
			t.Errorf("%s: %v", hint, err)
			if err == nil {
				e.Close()
			}
		}
	}
	if _, err := backend.New(t.Context(), toy, toy, devicetest.ToyRecords()[:3], backend.Options{Metric: named(t, "top1"), Block: toyBlock}); err == nil {
		t.Error("3 records for 4 holders")
	}
}

// TestCancelledTrials ends a scan by its context, and goes on.
func TestCancelledTrials(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, toySamples, 26)
	for name, kind := range kinds() {
		e := opened(t, toy, backend.Options{Metric: named(t, "mse"), Kind: kind, Workers: 2, Cache: 1 << 30, Patient: true})
		if _, err := e.Plan(); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		m := search.NewMask(4)
		m.Demote(2)
		if _, err := e.Score(ctx, m); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
		sameOutputs(t, e, m, toy.Want)
	}
}
