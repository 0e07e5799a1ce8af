package run

import (
	"fmt"

	"demote/search"
)

// unreachable is the error for a search that ends with no mix above the target.
func (s *searching) unreachable(f search.Result) error {
	high, low := "the 16-bit network", "all int8"
	if s.layout.Pinned.Count() > 0 {
		high = "the mix with nothing in int8 but what is held there"
	}
	if len(s.layout.High) > 0 {
		low = "all int8 but what is held at int16"
	}
	target := s.config.Target
	switch _, early := s.ended(f.Stop); {
	case f.Found && early:
		return fmt.Errorf("%w by what the budget has tried: %s only reaches the target %s, and a mix has to be %s it; give a larger budget, or a target that leaves some room", ErrUnreachable, high, target, s.result.side())
	case f.Found:
		return fmt.Errorf("%w: %s only reaches it, with %s, and a mix has to be %s it; give a target that leaves some room, such as 16bit%s0.005", ErrUnreachable, high, s.text(f.High), s.result.side(), s.slack())
	case f.Stop != search.StopDone:
		return fmt.Errorf("%w: %s scores %s, the target is %s", ErrUnreachable, high, s.text(f.High), target)
	}
	end := f.Low
	if f.AllLow != (search.Score{}) {
		end = f.AllLow
	}
	return fmt.Errorf("%w: %s scores %s and %s %s, the target is %s", ErrUnreachable, high, s.text(f.High), low, s.text(end), target)
}

// slack is the sign of a difference that leaves room.
func (s *searching) slack() string {
	if s.metric.Lower {
		return "+"
	}
	return "-"
}
