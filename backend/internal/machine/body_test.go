package machine

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/device"
	"example.org/demote/backend/devicetest"
	"example.org/demote/backend/metric"
	"example.org/demote/search"
)

// readOften are samples that count how often they are read.
type readOften struct {
	*devicetest.Toy
	reads atomic.Int64
}

func (r *readOften) Read(input, sample int, dst []byte) error {
	r.reads.Add(1)
	return r.Toy.Read(input, sample, dst)
}

// holdKinds are devices with and without a queue, entered at cuts and in parts.
func holdKinds() map[string]*device.Kind {
	all := map[string]*device.Kind{}
	for name, change := range map[string]func(*device.Traits){
		"the reference": func(*device.Traits) {},
		"a queue":       func(t *device.Traits) { t.Queue, t.Compares, t.Entries, t.InOrder = true, false, false, false },
		"parts":         func(t *device.Traits) { t.Entries = false },
	} {
		k := devicetest.Reference
		change(&k.Traits)
		all[name] = &k
	}
	return all
}

// TestHoldKeepsWhatIsValid has a member get other blocks in the middle of a search: those that it had are not read
// again, their trials begin at stored activations, and the outputs of all are what they should be, whatever base they
// stand on and whatever was drafted on it.
func TestHoldKeepsWhatIsValid(t *testing.T) {
	const block, samples = 4, 46
	for name, kind := range holdKinds() {
		t.Run(name, func(t *testing.T) {
			toy := &readOften{Toy: devicetest.NewToy(block, samples, 21, devicetest.Coarse())}
			e, err := open(t.Context(), toy.Toy, toy, devicetest.ToyRecords(), Options{Kind: kind, Metric: metric.OutputsOnly, Block: block, Workers: 2, Cache: 1 << 30, Cuts: []int{0, 1, 2, 3, 4}}, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			cells := func(blocks ...int) (list []cell) {
				for _, b := range blocks {
					var c cell
					for s := b * block; s < min(samples, (b+1)*block); s++ {
						c.own = append(c.own, s)
					}
					list = append(list, c)
				}
				return list
			}
			hold := func(blocks ...int) {
				t.Helper()
				if err := e.hold(cells(blocks...)); err != nil {
					t.Fatal(err)
				}
			}
			run := func(base, mask search.Mask) (restored int) {
				t.Helper()
				var mu sync.Mutex
				before := e.stats.Restored + e.stats.NoOps
				seen := 0
				e.watch = func(list []int, rows []float32) {
					mu.Lock()
					defer mu.Unlock()
					for slot, sample := range list {
						seen++
						if got := e.judge.RowOf(rows, slot); !device.SameBits(got, toy.Want(sample, mask.Low)) {
							t.Errorf("base %s, mask %s, sample %d: %v", base, mask, sample, got)
						}
					}
				}
				defer func() { e.watch = nil }()
				if err := e.Run(t.Context(), bounds.Job{Base: base, Mask: mask, To: e.data.Len()}, make([]bounds.Gain, e.data.Len())); err != nil {
					t.Fatal(err)
				}
				if seen != len(e.data.Order) {
					t.Errorf("%d samples are seen, of %d", seen, len(e.data.Order))
				}
				return e.stats.Restored + e.stats.NoOps - before
			}
			low := func(holders ...int) search.Mask {
				m := search.NewMask(toy.Holders())
				for _, h := range holders {
					m.Demote(h)
				}
				return m
			}
			hold(0, 2, 5, 7, 11)
			if _, err := e.Plan(); err != nil {
				t.Fatal(err)
			}
			run(low(), low())
			run(low(), low(2)) // drafts what it will be behind the holder
			hold(0, 1, 2, 5, 11)
			if n := run(low(2), low(2, 3)); n != 4 {
				t.Errorf("%d blocks begin at a cut behind a move of the base and of blocks, want the 4 that stay", n)
			}
			run(low(2), low(2))
			reads := toy.reads.Load()
			hold(0, 1, 2, 3, 5, 8)
			want := int64(2 * block)
			if !kind.Compares { // their values are put on both grids of a holder
				want *= 2
			}
			if got := toy.reads.Load() - reads; got != want {
				t.Errorf("%d samples are read, want the %d of the new blocks", got, want)
			}
			if n := run(low(2), low(2, 3)); n != 4 {
				t.Errorf("%d blocks begin at a cut, want the 4 that stay", n)
			}
			if n := run(low(2), low(2, 3)); n != 6 {
				t.Errorf("%d blocks begin at a cut behind a trial, want all", n)
			}
			blocks := e.data.Blocks
			hold(0, 1, 2, 3, 5, 8)
			if !slices.Equal(blocks, e.data.Blocks) {
				t.Error("the same blocks are made anew")
			}
			for i, other := range [][]int{{0, 3, 9, 11}, {4, 6}, {0, 4, 6, 10}, {10}} {
				hold(other...)
				base := []search.Mask{low(2), low(1), low(), low(0, 2)}[i]
				run(base, base)
				for h := range toy.Holders() {
					m := base.Clone()
					if m.Low(h) {
						m.Promote(h)
					} else {
						m.Demote(h)
					}
					run(base, m)
				}
			}
		})
	}
	if n := devicetest.ReferenceLive(); n != 0 {
		t.Error(fmt.Sprint(n, " things are left open"))
	}
}

// TestHoldKnowsOfNewBlocks has a member of one part and no store get a block that its first bits change nothing of: it
// skips that block in trials, as one does that has had it from the beginning.
func TestHoldKnowsOfNewBlocks(t *testing.T) {
	const block, samples = 4, 16
	toy := devicetest.NewToy(block, samples, 21)
	for sample := 8; sample < 12; sample++ {
		for at := range toy.Inputs()[0].Dims[1] {
			toy.Set(sample, int(at), 0)
		}
	}
	cells := func(blocks ...int) (list []cell) {
		for _, b := range blocks {
			list = append(list, cell{own: []int{b * block, b*block + 1, b*block + 2, b*block + 3}})
		}
		return list
	}
	noOps := func(holds ...[]cell) int {
		e, err := open(t.Context(), toy, toy, devicetest.ToyRecords(), Options{Kind: holdKinds()["a queue"], Metric: metric.OutputsOnly, Block: block}, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		for _, h := range holds {
			if err := e.hold(h); err != nil {
				t.Fatal(err)
			}
		}
		low := search.NewMask(toy.Holders())
		low.Demote(0)
		for _, mask := range []search.Mask{search.NewMask(toy.Holders()), low} {
			job := bounds.Job{Base: search.NewMask(toy.Holders()), Mask: mask, To: e.data.Len()}
			if err := e.Run(t.Context(), job, make([]bounds.Gain, job.To)); err != nil {
				t.Fatal(err)
			}
		}
		return e.stats.NoOps
	}
	want := noOps(cells(0, 2, 3))
	if got := noOps(cells(0, 1), cells(0, 2, 3)); want == 0 || got != want {
		t.Errorf("%d blocks are no-ops where one comes later, %d where all are there", got, want)
	}
}
