package cluster

import (
	"context"
	"slices"
	"strings"
	"time"

	"example.org/demote/mistake"
)

// quietLooks is how long the first Links wait for further workers behind the last that came.
const quietLooks = 6

// Links are new ones to all workers that are there. The first time it waits until there are so many, and until no
// further one has come for a moment; the error is a mistake where they are fewer at the end of the time. Later it
// waits no longer than for one. A worker may have several links, each to a server of its own; it is busy with them.
func (h *Coordinator) Links(ctx context.Context, least int, wait time.Duration) ([]*Link, error) {
	late := time.NewTimer(wait)
	defer late.Stop()
	least = max(least, 1)
	for over := false; ; {
		h.mu.Lock()
		if h.used {
			least = 1
		}
		list, coming := h.there()
		busy := h.busy
		if len(list) >= least && (h.used || over || coming == 0 && h.quiet >= quietLooks) {
			h.used = true
			h.mu.Unlock()
			return linksTo(list), nil
		}
		h.mu.Unlock()
		if over {
			if busy != "" {
				busy = ", and " + busy
			}
			return nil, mistake.Errorf("%d of %d workers came within %v%s: start more (demote worker), or give a longer --wait or a smaller --min-workers", len(list), least, wait, busy)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-h.came:
		case <-late.C:
			over = true
		}
	}
}

// without are new links to at most so many workers that are there and have none of some links; joins is how many had
// come when all had, and is returned as it is now. It is asked in front of every trial: where nobody has come, it looks
// at nobody.
func (h *Coordinator) without(links []*Link, joins, most int) (news []*Link, now int) {
	h.mu.Lock()
	if h.joins == joins {
		h.mu.Unlock()
		return nil, joins
	}
	now = h.joins
	list, _ := h.there()
	h.mu.Unlock()
	list = slices.DeleteFunc(list, func(s *seat) bool {
		return slices.ContainsFunc(links, func(l *Link) bool { return l.of == s })
	})
	if len(list) > most {
		list, now = list[:most], joins
	}
	return linksTo(list), now
}

// linksTo are new links to workers.
func linksTo(list []*seat) (links []*Link) {
	for _, s := range list {
		if l := s.link(); l != nil {
			links = append(links, l)
		}
	}
	return links
}

// there are the workers that are there, in the order of their names, and how many were let in and are not there yet.
func (h *Coordinator) there() (list []*seat, coming int) {
	for _, s := range h.seats {
		if s.joined.Load() {
			list = append(list, s)
		} else {
			coming++
		}
	}
	slices.SortFunc(list, func(a, b *seat) int {
		return strings.Compare(a.who.title()+a.who.Instance, b.who.title()+b.who.Instance)
	})
	return list, coming
}
