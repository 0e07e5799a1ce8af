package cluster

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/nats-io/nats.go"
)

// greet answers a worker that says hello.
func (h *Coordinator) greet(m *nats.Msg) {
	name := m.Subject[strings.LastIndexByte(m.Subject, '.')+1:]
	w, err := readHello(m.Data, name)
	if err != nil || !strings.HasPrefix(m.Reply, inbox(name)+".") { // an answer goes to who has asked, and to no other
		return
	}
	a := answer{Protocol: Protocol, Run: h.run}
	if a.Why = w.check(h.opts.Version, h.opts.Runtime); a.Why != "" {
		a.Word = wordRefused
		h.refused(w, a.Why)
	} else {
		a.Word, a.Why = h.seat(w)
	}
	if data, err := json.Marshal(a); err == nil {
		_ = m.Respond(data)
	}
}

// title is a worker for people.
func (h hello) title() string { return h.Name + " (" + h.Host + ", " + h.Device + ")" }

// mostOfName is how many processes of one name may be part of a search: each takes memory here.
const mostOfName = 256

// seat lets a worker in. It is there with its first beat.
func (h *Coordinator) seat(w hello) (word, why string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.done {
		return wordLater, "the search ends"
	}
	if s := h.seats[w.Instance]; s != nil && s.who.Name != w.Name {
		return wordLater, "another worker is called so"
	} else if s == nil {
		if h.ofName(w.Name) >= mostOfName {
			return wordLater, fmt.Sprintf("%d processes of worker %s are part of the search", mostOfName, w.Name)
		}
		s, err := newSeat(h, w)
		if err != nil {
			return wordLater, err.Error()
		}
		h.seats[w.Instance] = s
	}
	return wordWelcome, ""
}

// ofName is how many seats workers of a name have. h.mu is held.
func (h *Coordinator) ofName(name string) (n int) {
	for _, s := range h.seats {
		if s.who.Name == name {
			n++
		}
	}
	return n
}

// mostLines is how many lines a worker of a name that is refused is worth in a search.
const mostLines = 8

// refused says that a worker is not let in. One line of the same words is said, and few of a name.
func (h *Coordinator) refused(w hello, why string) {
	line := fmt.Sprintf("worker %s was refused: %s", w.title(), why)
	h.mu.Lock()
	say := !slices.Contains(h.said[w.Name], line) && len(h.said[w.Name]) < mostLines
	if say {
		h.said[w.Name] = append(h.said[w.Name], line)
	}
	h.mu.Unlock()
	if say {
		h.opts.Say(line)
	}
}
