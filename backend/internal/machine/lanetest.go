package machine

import (
	"example.org/demote/backend/device"
	"example.org/demote/backend/internal/store"
	"example.org/demote/search"
)

// A laneTest runs blocks under one mask, each from the start of the network, on all lanes at once.
type laneTest struct {
	e    *Single
	mask search.Mask
	jobs [][]*laneRows // by lane
}

// laneRows are a block and, once the test has run, its outputs.
type laneRows struct {
	block device.Block
	rows  []float32
}

func (e *Single) newLaneTest(m search.Mask) *laneTest {
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

// A copied is a block with one sample in every slot, and where that sample lies among others.
type copied struct {
	device.Block // of copies
	among, slot  int
}

// mostCopied is how many samples the self-test runs among copies of themselves.
const mostCopied = 4

// copies are blocks of one sample each: of the first and of a middle block, at both of their ends. A block that is
// made of one sample and its padding shows nothing, and of blocks of one sample there is nothing to be seen.
func (e *Single) copies() (list []copied, err error) {
	if e.opts.Block == 1 {
		return nil, nil
	}
	seen := map[int]bool{}
	for _, b := range []int{e.data.Len() / 2, 0} {
		samples := e.data.SamplesOf(b)
		for _, slot := range []int{0, len(samples) - 1} {
			if len(samples) == 1 || seen[samples[slot]] || len(list) == mostCopied {
				continue
			}
			seen[samples[slot]] = true
			c := copied{among: b, slot: slot}
			if c.Block, err = store.LoadBlock(e.device, e.from, e.inputs, e.opts.Block, samples[slot:slot+1]); err != nil {
				return list, err
			}
			list = append(list, c)
		}
	}
	return list, nil
}

func closeCopies(list []copied) {
	for _, c := range list {
		c.Close()
	}
}
