package bench

import (
	"context"
	"math/rand/v2"
	"sort"
	"time"

	"example.org/demote/search"
)

// benchTrials measures R, full trials, the switch of a mask and a rebuilt session, in turn. Each round has a trial in
// front of its passes of the float network and one behind them, so that what else the machine does troubles both
// alike.
func (s *measurement) benchTrials(ctx context.Context, b *Report) (y *yardstick, err error) {
	if err := s.Compile(ctx); err != nil {
		return nil, err
	}
	defer func() { s.Ev.Close(); s.Ev = nil }()
	whole, err := s.Ev.Block()
	if err != nil {
		return nil, err
	}
	b.Blocked, b.Workers = whole > 0, s.Ev.Workers()
	if y, err = s.openYardstick(ctx, b.Workers, s.Ev.Threads()); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			y.Close()
			y = nil
		}
	}()
	if _, err := s.Ev.Again(ctx, search.NewMask(len(s.Records))); err != nil { // the warm-up
		return y, err
	}
	rng := rand.New(rand.NewPCG(1, 1))
	trial := func() (wall, cpu float64, err error) {
		mask := randomMask(rng, len(s.Records))
		return clocked(func() error { _, err := s.Ev.Again(ctx, mask); return err })
	}
	var walls, cpus, change, rebuild []float64
	before := s.Ev.Stats()
	for round := 0; round < benchRounds || round < mostRounds && !steady(walls, y.best().wall); round++ {
		moved := s.Ev.Traffic()
		wall, cpu, err := trial()
		if err != nil {
			return y, err
		}
		b.Moved = s.Ev.Traffic().Sub(moved)
		if err := y.measure(ctx); err != nil {
			return y, err
		}
		wall2, cpu2, err := trial()
		if err != nil {
			return y, err
		}
		walls, cpus = append(walls, (wall+wall2)/2), append(cpus, (cpu+cpu2)/2)
		change = append(change, s.Ev.TimeSwitch(randomMask(rng, len(s.Records))).Seconds())
		t := time.Now()
		if err := s.Ev.Rebuild(); err != nil {
			return y, err
		}
		rebuild = append(rebuild, time.Since(t).Seconds())
	}
	after := s.Ev.Stats()
	y.keepBest()
	b.Outside = 1 - (after.Runtime-before.Runtime)/(after.Busy-before.Busy)
	b.Trial, b.TrialCPU = ratiosOf(walls, y.fast[0].wall), ratiosOf(cpus, y.single.cpu)
	b.Switch, b.Rebuild = figureOf(change), figureOf(rebuild)
	b.TrialsPerSec = 1 / figureOf(walls).Median
	b.SamplesPerSec = b.TrialsPerSec * float64(b.Samples)
	b.Parts = s.Ev.Parts()
	if s.Can().Queue {
		b.Graphs, b.Why = s.Ev.Graphs()
		b.FakeQuant = max(0, 1-1/b.Trial.Median)
	}
	return y, nil
}

// steady tells whether half of the ratios of measurements that were taken in turn lie within a tenth of their median.
func steady(of, to []float64) bool {
	list := make([]float64, len(of))
	for i := range of {
		list[i] = of[i] / to[i]
	}
	sort.Float64s(list)
	n := len(list)
	return list[3*n/4]-list[n/4] <= list[n/2]/10
}

// ratiosOf is the figure of the ratios of measurements that were taken in turn.
func ratiosOf(of, to []float64) Figure {
	list := make([]float64, len(of))
	for i := range of {
		list[i] = of[i] / to[i]
	}
	return figureOf(list)
}
