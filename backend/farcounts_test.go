package backend_test

import (
	"testing"

	"example.org/demote/backend"
	"example.org/demote/backend/devicetest"
	"example.org/demote/backend/link"
	"example.org/demote/backend/link/linktest"
	"example.org/demote/backend/metric"
	"example.org/demote/search"
)

// TestCountsElsewhere has workers elsewhere judge their own blocks by the metrics whose outcomes add up: one machine
// and workers answer alike all that they are asked, layout and bounds included. A trial brings back counts, and no
// outputs, which take many times the bytes.
func TestCountsElsewhere(t *testing.T) {
	const samples, rows, columns = 62, 4, 3 // an output is [samples, 4, 3]
	plain, wide := devicetest.NewToy(toyBlock, samples, 21, devicetest.Coarse()), devicetest.NewToy(toyBlock, samples, 21, devicetest.Coarse(), devicetest.Rows(rows))
	ignored := int64(1)
	for _, c := range []struct {
		name    string
		options metric.LabelOptions
		of      int // labels are from 0 to of-1; 0: one a sample
		labels  int // a sample
	}{
		{"f1", metric.LabelOptions{Weights: []float64{1, 2, 0.5}}, 0, 0},
		{"weighted-f1", metric.LabelOptions{}, 0, 0},
		{"miou", metric.LabelOptions{Ignore: &ignored}, rows, columns},
		{"dice", metric.LabelOptions{}, rows, columns},
		{"pixel-accuracy", metric.LabelOptions{Weights: []float64{1, 2, 0.5, 3}}, rows, columns},
		{"token-accuracy", metric.LabelOptions{Ignore: &ignored}, columns, rows},
	} {
		t.Run(c.name, func(t *testing.T) {
			toy, truth := plain, truthOf(plain)
			if c.of > 0 {
				toy, truth = wide, metric.Truth{LabelDims: []int64{int64(c.labels)}}
				for i := range samples {
					row := wide.Want(i, search.NewMask(wide.Holders()).Low)
					for at := range c.labels {
						best := 0
						for class := range c.of {
							value := func(class int) float32 {
								if c.name == "token-accuracy" {
									return row[at*c.of+class]
								}
								return row[class*c.labels+at]
							}
							if value(class) > value(best) {
								best = class
							}
						}
						if (i+at)%5 == 0 {
							best = (best + 1 + i%2) % c.of
						}
						truth.Pixels = append(truth.Pixels, int32(best))
					}
				}
			}
			m, err := named(t, c.name).With(c.options)
			if err != nil {
				t.Fatal(err)
			}
			open := func(src backend.Source, o backend.Options) *backend.Evaluator {
				o.Metric, o.Truth, o.Block, o.Cuts = m, truth, toyBlock, []int{0, 2, 4}
				e, err := backend.New(t.Context(), src, toy, devicetest.ToyRecords(), o)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(e.Close)
				return e
			}
			want := asked(t, open(toy, backend.Options{Kind: kinds()["the reference"], Workers: 2, Cache: 1 << 30}))
			links, pipes := workersOf(t, 3, toy, kinds()["the reference"], func(i int) linktest.Faults {
				return linktest.Faults{Seed: uint64(i), Twice: 0.05}
			})
			e := open(shipped{toy}, backend.Options{Links: links})
			got := asked(t, e)
			for i := range want {
				if i >= len(got) || got[i] != want[i] {
					t.Fatalf("answer %d: %s, of one machine %s", i, got[min(i, len(got)-1)], want[i])
				}
			}
			all := search.NewMask(e.Holders())
			all.Demote(1)
			rows, before := bytesBy(pipes, link.KindPiece), bytesBy(pipes, answers...)
			if _, err := e.Again(t.Context(), all); err != nil {
				t.Fatal(err)
			}
			if more := bytesBy(pipes, link.KindPiece) - rows; more != 0 {
				t.Errorf("a trial brings %d bytes of outputs back", more)
			}
			after := bytesBy(pipes, answers...)
			trial := after - before
			if _, err := e.AllOutputs(t.Context(), all); err != nil {
				t.Fatal(err)
			}
			with := bytesBy(pipes, answers...) - after
			if want := samples * e.Row() * 4; with < want || 2*trial > with {
				t.Errorf("a trial brings %d bytes back, and with outputs %d, of which they have %d", trial, with, want)
			}
			t.Logf("a trial of %d samples brings %d bytes back, and with outputs %d", samples, trial, with)
		})
	}
}

// answers are the kinds of messages with which workers answer leases.
var answers = []link.Kind{link.KindAnswer, link.KindSum, link.KindCounts, link.KindPiece}

// bytesBy are the bytes of messages of some kinds.
func bytesBy(pipes []*linktest.Pipe, kinds ...link.Kind) (bytes int) {
	for _, p := range pipes {
		for _, k := range kinds {
			_, b := p.Sent(k)
			bytes += b
		}
	}
	return bytes
}
