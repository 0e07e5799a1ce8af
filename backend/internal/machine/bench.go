package machine

import (
	"errors"
	"time"

	"example.org/demote/backend/device"
	"example.org/demote/search"
)

// Workers implements bounds.Workers.
func (e *Single) Workers() int { return len(e.chain.Lanes()) }

// Parts implements Machine.
func (e *Single) Parts() int { return len(e.chain.Parts) }

// TimeSwitch implements Machine.
func (e *Single) TimeSwitch(m search.Mask) time.Duration {
	start := time.Now()
	for _, l := range e.chain.Lanes() {
		_ = l.Do(func() error { return errors.Join(l.SetMask(m), l.Wait()) })
	}
	return time.Since(start)
}

// Rebuild implements Machine.
func (e *Single) Rebuild() error {
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

// StoredAt implements Machine. A tensor that is alive at several cuts is stored once.
func (e *Single) StoredAt() (list [][]device.StoredTensor) {
	cuts := e.chain.Cuts
	for _, cut := range cuts[1 : len(cuts)-1] {
		list = append(list, e.storedAt(cut))
	}
	return list
}

// Traffic implements Machine.
func (e *Single) Traffic() device.Traffic { return e.device.Traffic() }

// Graphs implements Machine.
func (e *Single) Graphs() (captured int, why string) { return e.chain.Lanes()[0].Graphs() }

// Remark implements Machine.
func (e *Single) Remark() string { return e.chain.Lanes()[0].Remark() }

// Count implements Machine.
func (e *Single) Count(s *Stats) {
	own := e.stats
	s.Blocks, s.Samples, s.Parts, s.Moved = s.Blocks+own.Blocks, s.Samples+own.Samples, s.Parts+own.Parts, s.Moved+own.Moved
	s.Restored, s.NoOps, s.Busy = s.Restored+own.Restored, s.NoOps+own.NoOps, s.Busy+own.Busy
	s.Runtime += e.ran + e.chain.Seconds()
}
