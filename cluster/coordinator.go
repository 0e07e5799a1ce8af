package cluster

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"example.org/demote/crash"
)

// CoordinatorOptions say what a run asks of its workers.
type CoordinatorOptions struct {
	Version string            // of this program, which workers have too
	Runtime string            // ONNX Runtime's version, which workers have too
	Say     func(line string) // is told who comes, goes and is refused, from any goroutine; nil: nobody is
	Store   string            // folder that the connection's server, which is this process's, has files in
	Others  bool              // the server is others': what it loses of the files is put again
	// changes how messages are sent, and how soon a call is sent again, in tests
	disturb func(publish func(subject string, m []byte) error) func(subject string, m []byte) error
	again   time.Duration
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
	seats map[string]*seat    // by instance
	used  bool                // links were taken
	busy  string              // who is busy with other searches, in words
	joins int                 // workers that have come so far
	quiet int                 // looks since a worker came
	came  chan struct{}       // has one element where there may be more of them
	said  map[string][]string // lines of refusals, by worker
	done  bool
}

// NewCoordinator begins a run on a connection, which stays the caller's. Workers are let in from now on.
func NewCoordinator(ctx context.Context, c *nats.Conn, o CoordinatorOptions) (*Coordinator, error) {
	if o.Say == nil {
		o.Say = func(string) {}
	}
	h := &Coordinator{
		conn: c, run: "r" + token(), opts: o, publish: c.Publish, again: againAfter,
		seats: map[string]*seat{}, said: map[string][]string{}, came: make(chan struct{}, 1), stop: make(chan struct{}),
	}
	if o.disturb != nil {
		h.publish, h.again = o.disturb(h.publish), o.again
	}
	var err error
	if h.files, err = NewFiles(ctx, c, h.run); err != nil {
		return nil, err
	}
	h.files.dir = o.Store
	if o.Others {
		if h.files.kept, err = OpenCache("", 0); err != nil {
			return nil, err
		}
		c.SetReconnectHandler(func(*nats.Conn) { caught(func() { h.files.makeStore() }) })
	}
	s, err := c.Subscribe(helloSubject("*"), func(m *nats.Msg) { caught(func() { h.greet(m) }) })
	if err == nil {
		h.subs = append(h.subs, s)
		err = c.Flush()
	}
	if err != nil {
		_ = h.Close(ctx)
		return nil, err
	}
	h.ended.Go(func() {
		caught(h.watch)
	})
	return h, nil
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

// arrived takes note of the first beat of a worker.
func (h *Coordinator) arrived(s *seat) {
	h.mu.Lock()
	h.quiet = 0
	h.joins++
	h.mu.Unlock()
	h.opts.Say("worker " + s.who.title() + " is there")
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
			_ = h.publish(beatSubject(h.run), message(kindBeat, 0, nil))
		}
		select {
		case <-h.stop:
			return
		case <-look.C:
		}
		h.mu.Lock()
		h.quiet++
		list := slices.Collect(maps.Values(h.seats))
		h.mu.Unlock()
		for _, s := range list {
			if s.silent.Add(1) > silentLooks {
				s.lose(fmt.Errorf("nothing was heard of it for %v", silentLooks*tickEvery))
			}
		}
		select {
		case h.came <- struct{}{}:
		default:
		}
	}
}

// status is how the workers stand.
func (h *Coordinator) status() (s Status) {
	h.mu.Lock()
	defer h.mu.Unlock()
	list, coming := h.there()
	for _, w := range list {
		one, whole := w.status()
		s.Workers = append(s.Workers, one)
		if whole.All > 0 {
			s.Samples, s.Blocks, s.Leases = whole.Samples, whole.All, uint64(whole.Leases)
		}
	}
	switch {
	case h.used && len(list) == 0:
		s.Waits = "a worker: none is left"
	case !h.used:
		s.Waits = fmt.Sprintf("workers: %d are there, and %d on their way", len(list), coming)
		if h.busy != "" {
			s.Waits += "; " + h.busy
		}
	}
	return s
}

// drop forgets a worker.
func (h *Coordinator) drop(s *seat) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.seats[s.who.Instance] == s {
		delete(h.seats, s.who.Instance)
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
	list := slices.Collect(maps.Values(h.seats))
	h.mu.Unlock()
	close(h.stop)
	h.ended.Wait()
	for _, s := range h.subs {
		_ = s.Unsubscribe()
	}
	for _, s := range list {
		s.finish(errEnded)
	}
	err := h.files.Clear(ctx)
	h.files.forget()
	if ferr := h.conn.FlushTimeout(time.Second); err == nil {
		err = ferr
	}
	return err
}
