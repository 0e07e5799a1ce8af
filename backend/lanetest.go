package backend

import (
	"example.org/demote/backend/device"
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
	block device.Block
	rows  []float32
}

func (e *Evaluator) newLaneTest(m search.Mask) *laneTest {
	return &laneTest{e, m, make([][]*laneRows, len(e.chain.Lanes()))}
}

// on gives a block to a lane.
func (t *laneTest) on(lane int, b device.Block) *laneRows {
	r := &laneRows{block: b}
	t.jobs[lane] = append(t.jobs[lane], r)
	return r
}

// any gives a block to the lane that has the fewest.
func (t *laneTest) any(b device.Block) *laneRows {
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
	return device.OnLanes(t.e.chain.Lanes(), func(at int, l device.Lane) (err error) {
		for _, r := range t.jobs[at] {
			if r.rows, err = t.e.rows(l, t.mask, r.block); err != nil {
				return err
			}
		}
		return nil
	})
}
