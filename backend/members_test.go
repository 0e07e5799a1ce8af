package backend_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync/atomic"
	"testing"

	"example.org/demote/backend"
	"example.org/demote/backend/devicetest"
	"example.org/demote/backend/metric"
	"example.org/demote/search"
)

// members are so many devices of one kind.
func members(n int) (list []string) {
	for i := range n {
		list = append(list, fmt.Sprint("device ", i))
	}
	return list
}

// asked is all that an evaluator answers, from its layout to whole searches, as text.
func asked(t *testing.T, e *backend.Evaluator) (list []string) {
	t.Helper()
	ctx := t.Context()
	say := func(what string, values ...any) {
		t.Helper()
		for _, v := range values {
			if err, is := v.(error); is && err != nil {
				t.Fatalf("%s: %v", what, err)
			}
		}
		list = append(list, fmt.Sprint(what, values))
	}
	all := search.NewMask(e.Holders())
	for h := range e.Holders() {
		all.Demote(h)
	}
	share, err := e.ScoreShare(ctx, all, 9)
	say("share", share, err)
	if _, err := e.Plan(); err != nil {
		t.Fatal(err)
	}
	if dep, err := e.SelfTest(); dep != nil || err != nil {
		t.Fatal(dep, err)
	}
	high, nan, err := e.Arrange(ctx)
	say("arranged", high, nan, err, e.Order(), e.Blocks(), e.Before(2), e.Places(), e.Row())
	for h := range e.Holders() {
		m := search.NewMask(e.Holders())
		m.Demote(h)
		far, err := e.Distance(ctx, m)
		say("distance", math.Float64bits(far), err)
		count, ok, err := e.Head(ctx, search.NewMask(e.Holders()), m)
		say("head", count, ok, err)
	}
	rows, err := e.AllOutputs(ctx, all)
	say("outputs", rows, err)
	told := func(m search.Mask, p any) error { list = append(list, fmt.Sprint("journal ", m, p)); return nil }
	e.Learnt = func(m search.Mask, s search.Score) error { return told(m, s) }
	target := high.Float() - math.Abs(high.Float())/20
	if math.IsInf(high.Float(), 0) { // without noise
		low, err := e.Score(ctx, all)
		say("low", low, err)
		target = low.Float() + 0.1
	}
	for _, s := range search.Strategies() {
		r, err := search.Run(ctx, s.Name, e, search.NewOptions(e.Holders(), target))
		say(s.Name, r, err)
	}
	if err := e.ArrangeFor(ctx, all); err != nil {
		t.Fatal(err)
	}
	rng, base := rand.New(rand.NewPCG(3, 4)), search.NewMask(e.Holders())
	for range 20 {
		var candidates []search.Mask
		for range 1 + rng.IntN(4) {
			m := base.Clone()
			m.Demote(rng.IntN(e.Holders()))
			candidates = append(candidates, m)
		}
		found, err := e.Scan(ctx, base, candidates, search.Bound{Above: high.Float() - 0.1, Floor: math.Inf(-1), Last: rng.IntN(2) == 0})
		if say("found", found, err); found.Passed {
			base = candidates[found.Index]
		}
	}
	if e.KeepsOutcomes() {
		hits, err := e.Outcomes(ctx, base)
		say("outcomes", hits, err)
	}
	again, err := e.Again(ctx, base)
	s := e.Stats()
	say("again", again, err, s.Trials, s.Stats.Blocks, s.Stats.Samples, s.Memo, s.Resumed, s.Scans)
	for i, l := range list {
		list[i] = fmt.Sprintf("%.2000s", l)
	}
	return list
}

// TestMembersAnswerAlike asks evaluators whose samples are dealt to two to five members, on every kind of device, by
// metrics of every kind, all that one machine is asked: layout, scores, distances, outputs, searches by every strategy,
// what the journal is told, and the number of blocks that were asked for.
func TestMembersAnswerAlike(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, 410, 21, devicetest.Coarse())
	for name, kind := range kinds() {
		metrics := []string{"top1", "mse"}
		if name == "the reference" {
			metrics = []string{"top1", "agreement", "mse", "sqnr", "f1", "mcc", "auroc", "recall-at-5"}
		}
		for _, by := range metrics {
			t.Run(name+" "+by, func(t *testing.T) {
				open := func(n int) *backend.Evaluator {
					return opened(t, toy, backend.Options{Metric: named(t, by), Kind: kind, Workers: 2, Cache: 1 << 30, Cuts: []int{0, 2, 4}, Members: members(n)})
				}
				want := asked(t, open(0))
				for _, n := range []int{2, 5} {
					got := asked(t, open(n))
					for i := range want {
						if i >= len(got) || got[i] != want[i] {
							t.Fatalf("%d members, answer %d: %s, of one machine %s", n, i, got[min(i, len(got)-1)], want[i])
						}
					}
				}
			})
		}
	}
}

// TestMembersDecideAsNaive holds scans on members to scores of whole passes, from base to base.
func TestMembersDecideAsNaive(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, toySamples, 21, devicetest.Coarse())
	for name, kind := range kinds() {
		for _, by := range []string{"top1", "mse"} {
			for _, cuts := range [][]int{nil, {0, 1, 2, 3, 4}} {
				for _, n := range []int{2, 3, 9} { // of 8 blocks
					t.Run(fmt.Sprint(name, " ", by, cuts, n), func(t *testing.T) {
						naive := opened(t, toy, backend.Options{Metric: named(t, by), Naive: true, Workers: 1})
						e := opened(t, toy, backend.Options{Metric: named(t, by), Kind: kind, Cache: 1 << 30, Cuts: cuts, Members: members(n)})
						if _, _, err := e.Arrange(t.Context()); err != nil {
							t.Fatal(err)
						}
						if _, err := e.Plan(); err != nil {
							t.Fatal(err)
						}
						if dep, err := e.SelfTest(); dep != nil || err != nil {
							t.Fatal(dep, err)
						}
						sameDecisions(t, e, naive, toy.Want)
						if s := e.Stats(); cuts != nil && by == "mse" && s.Restored == 0 {
							t.Errorf("no block began at a cut: %+v", s)
						}
					})
				}
			}
		}
	}
}

// TestMembersByAServer has a metric server judge what members run.
func TestMembersByAServer(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, toySamples, 20)
	for name, kind := range kinds() {
		for _, how := range []string{"hits", "values", "whole"} {
			var want []string
			for _, n := range []int{0, 3} {
				m, _ := served(t, how)
				e := opened(t, toy, backend.Options{Kind: kind, Metric: m, Cache: 1 << 20, Patient: true, Members: members(n),
					Truth: metric.Truth{Own: []metric.LabelArray{ownLabels(toy.Labels())}}})
				got := asked(t, e)
				if e.Close(); n == 0 {
					want = got
				} else if !slices.Equal(got, want) {
					t.Errorf("%s, %s:\n%q, of one machine\n%q", name, how, got, want)
				}
			}
		}
	}
}

// TestMembersFindNaN names the sample and the tensor, whoever has it.
func TestMembersFindNaN(t *testing.T) {
	for _, bad := range []int{3, 7, 29} {
		toy := devicetest.NewToy(toyBlock, toySamples, 24)
		toy.Set(bad, 1, float32(math.NaN()))
		e := opened(t, toy, backend.Options{Metric: named(t, "mse"), Workers: 2, Members: members(3)})
		if _, nan, err := e.Arrange(t.Context()); err != nil || nan != bad {
			t.Errorf("NaN in %d, want %d: %v", nan, bad, err)
		}
		one := opened(t, toy, backend.Options{Metric: named(t, "mse"), Workers: 2})
		for sample, want := range map[int]string{bad: "x0", bad - 1: ""} {
			if name, err := e.FirstNaN(sample); name != want || err != nil {
				t.Errorf("sample %d: NaN in %q, %v", sample, name, err)
			}
			for _, pair := range [][2]*backend.Evaluator{{e, one}, {one, e}} {
				if name, err := pair[0].FirstDifference(pair[1], search.NewMask(e.Holders()), sample); name != "" || err != nil {
					t.Errorf("sample %d: differs from itself in %q, %v", sample, name, err)
				}
			}
		}
	}
}

// TestMembersHoldTheirOwn holds that each sample is read by one member, beside the first block, which all hold.
func TestMembersHoldTheirOwn(t *testing.T) {
	toy := &counted{Toy: devicetest.NewToy(toyBlock, toySamples, 24)}
	const n = 3
	o := backend.Options{Metric: named(t, "top1"), Kind: kinds()["the reference"], Block: toyBlock, Truth: truthOf(toy.Toy), Members: members(n)}
	e, err := backend.New(t.Context(), toy.Toy, toy, devicetest.ToyRecords(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	slots := (toySamples + toyBlock - 1) / toyBlock * toyBlock // with the padding
	if reads := int(toy.reads.Load()); reads != slots+(n-1)*toyBlock {
		t.Errorf("%d samples are read, want %d and the first block %d times more", reads, slots, n-1)
	}
}

// TestMembersCancelled ends a trial by its context, and goes on.
func TestMembersCancelled(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, toySamples, 26)
	for name, kind := range kinds() {
		e := opened(t, toy, backend.Options{Metric: named(t, "mse"), Kind: kind, Cache: 1 << 30, Patient: true, Members: members(2)})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		m := search.NewMask(4)
		m.Demote(2)
		if _, err := e.Score(ctx, m); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
		sameOutputs(t, e, m, toy.Want)
		before := e.Stats()
		e.Close()
		if after := e.Stats(); !reflect.DeepEqual(after.Stats, before.Stats) {
			t.Errorf("%s: closed, %+v, before %+v", name, after, before)
		}
		if _, err := e.Score(t.Context(), m); err == nil {
			t.Errorf("%s: a closed evaluator scores", name)
		}
	}
}

// counted are samples that count how often they are read.
type counted struct {
	*devicetest.Toy
	reads atomic.Int64
}

// Read implements backend.Samples.
func (c *counted) Read(input, sample int, dst []byte) error {
	c.reads.Add(1)
	return c.Toy.Read(input, sample, dst)
}
