package backend

import (
	"runtime/debug"

	"golang.org/x/sync/errgroup"

	"demote/crash"
	"demote/search"
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
	var all errgroup.Group
	for lane, list := range t.jobs {
		all.Go(func() (err error) {
			defer crash.Catch(&err)
			defer debug.SetPanicOnFault(debug.SetPanicOnFault(true)) // weights may lie in a file that is mapped
			for _, r := range list {
				if r.rows, err = t.e.rows(t.e.chain.lanes()[lane], t.mask, r.block); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return all.Wait()
}
