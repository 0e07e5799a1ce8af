package trial

import (
	"context"
	"errors"
	"math"

	"example.org/demote/backend"
)

// BesideSearch has a runner of the same network, such as that of a hold-out, compute beside the search that it is a
// part of, whose devices and workers it has: on workers on other machines by links of its own, which done gives back.
// Those that come are its own too; where none is left it waits for one. Where there are none, or none has room, it
// computes on this machine's CPU.
func (s *Runner) BesideSearch(ctx context.Context) (done func(), err error) {
	own := &branches{list: branchesOf(s.Config.Links)}
	if l := arrivingOf(s.Config.Late); l != nil {
		own.Late = l
	}
	if len(s.Config.Links) > 0 {
		s.Config.Gather, s.Config.Late = nil, nil
		if own.Late != nil {
			s.Config.Late = own
		}
		if err := s.meetBranches(ctx, own); err != nil {
			return own.close, err
		}
	}
	if err := s.besideSearch(ctx); err != nil {
		return own.close, err
	}
	if s.Device.Name == "" || s.Device.Name == backend.DeviceCPU && len(own.list) == 0 {
		s.Config.Links, s.Among = nil, nil
	}
	return own.close, nil
}

// meetBranches has the runner compute by links of its own, or on this machine's CPU, where no worker can have any.
func (s *Runner) meetBranches(ctx context.Context, own *branches) (err error) {
	if len(own.list) == 0 && own.Late != nil {
		gone := errors.New("the workers of the search are gone")
		if _, err = backend.Await(ctx, own, math.MaxInt32, s.Config.Say, gone); err != nil {
			return s.noWorkers(err)
		}
	}
	if s.Config.Links = own.list; len(own.list) == 0 {
		s.Device = backend.DeviceInfo{Name: backend.DeviceCPU}
		return nil
	}
	return s.meet(ctx)
}

// branches are links of a part of a search to the workers that it has, and to those that come.
type branches struct {
	backend.Late
	list []backend.Link
}

// branchesOf are new links to workers.
func branchesOf(roots []backend.Link) (list []backend.Link) {
	for _, l := range roots {
		if b, is := l.(backend.Branching); is {
			if other := b.Another(); other != nil {
				list = append(list, other)
			}
		}
	}
	return list
}

// Come implements backend.Late.
func (b *branches) Come(most int) []backend.Link {
	news := branchesOf(b.Late.Come(most))
	b.list = append(b.list, news...)
	return news
}

// close gives the links back.
func (b *branches) close() {
	for _, l := range b.list {
		l.Close()
	}
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
