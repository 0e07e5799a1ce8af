package bench

import (
	"cmp"
	"context"
	"slices"
	"time"

	"example.org/demote/internal/blocks"
	"example.org/demote/internal/stage"
)

// A split shares cores out among passes of the float network: sessions side by side, each with threads of its own,
// that run batches of samples.
type split struct{ sessions, threads, batch int }

// batches of R, in samples.
const leastBatch, mostBatch = 20, 200

// splits lists what R may be: as many sessions of one thread as a trial has workers, and every even way to share the
// same cores out, each with the batches that suit it. fixed is the network's own batch; 0 if it is free.
func splits(workers, threads, samples, fixed int) (list []split) {
	add := func(sessions, threads int) {
		for _, batch := range batches(samples, sessions, fixed) {
			list = append(list, split{sessions, threads, batch})
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

// batches are those of 20 to 200 samples that sessions side by side run a pass in: round numbers, and beside each
// what gives every session the same number of batches. Few samples are shared out evenly.
func batches(samples, sessions, fixed int) []int {
	if fixed > 0 {
		return []int{fixed}
	}
	each := (samples + sessions - 1) / sessions
	if each <= leastBatch {
		return []int{max(1, each)}
	}
	var list []int
	add := func(batch int) {
		if batch >= leastBatch && batch <= min(mostBatch, each) && !slices.Contains(list, batch) {
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

// A yardstick is R, measured again and again.
type yardstick struct {
	fast   []*passes // those that may be the fastest; after settle the one that is
	single *passes   // of one session of one thread, whose processor seconds count
}

// finalists is how many splits are measured to the end of the trials: which is the fastest is not for one pass to
// say.
const finalists = 3

// openYardstick finds the splits that are fastest, by one pass each behind a warm-up.
func (s *measurement) openYardstick(ctx context.Context, workers, threads int) (_ *yardstick, err error) {
	y := &yardstick{}
	defer func() {
		if err != nil {
			y.Close()
		}
	}()
	fixed, samples := blocks.Fixed(s.FloatModel), s.Data.Len()
	if s.Alone != "" || blocks.Alone(s.FloatModel, s.Data) {
		fixed = 1
	}
	candidates := splits(workers, threads, samples, fixed)
	if s.Can().Queue { // there the batch is the block, and sessions wait for each other
		candidates = []split{{1, 1, s.Block}}
	}
	y.fast, err = s.fastest(ctx, candidates, finalists, s.Can().Queue, func(p *passes) float64 { return p.wall[0] })
	if err != nil {
		return nil, err
	}
	var one []split
	for _, batch := range batches(samples, 1, fixed) {
		one = append(one, split{1, 1, batch})
	}
	least, err := s.fastest(ctx, one, 1, false, func(p *passes) float64 { return p.cpu[0] })
	if err == nil {
		y.single = least[0]
	}
	return y, err
}

// fastest opens the splits with the least of something in one pass.
func (s *measurement) fastest(ctx context.Context, candidates []split, keep int, onDevice bool, of func(*passes) float64) (best []*passes, err error) {
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
		p, err := s.openPasses(ctx, c, known, onDevice)
		if err != nil {
			return best, err
		}
		best = append(best, p)
		if err = p.plain.Pass(ctx); err == nil { // the warm-up
			err = p.measure(ctx)
		}
		if err != nil {
			return best, err
		}
		slices.SortStableFunc(best, func(a, b *passes) int { return cmp.Compare(of(a), of(b)) })
		if len(best) > keep {
			closeAll(best[keep:])
			best = best[:keep]
		}
	}
	for _, p := range best {
		p.wall, p.cpu = nil, nil
	}
	return best, nil
}

func closeAll(list []*passes) {
	for _, p := range list {
		p.plain.Close()
	}
}

// measure times a pass of every split.
func (y *yardstick) measure(ctx context.Context) error {
	for _, p := range append(slices.Clone(y.fast), y.single) {
		if err := p.measure(ctx); err != nil {
			return err
		}
	}
	return nil
}

// best is the split with the least median.
func (y *yardstick) best() *passes {
	return slices.MinFunc(y.fast, func(a, b *passes) int { return cmp.Compare(figureOf(a.wall).Median, figureOf(b.wall).Median) })
}

// keepBest leaves the best split alone.
func (y *yardstick) keepBest() {
	best := y.best()
	closeAll(slices.DeleteFunc(slices.Clone(y.fast), func(p *passes) bool { return p == best }))
	y.fast = []*passes{best}
}

// Close gives all sessions back. It may be called more than once.
func (y *yardstick) Close() {
	closeAll(y.fast)
	y.fast = nil
	if y.single != nil {
		y.single.plain.Close()
		y.single = nil
	}
}

// clocked is the wall and processor time of f, in seconds.
func clocked(f func() error) (wall, cpu float64, err error) {
	cpu = stage.CPUSeconds()
	start := time.Now()
	err = f()
	return time.Since(start).Seconds(), stage.CPUSeconds() - cpu, err
}
