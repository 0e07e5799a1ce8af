package backend

import (
	"errors"
	"time"

	"example.org/demote/backend/device"
	"example.org/demote/search"
)

// Workers is the number of blocks that run at once.
func (e *Evaluator) Workers() int {
	if e.shapes != nil {
		return e.opts.Workers
	}
	return len(e.chain.Lanes())
}

// Threads is the number of threads of the runtime that a worker has.
func (e *Evaluator) Threads() int { return e.opts.Threads }

// Holders is the number of holders of a mask.
func (e *Evaluator) Holders() int { return e.source.Holders() }

// Parts is the number of parts that the network is compiled as, for all shapes together.
func (e *Evaluator) Parts() (n int) {
	for _, m := range e.each() {
		n += len(m.chain.Parts)
	}
	return n
}

// TimeSwitch writes a mask where the network reads it, for all workers, and says how long that
// takes: all that lies between two trials.
func (e *Evaluator) TimeSwitch(m search.Mask) time.Duration {
	start := time.Now()
	for _, own := range e.each() {
		for _, l := range own.chain.Lanes() {
			_ = l.Do(func() error { return errors.Join(l.SetMask(m), l.Wait()) })
		}
	}
	return time.Since(start)
}

// Rebuild makes and closes a session of the network in one piece: what a trial costs, before it has
// run, where masks are edits of a file.
func (e *Evaluator) Rebuild() error {
	if e.shapes != nil {
		return e.shapes.eachOf(func(m *Evaluator) error { return m.Rebuild() })
	}
	s, err := e.source.Segment(0, e.source.Cuts()-1)
	if err != nil {
		return err
	}
	c, err := e.device.Compile([]*device.Segment{s}, e.inputs, 0)
	if err != nil {
		return err
	}
	c.Close()
	return nil
}

// StoredAt describes what is stored in front of each part but the first. A tensor that is alive at several cuts is stored once.
func (e *Evaluator) StoredAt() (list [][]device.StoredTensor) {
	if e.shapes != nil {
		return nil
	}
	cuts := e.chain.Cuts
	for _, cut := range cuts[1 : len(cuts)-1] {
		list = append(list, e.storedAt(cut))
	}
	return list
}
