package bench

import (
	"context"
	"os"
	"path/filepath"
	"sort"
	"time"

	"example.org/demote/config"
	"example.org/demote/internal/task"
	"example.org/demote/mistake"
	"example.org/demote/search"
)

// benchSearches times the search and the whole command in turn, and the naive scan's search beside them.
func (s *measurement) benchSearches(ctx context.Context, b *Report, y *yardstick, o Options, prepared time.Duration) error {
	scans := []string{s.Config.Scan}
	if o.Against != "" {
		scans = append(scans, o.Against)
	}
	found := make([][]*Search, len(scans))
	var start, against, passes, cpu []float64
	whole, cold := &wholes{}, &wholes{}
	if o.First {
		if err := cold.run(ctx, y, o.Typed); err != nil {
			return err
		}
	}
	for range o.Runs {
		for i, scan := range scans {
			s.Started = time.Now().Add(-prepared)
			out, err := s.benchSearch(ctx, scan, y)
			if err != nil {
				return err
			}
			found[i] = append(found[i], out)
			if i > 0 {
				continue
			}
			start = append(start, s.StartUp.Seconds())
			if err := whole.run(ctx, y, o.Typed); err != nil {
				return err
			}
		}
		if o.Against != "" {
			last := len(found[0]) - 1
			fast, naive := found[0][last], found[1][last]
			against, passes, cpu = append(against, fast.R/naive.R), append(passes, fast.Passes/naive.Passes), append(cpu, fast.CPU/naive.CPU)
		}
	}
	b.StartUp, b.Search, b.Whole = figureOf(start).Median, middle(found[0], y), whole.figures(y)
	if o.First {
		b.Whole.FirstR, b.Whole.FirstSeconds = cold.r[0], cold.seconds[0]
	}
	if o.Against != "" {
		b.Naive = middle(found[1], y)
		b.Against = &Against{Passes: figureOf(passes), Time: figureOf(against), CPU: figureOf(cpu)}
	}
	return nil
}

// middle is the run in the middle by time, with the spread of all.
func middle(runs []*Search, y *yardstick) *Search {
	sort.SliceStable(runs, func(i, j int) bool { return runs[i].R < runs[j].R })
	out := *runs[(len(runs)-1)/2]
	var r, seconds, cpu []float64
	single := figureOf(y.single.cpu).Median
	for _, run := range runs {
		r, seconds, cpu = append(r, run.R), append(seconds, run.Seconds), append(cpu, run.CPU/single)
	}
	out.Runs, out.Spread, out.SecondsSpread, out.CPUR = len(runs), figureOf(r), figureOf(seconds), figureOf(cpu)
	out.R, out.Seconds = out.Spread.Median, out.SecondsSpread.Median
	return &out
}

// benchSearch runs one whole search without a run folder. R is timed in front of it, between its trials and behind
// it; what that takes is not the search's.
func (s *measurement) benchSearch(ctx context.Context, scan string, y *yardstick) (*Search, error) {
	s.Config.Scan = scan
	s.Result = &config.Result{}
	if err := s.Open(ctx); err != nil {
		return nil, err
	}
	defer func() { s.Ev.Close(); s.Ev = nil }()
	between := &between{ctx: ctx, y: y, first: len(y.fast[0].wall)}
	if err := y.measure(ctx); err != nil {
		return nil, err
	}
	heard := s.Config.Progress
	s.Config.Progress = func(e search.Event) { heard(e); between.trials() }
	defer func() { s.Config.Progress = heard }()
	before := s.Ev.Stats()
	var found search.Result
	between.last = time.Now()
	took, cpu, err := clocked(func() (err error) {
		found, err = s.benchStrategy(ctx)
		return err
	})
	if err == nil {
		err = between.err
	}
	if err == nil {
		err = y.measure(ctx)
	}
	if err != nil {
		return nil, err
	}
	took, cpu = took-between.wall, cpu-between.cpu
	st := s.Ev.Stats()
	out := &Search{Strategy: s.Config.Strategy, Target: s.Config.Target, Scan: scan, R: took / figureOf(y.fast[0].wall[between.first:]).Median, Seconds: took, Evaluations: found.Evaluations,
		Passes: (st.Samples - before.Samples) / float64(s.Data.Len()), Blocks: st.Blocks - before.Blocks, Restored: st.Restored - before.Restored,
		NoOps: st.NoOps - before.NoOps, Memo: st.Memo, Parts: s.Ev.Parts(), Int16: len(found.Promotion), Promotion: found.Promotion}
	out.Outside = 1 - (st.Runtime-before.Runtime)/(st.Busy-before.Busy)
	out.Idle = max(0, 1-(st.Busy-before.Busy)/(took*float64(s.Ev.Workers())))
	out.Stored = s.Plan.Bytes
	out.Ahead, out.Thrown = st.Ahead-before.Ahead, st.Thrown-before.Thrown
	out.ThrownPass = (st.ThrownWork - before.ThrownWork) / float64(s.Data.Len())
	out.CPU, out.PerSec = cpu, float64(found.Evaluations)/took
	out.Samples = st.Stats.Samples - before.Stats.Samples
	out.SamplesPerS = float64(out.Samples) / took
	out.PartRuns, out.WholeRuns, out.Moved = st.Parts-before.Parts, float64(out.Blocks)*float64(out.Parts), st.Moved-before.Moved
	if found.Score.Total > 0 {
		out.Correct = &found.Score.Count
	}
	return out, nil
}

// benchStrategy is what a search takes from its first score to its last.
func (s *measurement) benchStrategy(ctx context.Context) (search.Result, error) {
	ends := search.Endpoints{Float: s.FloatScore, High: s.HighScore}
	var err error
	if ends.Low, err = s.Ev.Score(ctx, task.LowMask(s.Network.Holders)); err != nil {
		return search.Result{}, err
	}
	goal, err := s.target.Resolve(s.Scale(), ends)
	if err != nil {
		return search.Result{}, err
	}
	return search.Run(ctx, s.Config.Strategy, s.Ev, s.StrategyOptions(goal))
}

// between times R between the trials of a search: no block is under way where a search tells of its progress.
type between struct {
	ctx       context.Context
	y         *yardstick
	first     int // pass of the yardstick that belongs to this search
	last      time.Time
	wall, cpu float64 // seconds that the passes have taken
	err       error
}

// everyR is how many R lie between two passes in a search, at least.
const everyR = 8

// trials is called between trials.
func (b *between) trials() {
	best := b.y.fast[0]
	if b.err != nil || time.Since(b.last).Seconds() < everyR*best.wall[len(best.wall)-1] {
		return
	}
	wall, cpu, err := clocked(func() error { return best.measure(b.ctx) })
	b.wall, b.cpu, b.err, b.last = b.wall+wall, b.cpu+cpu, err, time.Now()
}

// wholes are runs of the whole command.
type wholes struct{ r, seconds, cpu []float64 }

// run times the command once, with R in front of it and behind it.
func (w *wholes) run(ctx context.Context, y *yardstick, typed func(context.Context, string) error) error {
	dir, err := os.MkdirTemp("", "demote-bench-*")
	if err != nil {
		return mistake.Errorf("cannot make a folder for the whole command: %w", err)
	}
	defer os.RemoveAll(dir)
	first := len(y.fast[0].wall)
	if err := y.measure(ctx); err != nil {
		return err
	}
	wall, cpu, err := clocked(func() error { return typed(ctx, filepath.Join(dir, "run")) })
	if err == nil {
		err = y.measure(ctx)
	}
	if err != nil {
		return err
	}
	w.r, w.seconds, w.cpu = append(w.r, wall/figureOf(y.fast[0].wall[first:]).Median), append(w.seconds, wall), append(w.cpu, cpu)
	return nil
}

// figures are those of all runs.
func (w *wholes) figures(y *yardstick) *Whole {
	single := figureOf(y.single.cpu).Median
	share := make([]float64, len(w.cpu))
	for i, cpu := range w.cpu {
		share[i] = cpu / single
	}
	return &Whole{Runs: len(w.r), R: figureOf(w.r), CPUR: figureOf(share), Seconds: figureOf(w.seconds), CPU: figureOf(w.cpu)}
}
