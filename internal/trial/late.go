package trial

import (
	"slices"
	"time"

	"example.org/demote/backend"
)

// late are the workers that an evaluator may have on its way: those for which there was no block at its start, and
// those that come. They are also of the evaluators behind it.
type late struct {
	runner *Runner
	given  int // of Config.Links, the first ones
}

// late are those of an evaluator on some workers; nil: there are none.
func (s *Runner) late(given int) backend.Late {
	if given == 0 || s.Config.Late == nil && given == len(s.Config.Links) {
		return nil
	}
	return &late{runner: s, given: given}
}

// Come implements backend.Late.
func (l *late) Come(most int) (links []backend.Link) {
	c := &l.runner.Config
	if more := most - (len(c.Links) - l.given); more > 0 && c.Late != nil {
		c.Links = append(slices.Clip(c.Links), c.Late.Come(more)...)
	}
	links = c.Links[l.given:min(len(c.Links), l.given+most)]
	l.given += len(links)
	return links
}

// Came implements backend.Late.
func (l *late) Came() <-chan struct{} {
	if l.runner.Config.Late == nil {
		return nil
	}
	return l.runner.Config.Late.Came()
}

// Patience implements backend.Late.
func (l *late) Patience() time.Duration {
	if l.runner.Config.Late == nil {
		return 0
	}
	return l.runner.Config.Late.Patience()
}
