package run

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"example.org/demote/backend"
	"example.org/demote/config"
	"example.org/demote/internal/record"
	"example.org/demote/internal/stage"
	"example.org/demote/internal/trialtest"
	"example.org/demote/quant"
	"example.org/demote/result"
	"example.org/demote/search"
)

// triedLast is a search that leaves activations at int16 which hold with the grids of another method.
func triedLast(t *testing.T) config.Config {
	c := outlying(t)
	c.GridLow, c.GridHigh, c.Target = "pow2", "pow2", "16bit-0.05"
	return c
}

// TestLastTries holds the last tries against full scores of networks with the grids in question: what the search has
// left at int16, those first that harm least, each with every other low grid of its own that there is, on top of what
// has held. The written file has these grids, and computes what was scored.
func TestLastTries(t *testing.T) {
	c := triedLast(t)
	r := mustSearch(t, c)
	plain := c // a curve is of one network, and so there are no tries
	plain.Curve, plain.Out = true, filepath.Join(t.TempDir(), "plain")
	before := mustSearch(t, plain)
	held := slices.DeleteFunc(slices.Clone(r.LastTries), func(l result.LastTry) bool { return !l.Held })
	if before.LastTries != nil || len(held) == 0 || len(held) == len(r.LastTries) || len(r.Promotion) != len(before.Promotion)-len(held) {
		t.Fatalf("%v at int16 without tries, %v with %+v", before.Promotion, r.Promotion, r.LastTries)
	}

	low := map[string][]quant.Grid{}
	var methods []string
	for _, one := range r.Ranges {
		if one.Method == result.EachItsOwn {
			continue
		}
		own := c
		own.RangeLow = one.Method
		s := trialtest.Uncut(t, own)
		for _, r := range s.Records {
			low[one.Method] = append(low[one.Method], r.Low)
		}
		s.Close()
		methods = append(methods, one.Method)
	}
	opened, mix, err := reopen(context.Background(), plain.Out, config.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	if err := opened.Compile(context.Background()); err != nil {
		t.Fatal(err)
	}
	index := map[string]int{}
	for i, h := range opened.Network.Holders {
		index[h.Name] = i
	}
	records := slices.Clone(opened.Records)
	var want []result.LastTry
	others := map[string][]string{}
	for _, name := range before.Promotion {
		h := index[name]
		seen := []quant.Grid{records[h].Low}
		for _, m := range methods {
			if g := low[m][h]; !slices.Contains(seen, g) {
				seen, others[name] = append(seen, g), append(others[name], m)
			}
		}
	}
	for round := range methods {
		for _, name := range slices.Backward(before.Promotion) {
			h := index[name]
			if mix.Low(h) || round >= len(others[name]) {
				continue
			}
			tried, with := slices.Clone(records), mix.Clone()
			tried[h].Low = low[others[name][round]][h]
			with.Demote(h)
			one := result.LastTry{Holders: []string{name}, Method: others[name][round]}
			err := opened.WithRecords(context.Background(), tried, func(e *backend.Evaluator) error {
				score, err := e.Score(context.Background(), with)
				if one.Held = score.Float() > r.Target.Value; one.Held {
					mix, records, one.Score = with, tried, &result.Score{Correct: &score.Count, Total: &score.Total}
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, one)
		}
	}
	same := func(a, b result.LastTry) bool {
		return slices.Equal(a.Holders, b.Holders) && a.Method == b.Method && a.Held == b.Held && (!a.Held || *a.Score.Correct == *b.Score.Correct)
	}
	if !slices.EqualFunc(want, r.LastTries, same) {
		t.Errorf("tries %+v, by full scores %+v", r.LastTries, want)
	}
	if last := held[len(held)-1]; *r.Score.Mixed.Correct != *last.Score.Correct || !r.Verified.Identical || *r.Verified.Correct != *last.Score.Correct || r.Holders[index[last.Holders[0]]].Range != last.Method {
		t.Errorf("the mix scores %d, its file %+v, the last that held %+v", *r.Score.Mixed.Correct, r.Verified, last)
	}

	naive := c
	naive.Scan, naive.Out = "naive", filepath.Join(t.TempDir(), "naive")
	if n := mustSearch(t, naive); !slices.EqualFunc(n.LastTries, r.LastTries, same) || !slices.Equal(n.Promotion, r.Promotion) {
		t.Errorf("by full scores %+v, else %+v", n.LastTries, r.LastTries)
	}
	if v, err := Verify(context.Background(), c.Out, config.Config{}); err != nil || !v.Identical {
		t.Errorf("%+v, %v", v, err)
	}
	if e, err := Export(context.Background(), c.Out, "qdq-ms", filepath.Join(t.TempDir(), "ms.onnx"), config.Config{}); err != nil || !e.Verified.Identical {
		t.Errorf("%+v, %v", e, err)
	}
}

// TestLastTriesGoOn: interrupted among its tries, the same command comes to the same end, and repeats none of them. In
// a list of targets each has its own, and the next one begins with the grids of all.
func TestLastTriesGoOn(t *testing.T) {
	c := triedLast(t)
	want := mustSearch(t, c)
	broken := c
	broken.Out = filepath.Join(t.TempDir(), "broken")
	ctx, cancel := context.WithCancel(context.Background())
	broken.Entered = func(name string) {
		if name == stage.Last {
			cancel()
		}
	}
	if _, err := Search(ctx, broken); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	broken.Entered = nil
	again := mustSearch(t, broken)
	sameMix(t, "interrupted among the tries", want, again)
	if again.Trials != want.Trials {
		t.Errorf("interrupted among the tries, %d trials, want %d", again.Trials, want.Trials)
	}
	limited := c
	limited.Trials, limited.Out = want.Evaluations-1, filepath.Join(t.TempDir(), "limited")
	if r := mustSearch(t, limited); len(r.LastTries) != len(want.LastTries)-1 || r.Stop != string(search.StopTrials) {
		t.Errorf("with one evaluation less %d tries, stop %s", len(r.LastTries), r.Stop)
	}
	list := c
	list.Target, list.Out = c.Target+",16bit-0.1", filepath.Join(t.TempDir(), "list")
	all, err := SearchTargets(context.Background(), list)
	if err != nil {
		t.Fatal(err)
	}
	alone := c
	alone.Target, alone.Out = "16bit-0.1", filepath.Join(t.TempDir(), "alone")
	for i, one := range []*config.Result{want, mustSearch(t, alone)} {
		sameMix(t, "of the list", all[i], one)
		if len(all[i].LastTries) != len(one.LastTries) || !all[i].Verified.Identical {
			t.Errorf("%+v and alone %+v, %+v", all[i].LastTries, one.LastTries, all[i].Verified)
		}
	}
}

// TestLastTriesBesideWeights: weights that stay high are tried alone with nothing, and as part of a group with the
// other grids of its activations. They get no range method, and the run is prepared again with those of activations.
func TestLastTriesBesideWeights(t *testing.T) {
	c := triedLast(t)
	c.SearchWeights, c.Groups = true, []string{"w1,a1", "w2,a2", "w3,a3"}
	r := mustSearch(t, c)
	weights := map[string]result.Holder{}
	alone, held := 0, 0
	for _, h := range r.Holders {
		if h.Weights {
			weights[h.Name] = h
			if !h.IsLow() && len(r.LastTries) > 0 && !slices.ContainsFunc(r.LastTries, func(l result.LastTry) bool { return slices.Contains(l.Holders, h.Name) }) {
				alone++
			}
		}
	}
	for _, one := range r.LastTries {
		of := 0
		for _, name := range one.Holders {
			h, ok := weights[name]
			if of++; ok {
				of--
			}
			if ok && one.Held && (!h.IsLow() || h.Range != "") {
				t.Errorf("%s is %s, with a range by %q", name, h.Precision, h.Range)
			}
			if ok && one.Held {
				held++
			}
		}
		if of == 0 {
			t.Errorf("weights were tried with ranges: %+v", one)
		}
	}
	if alone == 0 || held == 0 {
		t.Errorf("%d weights stay and were not tried, %d went with a group: this test shows nothing: %+v", alone, held, r.LastTries)
	}
	opened, _, err := reopen(context.Background(), c.Out, config.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	for i, h := range r.Holders {
		if !h.Weights && record.Grid(opened.Records[i].Low) != h.Low {
			t.Errorf("prepared again, %s has the grid %+v, and was searched with %+v", h.Name, opened.Records[i].Low, h.Low)
		}
	}
}

// TestLastTriesCountOnce: a run that is stopped in its hold-out, behind its tries, and goes on counts none of them
// twice.
func TestLastTriesCountOnce(t *testing.T) {
	c := triedLast(t)
	c.Holdout = "20%"
	want := mustSearch(t, c)
	c.Out += "-again"
	for range 2 {
		ctx, cancel := context.WithCancel(context.Background())
		behind := false
		c.Entered = func(name string) {
			if behind = behind || name == stage.Last; behind && name != stage.Last {
				cancel()
			}
		}
		r, err := Search(ctx, c)
		cancel()
		if !errors.Is(err, context.Canceled) || len(r.LastTries) == 0 {
			t.Fatal(err)
		}
	}
	c.Entered = nil
	if r := mustSearch(t, c); r.Trials != want.Trials || len(r.LastTries) != len(want.LastTries) {
		t.Errorf("again, %d trials with %d tries, want %d and %d", r.Trials, len(r.LastTries), want.Trials, len(want.LastTries))
	}
}
