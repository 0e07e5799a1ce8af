package cluster

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"example.org/demote/backend/link"
)

// A seat is a worker of a run, at the coordinator. It has a link to each server that the worker has for the run.
type seat struct {
	of   *Coordinator
	who  hello
	down string // the subject that the worker hears
	sub  *nats.Subscription

	silent atomic.Int32 // looks since something was heard
	joined atomic.Bool  // it has beaten
	// a file that it misses is being put again
	putting atomic.Bool

	mu     sync.Mutex
	links  map[uint16]*Link
	newest uint16
	calls  uint64 // numbers of calls so far
	part   partial
	end    error // why it ended; nil: it has not
}

// mostPendingBytes is what may wait to be heard of a worker: outputs of blocks may be large. What is beyond it is lost,
// and asked for again.
const mostPendingBytes = 512 << 20

func newSeat(h *Coordinator, w hello) (*seat, error) {
	s := &seat{of: h, who: w, down: downSubject(h.run, w.Name, w.Instance), links: map[uint16]*Link{}}
	var err error
	s.sub, err = h.conn.Subscribe(upSubject(h.run, w.Name, w.Instance), func(m *nats.Msg) { caught(func() { s.hear(m.Data) }) })
	if err != nil {
		return nil, err
	}
	return s, s.sub.SetPendingLimits(-1, mostPendingBytes)
}

// link is a new link, to a new server of the worker's; nil: the worker is lost.
func (s *seat) link() *Link {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.end != nil {
		return nil
	}
	s.newest++
	l := &Link{of: s, server: s.newest, gone: make(chan struct{}), calls: map[uint64]*call{}}
	s.links[l.server] = l
	return l
}

// status is how the worker stands, by its newest link that was told, and what that knows of the whole search.
func (s *seat) status() (w WorkerStatus, whole link.Standing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for number := s.newest; number > 0 && whole.All == 0; number-- {
		if l := s.links[number]; l != nil {
			l.mu.Lock()
			whole = l.stands
			l.mu.Unlock()
		}
	}
	state := "works"
	switch {
	case whole.All == 0:
		state = "begins"
	case whole.Coming != "":
		state = string(whole.Coming)
	}
	return WorkerStatus{
		Name: s.who.Name, Host: s.who.Host, Device: s.who.Device, State: state, Blocks: whole.Blocks, Speed: whole.Speed, Waited: whole.Waited,
		Silent: (time.Duration(s.silent.Load()) * tickEvery).Seconds(),
	}, whole
}

// hear takes a message of the worker's.
func (s *seat) hear(m []byte) {
	w, err := opened(m)
	if err != nil {
		s.lose(err)
		return
	}
	s.silent.Store(0)
	switch w.kind {
	case kindBeat:
		if !s.joined.Swap(true) {
			s.of.arrived(s)
		}
	case kindBye:
		s.lose(fmt.Errorf("it has left: %s", clean(string(w.body))))
	case kindMissing:
		if err := s.missing(w.body); err != nil {
			s.lose(err)
		}
	case kindReply, kindPart:
		if err := s.carried(w); err != nil {
			s.lose(err)
		}
	default:
		s.lose(errMessage)
	}
}

// carried takes a message that is for a link.
func (s *seat) carried(w said) error {
	s.mu.Lock()
	l := s.links[w.server]
	s.mu.Unlock()
	if w.kind == kindReply {
		return l.replied(w.numbers, w.body)
	}
	whole, err := s.part.add(w.numbers, w.body)
	if whole != nil {
		l.take(whole)
	}
	return err
}

// A partial is a message that comes in parts, in order. One of which a part is missing is dropped.
type partial struct {
	number uint64
	data   []byte
}

// mostMessage is the most that a message of a server's has: the outputs of a block come in several. So much is kept of
// each worker.
const mostMessage = 4 << 20

// add takes a part, by its number, the length of the message and where it begins, and returns the message with its
// last one.
func (p *partial) add(numbers [3]uint64, body []byte) (whole []byte, err error) {
	number, length, from := numbers[0], numbers[1], numbers[2]
	if length > mostMessage || from > length || uint64(len(body)) > length-from {
		return nil, errMessage
	}
	if from == 0 {
		p.number, p.data = number, nil
		if uint64(len(body)) == length {
			return body, nil
		}
	}
	if p.number != number || uint64(len(p.data)) != from {
		return nil, nil
	}
	p.data = append(p.data, body...)
	if uint64(len(p.data)) < length {
		return nil, nil
	}
	whole, p.data = p.data, nil
	return whole, nil
}

// tell publishes a message to the worker.
func (s *seat) tell(m []byte) error { return s.of.publish(s.down, m) }

// errEnded says that the run is at its end.
var errEnded = errors.New("the search has ended")

// lose ends the seat of a worker that is not heard any more, or says what no worker says.
func (s *seat) lose(why error) {
	links, first := s.finish(why)
	if !first {
		return
	}
	if s.joined.Load() {
		s.of.opts.Say("worker " + s.who.title() + " is lost: " + why.Error())
	}
	for _, l := range links {
		l.lose(why)
	}
}

// finish ends the seat, tells the worker, and returns the links that are open; first is false where it has ended.
func (s *seat) finish(why error) (links []*Link, first bool) {
	s.mu.Lock()
	if s.end != nil {
		s.mu.Unlock()
		return nil, false
	}
	s.end = why
	links = slices.Collect(maps.Values(s.links))
	s.mu.Unlock()
	_ = s.tell(message(kindEnd, 0, nil, []byte(why.Error())))
	_ = s.sub.Unsubscribe()
	s.of.drop(s)
	return links, true
}
