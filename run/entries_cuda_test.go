//go:build cuda

package run

import (
	"math"
	"math/rand/v2"
	"testing"

	"example.org/demote/backend"
	"example.org/demote/config"
	"example.org/demote/cuda/emutest"
	"example.org/demote/internal/task"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trial"
	"example.org/demote/internal/trialtest"
	"example.org/demote/search"
)

// TestEmulatedEntries goes from base to base on the device, in a network that is entered at its cuts by sessions that
// go to the end, in one that is run in parts, and in one that is run whole: all decide alike. Behind a cut, an entry is
// one run of ONNX Runtime for a block, where parts are as many as lie behind.
func TestEmulatedEntries(t *testing.T) {
	for name, cfg := range map[string]func(t *testing.T) config.Config{
		"agreement":           func(t *testing.T) config.Config { return tasktest.TinyConfig(t, 40) },
		"weights that follow": func(t *testing.T) config.Config { return tinyFollow(t) },
	} {
		t.Run(name, func(t *testing.T) { entriesDecideAsParts(t, cfg(t)) })
	}
}

func entriesDecideAsParts(t *testing.T, cfg config.Config) {
	emulated(t)
	cfg.Limit, cfg.Block = 40, 8
	s := trialtest.OnDevice(t, "cuda:0", cfg)
	entries, parts := cutOnDevice(t, s, true), cutOnDevice(t, s, false)
	whole := cutOnDevice(t, s, false, func(o *backend.Options) { o.Naive, o.Cuts = true, nil })
	n, ctx := len(s.Records), t.Context()
	if entries.Parts() < 3 || entries.Parts() != parts.Parts() {
		t.Fatalf("%d entries, %d parts", entries.Parts(), parts.Parts())
	}
	rng, base := rand.New(rand.NewPCG(7, 8)), search.NewMask(n)
	for step := range 40 {
		var candidates []search.Mask
		for range 1 + rng.IntN(3) {
			m := base.Clone()
			if h := rng.IntN(n); m.Low(h) {
				m.Promote(h)
			} else {
				m.Demote(h)
			}
			candidates = append(candidates, m)
		}
		bound := search.Bound{Above: math.Inf(-1), Floor: math.Inf(1)}
		if step%3 > 0 {
			score, err := whole.Score(ctx, candidates[rng.IntN(len(candidates))])
			if err != nil {
				t.Fatal(err)
			}
			bound.Above = score.Float()
		}
		var found []search.Found
		for _, e := range []*backend.Evaluator{entries, parts, whole} {
			f, err := e.Scan(ctx, base, candidates, bound)
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, f)
		}
		if found[0] != found[2] || found[1] != found[2] {
			t.Fatalf("step %d: by entries %+v, in parts %+v, whole %+v", step, found[0], found[1], found[2])
		}
		if found[0].Passed {
			base = candidates[found[0].Index]
		}
	}
	a, b := costOfTrials(t, entries, base), costOfTrials(t, parts, base)
	if a.runs != a.blocks || b.runs <= b.blocks {
		t.Errorf("%d runs for %d blocks by entries, %d for %d in parts", a.runs, a.blocks, b.runs, b.blocks)
	}
	if a.launches > b.launches {
		t.Errorf("%d launches by entries, %d in parts", a.launches, b.launches)
	}
	t.Logf("%d parts: by entries %+v, in parts %+v", parts.Parts(), a, b)
}

// cutOnDevice opens a search's network on its device at all cuts: with sessions from each to the end, or in parts.
func cutOnDevice(t *testing.T, s *trial.Runner, entries bool, change ...func(*backend.Options)) *backend.Evaluator {
	t.Helper()
	o, err := s.TrialOptions()
	if err != nil {
		t.Fatal(err)
	}
	src, _, err := s.SourceFor(t.Context(), true, s.Can())
	if err != nil {
		t.Fatal(err)
	}
	kind := backend.KindOf("cuda:0")
	kind.Entries = entries
	o.Kind, o.Cache, o.Cuts = &kind, 1<<28, nil
	for cut := range src.Cuts() {
		o.Cuts = append(o.Cuts, cut)
	}
	for _, f := range change {
		f(&o)
	}
	e, err := s.Evaluator(t.Context(), s.Records, o, func(q *task.Task) (backend.Source, backend.Samples, error) {
		return q.SourceFor(t.Context(), true, s.Can())
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	if _, err := e.Plan(); err != nil {
		t.Fatal(err)
	}
	if dependent, err := e.SelfTest(); dependent != nil || err != nil {
		t.Fatal(dependent, err)
	}
	return e
}

// spent is what trials took of a device.
type spent struct{ trials, blocks, runs, launches int }

// costOfTrials is what the trials of all holders on a base cost, one holder changed in each, once the base is known.
func costOfTrials(t *testing.T, e *backend.Evaluator, base search.Mask) (c spent) {
	t.Helper()
	try := func(h int) {
		m := base.Clone()
		if m.Low(h) {
			m.Promote(h)
		} else {
			m.Demote(h)
		}
		if _, err := e.Scan(t.Context(), base, []search.Mask{m}, search.Bound{Above: math.Inf(-1), Floor: math.Inf(1)}); err != nil {
			t.Fatal(err)
		}
	}
	try(base.Len() - 1) // fills in what is missing of the base
	for h := range base.Len() - 1 {
		before, runs, blocks := emutest.Counter("launches"), e.Traffic().Runs, e.Stats().Blocks
		try(h)
		c.trials++
		c.launches += emutest.Counter("launches") - before
		c.runs += int(e.Traffic().Runs - runs)
		c.blocks += e.Stats().Blocks - blocks
	}
	return c
}
