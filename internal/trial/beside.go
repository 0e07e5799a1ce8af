package trial

import (
	"context"

	"example.org/demote/backend"
)

// BesideSearch has a runner of the same network, such as that of a hold-out, compute beside the search that it is a
// part of, whose devices and workers it has: on workers on other machines by links of its own, which done gives back.
// Where there are none, or none has room, it computes on this machine's CPU.
func (s *Runner) BesideSearch(ctx context.Context) (done func(), err error) {
	own := s.branches()
	done = func() {
		for _, l := range own {
			l.Close()
		}
	}
	if len(s.Config.Links) > 0 {
		s.Config.Gather, s.Config.Late = nil, nil
		if s.Config.Links = own; len(own) == 0 {
			s.Device = backend.DeviceInfo{Name: backend.DeviceCPU}
		} else if err := s.meet(); err != nil {
			return done, err
		}
	}
	if err := s.besideSearch(ctx); err != nil {
		return done, err
	}
	if s.Device.Name == "" || s.Device.Name == backend.DeviceCPU && len(own) == 0 {
		s.Config.Links, s.Among = nil, nil
	}
	return done, nil
}

// branches are new links to the workers of the search.
func (s *Runner) branches() (list []backend.Link) {
	for _, l := range s.Config.Links {
		if b, is := l.(backend.Branching); is {
			if other := b.Another(); other != nil {
				list = append(list, other)
			}
		}
	}
	return list
}

// besideSearch chooses the CPU for what a GPU has no room for, beside what the search keeps there.
func (s *Runner) besideSearch(ctx context.Context) error {
	if !s.Can().OwnMemory {
		return nil
	}
	free, err := s.freeMemory()
	if err != nil {
		return err
	}
	want, err := s.Need(ctx)
	if err == nil && want.sum() > free {
		s.Device = backend.DeviceInfo{}
	}
	return err
}
