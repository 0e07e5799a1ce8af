package trial

import (
	"slices"
	"sync"
	"time"

	"example.org/demote/backend"
)

// late are the workers that an evaluator may have on its way: those for which there was no block at its start, and
// those that come. They are also of the evaluators behind it.
type late struct {
	runner *Runner
	given  map[backend.Link]bool // of Config.Links
}

// late are those of an evaluator on some workers; nil: there are none.
func (s *Runner) late(given []backend.Link) backend.Late {
	if len(given) == 0 || s.Config.Late == nil && len(given) == len(s.Config.Links) {
		return nil
	}
	l := &late{runner: s, given: map[backend.Link]bool{}}
	for _, one := range given {
		l.given[one] = true
	}
	return l
}

// Come implements backend.Late.
func (l *late) Come(most int) (links []backend.Link) {
	c := &l.runner.Config
	links = l.others()
	if more := most - len(links); more > 0 && c.Late != nil {
		if news := c.Late.Come(more); len(news) > 0 {
			c.Links = append(slices.Clip(c.Links), news...)
			links = l.others()
		}
	}
	links = links[:min(len(links), most)]
	for _, one := range links {
		l.given[one] = true
	}
	return links
}

// others are those that are there and were not given.
func (l *late) others() (links []backend.Link) {
	for _, one := range l.runner.Config.Links {
		if !l.given[one] && !backend.IsGone(one) {
			links = append(links, one)
		}
	}
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

// arrivals are the workers that come while a search runs. Its parts, such as its trials and its hold-out, are each
// given all of them that come from their beginning on.
type arrivals struct {
	late backend.Late
	mu   sync.Mutex
	all  []backend.Link // so far
}

// arriving are arrivals as one part of a search is given them.
type arriving struct {
	*arrivals
	given int
}

// arrivingOf are those of a part of its own that begins now, with the workers that the part was given that it is of;
// nil: nobody comes.
func arrivingOf(l backend.Late) backend.Late {
	switch of := l.(type) {
	case nil:
		return nil
	case *arriving:
		of.mu.Lock()
		defer of.mu.Unlock()
		return &arriving{of.arrivals, of.given}
	}
	return &arriving{&arrivals{late: l}, 0}
}

// Come implements backend.Late.
func (a *arriving) Come(most int) []backend.Link {
	a.mu.Lock()
	defer a.mu.Unlock()
	if more := most - (len(a.all) - a.given); more > 0 {
		a.all = append(a.all, a.late.Come(more)...)
	}
	news := a.all[a.given:min(len(a.all), a.given+most)]
	a.given += len(news)
	return slices.DeleteFunc(slices.Clone(news), backend.IsGone)
}

// Came implements backend.Late.
func (a *arriving) Came() <-chan struct{} { return a.late.Came() }

// Patience implements backend.Late.
func (a *arriving) Patience() time.Duration { return a.late.Patience() }
