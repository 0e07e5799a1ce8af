package backend_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/demote/backend"
	"example.org/demote/backend/devicetest"
	"example.org/demote/backend/metric"
	"example.org/demote/internal/serve/servetest"
	"example.org/demote/search"
)

// served is the metric of a server of the test binary, with its command.
func served(t *testing.T, how string) (*metric.Metric, *metric.Command) {
	t.Helper()
	c := &metric.Command{Line: servetest.Line(how), Serve: true, Timeout: time.Minute}
	m, err := c.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return m, c
}

// ownLabels are classes as a server gets them.
func ownLabels(labels []int64) metric.LabelArray {
	a := metric.LabelArray{Name: "y", Descr: "<i8"}
	for _, l := range labels {
		a.Data = append(a.Data, byte(l), 0, 0, 0, 0, 0, 0, 0)
	}
	return a
}

// TestServedDecidesAsTop1 searches by a server that judges by top-1 and by the built-in metric, on every kind of
// device and several workers: the same results, scores asked for and outcomes of samples, also where the server has a
// number for each sample, or one for all.
func TestServedDecidesAsTop1(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, toySamples, 20)
	run := func(o backend.Options) (search.Result, search.Score, []uint64, []int) {
		e := opened(t, toy, o)
		defer e.Close()
		if _, err := e.Plan(); err != nil {
			t.Fatal(err)
		}
		high, nan, err := e.Arrange(t.Context())
		if err != nil || nan >= 0 {
			t.Fatal(nan, err)
		}
		r, err := search.Demotion(t.Context(), e, search.NewOptions(toy.Holders(), high.Float()-0.02))
		if err != nil {
			t.Fatal(err)
		}
		var hits []uint64
		if o.Metric.Countable {
			if hits, err = e.Outcomes(t.Context(), r.Mask); err != nil {
				t.Fatal(err)
			}
		}
		return r, high, hits, slices.Clone(e.Order())
	}
	for name, kind := range kinds() {
		for _, workers := range []int{1, 3} {
			o := backend.Options{Kind: kind, Workers: workers, Block: toyBlock, Cache: 1 << 20, Patient: true}
			o.Metric, o.Labels = named(t, "top1"), toy.Labels()
			want, high, hits, order := run(o)
			if n := want.Mask.Count(); n == 0 || n == toy.Holders() {
				t.Fatalf("the search decides nothing: %v", want.Mask)
			}
			o.Labels, o.Own = nil, []metric.LabelArray{ownLabels(toy.Labels())}
			for _, how := range []string{"hits", "values", "whole"} {
				o.Metric, _ = served(t, how)
				got, h, own, laid := run(o)
				at := fmt.Sprintf("%s, %d workers, %s", name, workers, how)
				if how == "hits" && (!reflect.DeepEqual(got, want) || h != high || !reflect.DeepEqual(own, hits)) {
					t.Errorf("%s: %+v, %v, %v; by top1 %+v, %v, %v", at, got, h, own, want, high, hits)
				}
				if how == "hits" && !slices.Equal(laid, order) { // on which the samples that distances look at depend
					t.Errorf("%s: the samples lie as %v, by top1 as %v", at, laid, order)
				}
				if !got.Mask.Equal(want.Mask) || got.Evaluations != want.Evaluations || h.Float() != high.Float() {
					t.Errorf("%s: %v after %d evaluations, by top1 %v after %d", at, got.Mask, got.Evaluations, want.Mask, want.Evaluations)
				}
			}
		}
	}
}

// TestWorkersRunWhileTheServerJudges has one worker and a server that waits with each answer for the next request:
// only a worker that goes on meanwhile sends it one.
func TestWorkersRunWhileTheServerJudges(t *testing.T) {
	toy := devicetest.NewToy(2, 100, 5)
	m, c := served(t, "hits late")
	kind := devicetest.Reference
	e := opened(t, toy, backend.Options{Kind: &kind, Metric: m, Workers: 1, Block: 2, Cache: 1 << 20, Patient: true, Truth: metric.Truth{Own: []metric.LabelArray{ownLabels(toy.Labels())}}})
	defer e.Close()
	began := time.Now()
	if _, err := e.Score(t.Context(), search.NewMask(toy.Holders())); err != nil {
		t.Fatal(err)
	}
	// 50 blocks; the last answer, and the first, which is asked for twice, wait in vain
	if took := time.Since(began); took > 10*servetest.Late {
		t.Errorf("50 blocks take %v: the worker waits for the server", took)
	}
	if cost := c.Cost(); cost.Starts != 1 || cost.Requests != 52 {
		t.Errorf("%+v", cost)
	}
}

// TestServerDiesOnTheWay: the scan ends with the server's last words, and the evaluator can be closed.
func TestServerDiesOnTheWay(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, toySamples, 5)
	for _, how := range []string{"hits dies 9", "whole dies 3"} {
		m, _ := served(t, how)
		for _, kind := range kinds() {
			e := opened(t, toy, backend.Options{Kind: kind, Metric: m, Workers: 2, Block: toyBlock, Truth: metric.Truth{Own: []metric.LabelArray{ownLabels(toy.Labels())}}})
			var err error
			for h := range toy.Holders() {
				mask := search.NewMask(toy.Holders())
				mask.Demote(h)
				if _, err = e.Score(t.Context(), mask); err != nil {
					break
				}
			}
			e.Close()
			if err == nil || !strings.Contains(err.Error(), "exit status 9: no table") || !strings.Contains(err.Error(), "--metric-serve") && !strings.Contains(err.Error(), "option metric-serve") {
				t.Errorf("%s: %v", how, err)
			}
		}
	}
}
