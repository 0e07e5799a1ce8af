package run

import (
	"fmt"

	"example.org/demote/search"
)

// unreachable is the error for a search that ends with no mix above the target.
func (s *searching) unreachable(f search.Result) error {
	high, end, target := s.text(f.High), f.Low, s.config.Target
	if f.AllLow != (search.Score{}) {
		end = f.AllLow
	}
	_, early := s.ended(f.Stop)
	text := "%w: the 16-bit network scores %s and all int8 %s, the target is %s"
	switch {
	case f.Found && early:
		return fmt.Errorf("%w within the limit: the best scores %s, and a mix has to be %s the target %s; give a larger limit, or a target that leaves some room", ErrUnreachable, high, s.result.Side(), target)
	case f.Found && s.metric.Lower:
		return fmt.Errorf("%w: the best scores it to the digit, %s, and a mix has to be below it; give a target that leaves some room, such as 16bit+0.005", ErrUnreachable, high)
	case f.Found:
		return fmt.Errorf("%w: the best scores it to the digit, %s, and a mix has to be above it; give a target that leaves some room, such as 16bit-0.005", ErrUnreachable, high)
	case early:
		return fmt.Errorf("%w within the limit: the 16-bit network scores %s, the target is %s", ErrUnreachable, high, target)
	case s.layout.Pinned.Count() > 0:
		text = "%w: the mix with nothing in int8 but what is held there scores %s and all int8 %s, the target is %s"
	case len(s.layout.High) > 0:
		text = "%w: the 16-bit network scores %s and all int8 but what is held at int16 %s, the target is %s"
	}
	return fmt.Errorf(text, ErrUnreachable, high, s.text(end), target)
}
