package machine

import (
	"example.org/demote/backend/device"
	"example.org/demote/search"
)

// otherBits is why a lane does not replay what it has captured.
const otherBits = "a replayed graph does not give the bits of a plain run"

// checkReplays holds what lanes replay against plain runs. A replay may read memory that was right only while its run
// was captured, so capture, replay and plain run are told apart: another block and another mask come first.
func (e *Single) checkReplays() error {
	if !e.can.Replays {
		return nil
	}
	masks := e.probes()
	first, last := e.data.Blocks[0], e.data.Blocks[e.data.Len()-1]
	entries := 1
	if e.chain.Through {
		entries = len(e.chain.Parts)
	}
	for _, l := range e.chain.Lanes() {
		for entry := range entries {
			run := func(m search.Mask, b device.Block) func() ([]float32, error) {
				return func() ([]float32, error) { return e.rowsOfEntry(l, m, b, entry) }
			}
			if err := checkReplay(l, run(masks[1], last), run(masks[2], first)); err != nil {
				return err
			}
		}
	}
	return nil
}

// rowsOfEntry is rows where the run enters the network at a part, behind one from the start that has left what is read
// there; part 0: from the start.
func (e *Single) rowsOfEntry(l device.Lane, m search.Mask, b device.Block, part int) ([]float32, error) {
	rows, err := e.rows(l, m, b)
	if part == 0 || err != nil {
		return rows, err
	}
	err = l.Do(func() error {
		if err := l.RunPart(b, part); err != nil {
			return err
		}
		all, err := device.OutputRows(l, e.judge)
		rows = append(rows[:0], all...)
		return err
	})
	return rows, err
}

// checkReplay captures by one run, replays another, and has the lane run plainly for good if that run gives other bits
// plainly.
func checkReplay(l device.Lane, capture, run func() ([]float32, error)) error {
	if _, err := capture(); err != nil {
		return err
	}
	if captured, _ := l.Graphs(); captured == 0 {
		return nil
	}
	replayed, err := run()
	if err != nil {
		return err
	}
	l.Plainly(true)
	plain, err := run()
	l.Plainly(false)
	if err == nil && !device.SameBits(replayed, plain) {
		l.Abandon(otherBits)
	}
	return err
}
