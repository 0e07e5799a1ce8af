package machine

import (
	"time"

	"example.org/demote/backend/device"
	"example.org/demote/search"
)

// WatchNaN implements Machine.
func (s *Shaped) WatchNaN(on bool) (seen bool, err error) {
	err = s.eachOf(func(m *Single) error {
		here, err := m.WatchNaN(on)
		seen = seen || here
		return err
	})
	return seen, err
}

// FirstNaN implements Machine.
func (s *Shaped) FirstNaN(sample int) (string, error) {
	p := s.samples[sample]
	return s.members[p.member].FirstNaN(p.at)
}

// FirstDifference implements Machine.
func (s *Shaped) FirstDifference(with Machine, m search.Mask, sample int) (string, error) {
	if shapesOf(with) != len(s.members) {
		return "", nil // samples of other shapes
	}
	other := oneOf(with, sample)
	if other == nil {
		return "", nil // it is on another machine
	}
	p := s.samples[sample]
	return s.members[p.member].differs(other, m, p.at)
}

// NoOps implements Machine.
func (s *Shaped) NoOps(block int) []int {
	p := s.blocks[block]
	return s.members[p.member].NoOps(p.at)
}

// Block implements Machine.
func (s *Shaped) Block() (blocked int, err error) {
	err = s.eachOf(func(m *Single) error {
		n, err := m.Block()
		blocked += n
		return err
	})
	return blocked, err
}

// Parts implements Machine: those of all shapes together.
func (s *Shaped) Parts() (n int) {
	for _, m := range s.members {
		n += m.Parts()
	}
	return n
}

// StoredAt implements Machine: it is not told.
func (s *Shaped) StoredAt() [][]device.StoredTensor { return nil }

// TimeSwitch implements Machine.
func (s *Shaped) TimeSwitch(m search.Mask) (all time.Duration) {
	for _, own := range s.members {
		all += own.TimeSwitch(m)
	}
	return all
}

// Rebuild implements Machine.
func (s *Shaped) Rebuild() error { return s.eachOf((*Single).Rebuild) }

// Traffic implements Machine: nothing is counted.
func (s *Shaped) Traffic() device.Traffic { return device.Traffic{} }

// Graphs implements Machine: there are none.
func (s *Shaped) Graphs() (captured int, why string) { return 0, "" }

// Remark implements Machine: there is none of lanes on the CPU.
func (s *Shaped) Remark() string { return "" }

// Threads is the number of threads of the runtime that a worker has.
func (s *Shaped) Threads() int { return s.opts.Threads }
