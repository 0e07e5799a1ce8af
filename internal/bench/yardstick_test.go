package bench

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trialtest"
)

// TestSplits holds that R may be as many sessions of one thread as a trial has workers, and any even way to share the
// same cores out, and nothing that has more cores.
func TestSplits(t *testing.T) {
	for _, c := range []struct {
		workers, threads int
		want             string
	}{
		{1, 1, "1x1"}, {2, 1, "2x1 1x2"}, {3, 1, "3x1 1x3"}, {4, 1, "4x1 2x2 1x4"}, {8, 1, "8x1 4x2 2x4 1x8"},
		{1, 4, "1x1 4x1 2x2 1x4"}, {2, 2, "2x1 4x1 2x2 1x4"},
	} {
		got := ""
		for _, s := range splits(c.workers, c.threads, 2000, 7) {
			if got += fmt.Sprintf(" %dx%d", s.sessions, s.threads); s.batch != 7 {
				t.Errorf("a network of batch 7 in batches of %d", s.batch)
			}
		}
		if got != " "+c.want {
			t.Errorf("%d workers of %d threads: splits%s, want %s", c.workers, c.threads, got, c.want)
		}
	}
}

// TestBatches holds that batches have 20 to 200 samples, that one of them gives every session the same to do, and
// that few samples are shared out instead of padded.
func TestBatches(t *testing.T) {
	for _, c := range []struct {
		samples, sessions int
		want              []int
	}{
		{2000, 2, []int{20, 50, 100, 200}}, {100, 2, []int{20, 25, 50}}, {100, 1, []int{20, 34, 50, 100}},
		{40, 2, []int{20}}, {30, 2, []int{15}}, {30, 4, []int{8}}, {1, 2, []int{1}}, {250, 1, []int{20, 21, 42, 50, 84, 100, 125, 200}},
	} {
		got := batches(c.samples, c.sessions, 0)
		for _, b := range c.want {
			if !slices.Contains(got, b) {
				t.Errorf("%d samples on %d sessions: batches %v lack %d", c.samples, c.sessions, got, b)
			}
		}
		for _, b := range got {
			if c.samples > leastBatch*c.sessions && (b < leastBatch || b > mostBatch) || b > (c.samples+c.sessions-1)/c.sessions {
				t.Errorf("%d samples on %d sessions: a batch of %d among %v", c.samples, c.sessions, b, got)
			}
		}
	}
}

// fakePasses are passes that take no time and are written down.
type fakePasses struct {
	name string
	log  *[]string
	took time.Duration
}

func (f *fakePasses) Pass(context.Context) error {
	*f.log = append(*f.log, f.name)
	time.Sleep(f.took)
	return nil
}
func (f *fakePasses) Close() { *f.log = append(*f.log, "close "+f.name) }

// TestYardstickTakesTheFastest holds that all that may be the fastest are timed in turn to the end, that the one with
// the least median is R, and that the others are given back then.
func TestYardstickTakesTheFastest(t *testing.T) {
	var log []string
	of := func(name string, walls ...float64) *passes {
		return &passes{split: split{sessions: 1, threads: 1, batch: 20}, plain: &fakePasses{name: name, log: &log}, wall: walls}
	}
	y := &yardstick{fast: []*passes{of("lucky", 0.001, 9, 9), of("steady", 0.1, 0.1, 0.1), of("slow", 0.2, 0.2, 0.2)}, single: of("single")}
	if err := y.measure(context.Background()); err != nil {
		t.Fatal(err)
	}
	y.keepBest()
	if want := []string{"lucky", "steady", "slow", "single", "close lucky", "close slow"}; !slices.Equal(log, want) {
		t.Errorf("%q, want %q", log, want)
	}
	if y.best().plain.(*fakePasses).name != "steady" || len(y.fast[0].wall) != 4 {
		t.Errorf("R is %+v", y.best())
	}
}

// TestRIsTimedBetweenTrials holds that a search is interrupted for R now and then, not at every trial, and that what
// that takes is told, to be taken out of the search's time.
func TestRIsTimedBetweenTrials(t *testing.T) {
	var log []string
	p := &passes{plain: &fakePasses{name: "R", log: &log, took: 2 * time.Millisecond}, wall: []float64{0.002}, cpu: []float64{0.002}}
	b := &between{ctx: context.Background(), y: &yardstick{fast: []*passes{p}}, last: time.Now()}
	for range 5 {
		b.trials() // all at once: too early
	}
	if len(log) != 0 {
		t.Fatalf("%d passes without a trial between them", len(log))
	}
	b.last = time.Now().Add(-time.Second)
	b.trials()
	b.trials()
	if len(log) != 1 || b.wall < 0.002 || b.wall > 0.9 || len(p.wall) != 2 {
		t.Errorf("passes %q, %v s told", log, b.wall)
	}
}

// TestMeasuringGoesOnUntilItIsSteady holds what counts as steady.
func TestMeasuringGoesOnUntilItIsSteady(t *testing.T) {
	one := []float64{1, 1, 1, 1, 1, 1, 1}
	for _, c := range []struct {
		of   []float64
		want bool
	}{{[]float64{1.2, 1.21, 1.22, 1.2, 1.25, 1.19, 1.2}, true}, {[]float64{1.2, 1.21, 1.22, 1.2, 1.25, 9, 0.1}, true}, {[]float64{1.2, 0.8, 1.6, 1.1, 1.4, 0.9, 1.3}, false}} {
		if got := steady(c.of, one); got != c.want {
			t.Errorf("%v: steady %v", c.of, got)
		}
	}
}

// TestPlainRunsEverySampleOnce holds that a pass runs every block once, whichever session takes it.
func TestPlainRunsEverySampleOnce(t *testing.T) {
	s := trialtest.Compiled(t, tasktest.TinyConfig(t, 45))
	known, err := s.KnownShapes(context.Background(), s.FloatModel)
	if err != nil {
		t.Fatal(err)
	}
	for _, sessions := range []int{1, 2, 5} {
		p, err := (&measurement{Runner: s}).openPasses(context.Background(), split{sessions: sessions, threads: 1, batch: 20}, known, false)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if err := p.measure(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		if got := p.plain.(shapePasses)[0].Blocks(); got != 9 || len(p.wall) != 3 || p.wall[0] <= 0 {
			t.Errorf("%d sessions: %d blocks in 3 passes over 45 samples in batches of 20, want 9; times %v", sessions, got, p.wall)
		}
		p.plain.Close()
		p.plain.Close()
	}
}

// TestOwnShapesPass counts the blocks of plain passes, by which bench measures: those of each shape, once.
func TestOwnShapesPass(t *testing.T) {
	s := trialtest.Compiled(t, tasktest.OwnConfig(t, "map", 26))
	known, err := s.KnownShapes(context.Background(), s.FloatModel)
	if err != nil {
		t.Fatal(err)
	}
	p, err := (&measurement{Runner: s}).openPasses(context.Background(), split{sessions: 2, threads: 1, batch: 5}, known, false)
	if err != nil {
		t.Fatal(err)
	}
	defer p.plain.Close()
	if err := p.measure(context.Background()); err != nil {
		t.Fatal(err)
	}
	for i, g := range s.Groups {
		if got, want := p.plain.(shapePasses)[i].Blocks(), (g.Len()+4)/5; got != want {
			t.Errorf("%d blocks for %d samples of shape %v, want %d", got, g.Len(), g.Shape(0), want)
		}
	}
}
