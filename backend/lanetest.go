package backend

import (
	"runtime/debug"

	"golang.org/x/sync/errgroup"

	"example.org/demote/crash"
	"example.org/demote/search"
)

// A laneTest runs blocks under one mask, each from the start of the network, on all lanes at once.
type laneTest struct {
	e    *Evaluator
	mask search.Mask
	jobs [][]*laneRows // by lane
}

// laneRows are a block and, once the test has run, its outputs.
type laneRows struct {
	block block
	rows  []float32
}

func (e *Evaluator) newLaneTest(m search.Mask) *laneTest {
	return &laneTest{e, m, make([][]*laneRows, len(e.chain.lanes()))}
}

// on gives a block to a lane.
func (t *laneTest) on(lane int, b block) *laneRows {
	r := &laneRows{block: b}
	t.jobs[lane] = append(t.jobs[lane], r)
	return r
}

// any gives a block to the lane that has the fewest.
func (t *laneTest) any(b block) *laneRows {
	least := 0
	for lane, list := range t.jobs {
		if len(list) < len(t.jobs[least]) {
			least = lane
		}
	}
	return t.on(least, b)
}

// run runs all blocks, those of a lane one after another.
func (t *laneTest) run() error {
	return onLanes(t.e.chain.lanes(), func(at int, l lane) (err error) {
		for _, r := range t.jobs[at] {
			if r.rows, err = t.e.rows(l, t.mask, r.block); err != nil {
				return err
			}
		}
		return nil
	})
}

// onLanes calls f for several lanes at once, each from a goroutine of its own, and returns the first error once all have ended.
func onLanes(lanes []lane, f func(at int, l lane) error) error {
	var all errgroup.Group
	for at, l := range lanes {
		all.Go(func() (err error) {
			defer crash.Catch(&err)
			defer debug.SetPanicOnFault(debug.SetPanicOnFault(true)) // weights may lie in a file that is mapped
			return f(at, l)
		})
	}
	return all.Wait()
}
