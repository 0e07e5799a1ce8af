package bench

import (
	"cmp"
	"context"
	"slices"
	"time"

	"example.org/demote/internal/blocks"
	"example.org/demote/internal/stage"
)

// A Split shares cores out among passes of the float network: sessions side by side, each with threads of its own,
// that run batches of samples.
type Split struct{ Sessions, Threads, Batch int }

// Batches of R, in samples.
const LeastBatch, MostBatch = 20, 200

// Splits lists what R may be: as many sessions of one thread as a trial has workers, and every even way to share the
// same cores out, each with the batches that suit it. fixed is the network's own batch; 0 if it is free.
func Splits(workers, threads, samples, fixed int) (list []Split) {
	add := func(sessions, threads int) {
		for _, batch := range Batches(samples, sessions, fixed) {
			list = append(list, Split{sessions, threads, batch})
		}
	}
	add(workers, 1)
	cores := workers * threads
	for sessions := cores; sessions >= 1; sessions-- {
		if each := cores / sessions; cores%sessions == 0 && (sessions != workers || each > 1) {
			add(sessions, each)
		}
	}
	return list
}

// Batches are those of 20 to 200 samples that sessions side by side run a pass in: round numbers, and beside each
// what gives every session the same number of batches. Few samples are shared out evenly.
func Batches(samples, sessions, fixed int) []int {
	if fixed > 0 {
		return []int{fixed}
	}
	each := (samples + sessions - 1) / sessions
	if each <= LeastBatch {
		return []int{max(1, each)}
	}
	var list []int
	add := func(batch int) {
		if batch >= LeastBatch && batch <= min(MostBatch, each) && !slices.Contains(list, batch) {
			list = append(list, batch)
		}
	}
	for _, round := range []int{20, 50, 100, 200} {
		add(round)
		turns := samples / (round * sessions)
		for _, t := range []int{turns, turns + 1} {
			if t > 0 {
				add((samples + t*sessions - 1) / (t * sessions))
			}
		}
	}
	slices.Sort(list)
	return list
}

// A Yardstick is R, measured again and again.
type Yardstick struct {
	Fast   []*Passes // those that may be the fastest; after settle the one that is
	Single *Passes   // of one session of one thread, whose processor seconds count
}

// finalists is how many splits are measured to the end of the trials: which is the fastest is not for one pass to
// say.
const finalists = 3

// openYardstick finds the splits that are fastest, by one pass each behind a warm-up.
func (s *Measurement) openYardstick(ctx context.Context, workers, threads int) (_ *Yardstick, err error) {
	y := &Yardstick{}
	defer func() {
		if err != nil {
			y.Close()
		}
	}()
	fixed, samples := blocks.Fixed(s.FloatModel), s.Data.Len()
	if s.Alone != "" || blocks.Alone(s.FloatModel, s.Data) {
		fixed = 1
	}
	candidates := Splits(workers, threads, samples, fixed)
	if s.Can().Queue { // there the batch is the block, and sessions wait for each other
		candidates = []Split{{1, 1, s.Block}}
	}
	y.Fast, err = s.fastest(ctx, candidates, finalists, s.Can().Queue, func(p *Passes) float64 { return p.Wall[0] })
	if err != nil {
		return nil, err
	}
	var one []Split
	for _, batch := range Batches(samples, 1, fixed) {
		one = append(one, Split{1, 1, batch})
	}
	least, err := s.fastest(ctx, one, 1, false, func(p *Passes) float64 { return p.Cpu[0] })
	if err == nil {
		y.Single = least[0]
	}
	return y, err
}

// fastest opens the splits with the least of something in one pass.
func (s *Measurement) fastest(ctx context.Context, candidates []Split, keep int, onDevice bool, of func(*Passes) float64) (best []*Passes, err error) {
	known, err := s.KnownShapes(ctx, s.FloatModel)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			closeAll(best)
			best = nil
		}
	}()
	for _, c := range candidates {
		p, err := s.OpenPasses(ctx, c, known, onDevice)
		if err != nil {
			return best, err
		}
		best = append(best, p)
		if err = p.Plain.Pass(ctx); err == nil { // the warm-up
			err = p.Measure(ctx)
		}
		if err != nil {
			return best, err
		}
		slices.SortStableFunc(best, func(a, b *Passes) int { return cmp.Compare(of(a), of(b)) })
		if len(best) > keep {
			closeAll(best[keep:])
			best = best[:keep]
		}
	}
	for _, p := range best {
		p.Wall, p.Cpu = nil, nil
	}
	return best, nil
}

func closeAll(list []*Passes) {
	for _, p := range list {
		p.Plain.Close()
	}
}

// Measure times a pass of every split.
func (y *Yardstick) Measure(ctx context.Context) error {
	for _, p := range append(slices.Clone(y.Fast), y.Single) {
		if err := p.Measure(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Best is the split with the least median.
func (y *Yardstick) Best() *Passes {
	return slices.MinFunc(y.Fast, func(a, b *Passes) int { return cmp.Compare(FigureOf(a.Wall).Median, FigureOf(b.Wall).Median) })
}

// Settle leaves the best split alone.
func (y *Yardstick) KeepBest() {
	best := y.Best()
	closeAll(slices.DeleteFunc(slices.Clone(y.Fast), func(p *Passes) bool { return p == best }))
	y.Fast = []*Passes{best}
}

// Close gives all sessions back. It may be called more than once.
func (y *Yardstick) Close() {
	closeAll(y.Fast)
	y.Fast = nil
	if y.Single != nil {
		y.Single.Plain.Close()
		y.Single = nil
	}
}

// Clocked is the wall and processor time of f, in seconds.
func Clocked(f func() error) (wall, cpu float64, err error) {
	cpu = stage.CPUSeconds()
	start := time.Now()
	err = f()
	return time.Since(start).Seconds(), stage.CPUSeconds() - cpu, err
}
