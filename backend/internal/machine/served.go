package machine

import (
	"slices"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/device"
	"example.org/demote/backend/internal/store"
)

var _, _ bounds.Behind = (*Single)(nil), (*Shaped)(nil)

// Behind implements bounds.Behind: where a metric server judges, as many blocks are judged as there are workers, while
// these run as many others. A device with a queue has as many blocks under way as it has marks, so that it goes on
// while the host looks at one; for a server, or for outputs that it waits for, all that are asked for together.
func (e *Single) Behind() int {
	switch {
	case e.judge.Served() && !e.can.Queue:
		return e.opts.Workers
	case e.marks():
		return device.Marks - 1
	}
	return 0
}

// marks says whether blocks are run with a mark behind each: on a device with a queue, which judges them there, and
// where the samples have one shape.
func (e *Single) marks() bool {
	pieces, _ := e.judge.Pieces()
	return e.can.Queue && e.opts.lanes == 0 && !e.judge.Served() && e.judge.Hits() > 0 && pieces == 1
}

// Behind implements bounds.Behind.
func (s *Shaped) Behind() int { return s.members[0].Behind() }

// submit has a metric server judge the outputs that a lane has computed, and leaves the lane free. The function waits
// for the answer and does with it what runJob does at its end.
func (e *Single) submit(l device.Lane, j store.Job, samples []int) (later func() error, err error) {
	rows, err := device.OutputRows(l, e.judge)
	if err != nil {
		return nil, err
	}
	wait, err := e.judge.Submit(e.ctx, rows, samples)
	if err != nil {
		return nil, err
	}
	watch := e.watch
	if watch != nil { // the lane will have others in this memory
		rows = slices.Clone(rows)
	}
	return func() error {
		if err := wait(j.Gain); err != nil {
			return err
		}
		if watch != nil {
			watch(samples, rows)
		}
		if e.store != nil {
			e.store.KeepGain(j)
		}
		return nil
	}, nil
}
