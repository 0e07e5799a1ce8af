package cluster

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"example.org/demote/crash"
	"example.org/demote/mistake"
)

// CoordinatorOptions say what a run asks of its workers.
type CoordinatorOptions struct {
	Version string            // of this program, which workers have too
	Runtime string            // ONNX Runtime's version, which workers have too
	Say     func(line string) // is told who comes, goes and is refused, from any goroutine; nil: nobody is
}

// A Coordinator lets workers into a run, and hears whether they are there. Its methods may be called from several
// goroutines.
type Coordinator struct {
	conn  *nats.Conn
	run   string
	files *Files
	opts  CoordinatorOptions
	subs  []*nats.Subscription
	ended sync.WaitGroup
	stop  chan struct{}
	// sends a message, and how long a call waits for a sign of its reply before it is sent again
	publish func(subject string, m []byte) error
	again   time.Duration

	mu    sync.Mutex
	links map[string]*Link // by instance
	open  bool             // workers are let in
	quiet int              // looks since one came
	left  int              // workers that an evaluator has let go, and that come again
	came  chan struct{}    // has one element where there may be more of them
	said  map[string]bool
	done  bool
}

// NewCoordinator begins a run on a connection, which stays the caller's. Workers are let in until Gather returns.
func NewCoordinator(ctx context.Context, c *nats.Conn, o CoordinatorOptions) (*Coordinator, error) {
	if o.Say == nil {
		o.Say = func(string) {}
	}
	h := &Coordinator{
		conn: c, run: "r" + token(), opts: o, open: true, publish: c.Publish, again: againAfter,
		links: map[string]*Link{}, said: map[string]bool{}, came: make(chan struct{}, 1), stop: make(chan struct{}),
	}
	var err error
	if h.files, err = NewFiles(ctx, c, h.run); err != nil {
		return nil, err
	}
	s, err := c.Subscribe(helloSubject("*"), func(m *nats.Msg) { caught(func() { h.greet(m) }) })
	if err != nil {
		return nil, err
	}
	h.subs = append(h.subs, s)
	h.ended.Go(func() {
		caught(h.watch)
	})
	return h, c.Flush()
}

// token is a name that nothing else has.
func token() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // it never fails
	return hex.EncodeToString(b[:])
}

// caught calls f, whose panic ends nothing but itself: what is not answered is asked again, or lost.
func caught(f func()) {
	var err error
	defer crash.Catch(&err)
	f()
}

// Run names the run in subjects.
func (h *Coordinator) Run() string { return h.run }

// greet answers a worker that says hello.
func (h *Coordinator) greet(m *nats.Msg) {
	name := m.Subject[strings.LastIndexByte(m.Subject, '.')+1:]
	w, err := readHello(m.Data, name)
	if err != nil || m.Reply == "" {
		return
	}
	a := answer{Protocol: Protocol, Run: h.run}
	if a.Why = w.check(h.opts.Version, h.opts.Runtime); a.Why != "" {
		a.Word = wordRefused
		h.sayOnce(fmt.Sprintf("worker %s was refused: %s", w.title(), a.Why))
	} else {
		a.Word, a.Why = h.seat(w)
	}
	if data, err := json.Marshal(a); err == nil {
		_ = m.Respond(data)
	}
}

// title is a worker for people.
func (h hello) title() string { return h.Name + " (" + h.Host + ", " + h.Device + ")" }

// seat lets a worker in. It is there with its first beat.
func (h *Coordinator) seat(w hello) (word, why string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.done || !h.open && h.links[w.Instance] == nil {
		return wordClosed, "the search has begun without it"
	}
	if h.links[w.Instance] == nil {
		l, err := newLink(h, w)
		if err != nil {
			return wordClosed, err.Error()
		}
		h.links[w.Instance] = l
	}
	return wordWelcome, ""
}

// sayOnce says a line that was not said before.
func (h *Coordinator) sayOnce(line string) {
	h.mu.Lock()
	known := h.said[line]
	h.said[line] = true
	h.mu.Unlock()
	if !known {
		h.opts.Say(line)
	}
}

// arrived takes note of the first beat of a worker.
func (h *Coordinator) arrived(l *Link) {
	h.mu.Lock()
	h.quiet = 0
	h.mu.Unlock()
	h.sayOnce("worker " + l.Name() + " is there")
	select {
	case h.came <- struct{}{}:
	default:
	}
}

// watch beats, and looks after the beats of the workers.
func (h *Coordinator) watch() {
	look := time.NewTicker(tickEvery)
	defer look.Stop()
	for n := 0; ; n++ {
		if n%int(beatEvery/tickEvery) == 0 {
			_ = h.publish(beatSubject(h.run), message(kindBeat, nil))
		}
		select {
		case <-h.stop:
			return
		case <-look.C:
		}
		h.mu.Lock()
		h.quiet++
		list := make([]*Link, 0, len(h.links))
		for _, l := range h.links {
			list = append(list, l)
		}
		h.mu.Unlock()
		for _, l := range list {
			if l.silent.Add(1) > silentLooks {
				l.lose(fmt.Errorf("nothing was heard of it for %v", silentLooks*tickEvery))
			}
		}
		select {
		case h.came <- struct{}{}:
		default:
		}
	}
}

// quietLooks is how long Gather waits for further workers behind the last that came.
const quietLooks = 6

// Gather waits until so many workers are there, and no further one has come for a moment; then nobody is let in any
// more. There is an error, a mistake, where they are fewer at the end of the time; then others may still come.
// Whoever was let in before and has no link now is let in again.
func (h *Coordinator) Gather(ctx context.Context, least int, wait time.Duration) ([]*Link, error) {
	h.mu.Lock()
	h.open, h.quiet = true, 0
	h.mu.Unlock()
	late := time.NewTimer(wait)
	defer late.Stop()
	for {
		h.mu.Lock()
		list, coming := h.there()
		enough := len(list) >= max(least, 1) && coming == 0 && (h.left > 0 && len(list) >= h.left || h.quiet >= quietLooks)
		if enough {
			h.open, h.left = false, 0
		}
		h.mu.Unlock()
		if enough {
			return list, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-h.came:
		case <-late.C:
			if len(list) >= max(least, 1) {
				h.mu.Lock()
				h.open, h.left = false, 0
				h.mu.Unlock()
				return list, nil
			}
			return nil, mistake.Errorf("%d of %d workers came within %v: start more (demote worker), or give a longer --wait or a smaller --min-workers", len(list), max(least, 1), wait)
		}
	}
}

// there are the workers that are there, in the order of their names, and how many were let in and are not there yet.
func (h *Coordinator) there() (list []*Link, coming int) {
	for _, l := range h.links {
		if l.joined.Load() {
			list = append(list, l)
		} else {
			coming++
		}
	}
	slices.SortFunc(list, func(a, b *Link) int { return strings.Compare(a.order(), b.order()) })
	return list, coming
}

// drop forgets a link; again says that its worker is free, and may come again.
func (h *Coordinator) drop(l *Link, again bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.links[l.who.Instance] == l {
		delete(h.links, l.who.Instance)
	}
	if again {
		h.left++
	}
}

// Close ends the run for all workers, and removes its files.
func (h *Coordinator) Close(ctx context.Context) error {
	h.mu.Lock()
	if h.done {
		h.mu.Unlock()
		return nil
	}
	h.done = true
	list := make([]*Link, 0, len(h.links))
	for _, l := range h.links {
		list = append(list, l)
	}
	h.mu.Unlock()
	close(h.stop)
	h.ended.Wait()
	for _, s := range h.subs {
		_ = s.Unsubscribe()
	}
	for _, l := range list {
		l.Close()
	}
	err := h.files.Clear(ctx)
	if ferr := h.conn.FlushTimeout(time.Second); err == nil {
		err = ferr
	}
	return err
}
